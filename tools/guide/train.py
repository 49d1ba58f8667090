"""Trains the guide: `python train.py` writes build/guide.npz and build/guide.vocabulary, and then the GGUF file.

Everything random comes from --seed. Beside the loss of the next token, the state from which the answer's first token is
drawn learns to name the topic: a second, small head, which only training has. Answers are known by heart soon, so most
of them are cut after a few tokens, and the time goes into telling questions apart. Only the last answer of a
conversation is learnt from; the turns before it are there to be looked past.

There are four lessons. The first has lone questions and the first tokens of their answers, and nothing else: to tell
topics apart comes first. The second adds conversations and whole answers. The third begins with a fresh optimiser, adds
questions/more, and has mostly whole answers, until they are known to the end. The fourth is again about telling topics
apart, with questions varied half as often.
"""

import argparse
import functools
import time
from dataclasses import dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import corpus
import export
import vocabulary as vocab
from network import Shape, forward, init

BUCKETS = (32, 64, 128, 256, 448)  # lengths of rows
CUTS = (4, 16, 112)  # tokens that an answer is cut to; the last holds any answer
TOKENS_PER_BATCH = 4096
TOPIC_WEIGHT, SMOOTHING = 1.0, 0.05
WARM_UP, DECAY, BETAS = 50, 0.1, (0.9, 0.98)


@dataclass(frozen=True)
class Lesson:
    """Some steps of training."""

    steps: int
    peak_rate: float
    fall: int  # steps in which a cosine would take the rate to nothing
    before: int  # steps of that cosine which an earlier lesson took
    lone: bool  # lone questions only
    shares: tuple  # how often an answer is cut to each of CUTS
    parts: tuple  # of the questions
    strength: float = 1.0  # of the variations of questions

    def rate(self, step):
        step += self.before
        return self.peak_rate * min(step / WARM_UP, max(0.02, (1 + np.cos(np.pi * step / self.fall)) / 2))


LESSONS = (
    Lesson(1649, 2e-3, 3000, 0, True, (1, 0, 0), ("train",)),
    Lesson(751, 2e-3, 3000, 1649, False, (0.5, 0.15, 0.35), ("train",)),
    Lesson(900, 1e-3, 900, 0, False, (0.25, 0.15, 0.6), ("train", "more")),
    Lesson(600, 6e-4, 600, 0, False, (0.7, 0.1, 0.2), ("train", "more"), 0.5),
)


def texts(topics, pairs):
    """Lines to find the vocabulary's pieces in: answers count more, since they are written, not only read."""
    answers = [text for topic in topics.values() for text in [*topic.answer.values(), *topic.more.values()]]
    return answers * 12 + [question for _, question in pairs] + ["user", "assistant", "system"] * 400


class Batches:
    """Batches of about TOKENS_PER_BATCH tokens, rows of like length together."""

    def __init__(self, topics, pairs, vocabulary, seed, strength):
        self.drawn = corpus.Conversations(topics, pairs, seed, strength)
        self.rng = self.drawn.rng
        self.vocabulary = vocabulary
        self.numbers = {name: i for i, name in enumerate(topics)}
        self.waiting = {(bucket, cut): [] for bucket in BUCKETS for cut in CUTS}

    def row(self, lesson):
        """(ids, position from which the answer's first token is drawn, topic, cut of the answer)."""
        system, turns, name = self.drawn.draw_lone() if lesson.lone else self.drawn.draw()
        dropout = 0.1 if self.rng.random() < 0.3 else 0.0
        ids, said = vocab.encode_conversation(self.vocabulary, system, turns, dropout)
        first = max(i for i in range(1, len(ids)) if said[i] and not said[i - 1])
        # A lone question is always cut: nothing is drawn for it.
        cut = CUTS[0] if lesson.lone else self.rng.choices(CUTS, lesson.shares)[0]
        end = first + said[first:].index(False)
        return ids[: min(end, first + cut)], first - 1, self.numbers[name], cut

    def next(self, lesson):
        """A batch."""
        while True:
            ids, at, topic, cut = self.row(lesson)
            bucket = next((b for b in BUCKETS if len(ids) <= b), None)
            if bucket is None:
                continue
            rows = self.waiting[bucket, cut]
            rows.append((ids, at, topic))
            if len(rows) == TOKENS_PER_BATCH // bucket:
                self.waiting[bucket, cut] = []
                batch = np.zeros((len(rows), bucket), np.int32)
                # Position i of an answer is drawn from state `at + i`; -1 where there is none.
                targets = np.full((len(rows), cut), -1, np.int32)
                for i, (ids, at, _) in enumerate(rows):
                    batch[i, : len(ids)] = ids
                    targets[i, : len(ids) - at - 1] = ids[at + 1 :]
                return batch, targets, np.array([row[1] for row in rows]), np.array([row[2] for row in rows])


def loss(trained, batch, shape, key):
    weights, head = trained
    ids, targets, at, topics = batch
    states = forward(weights, ids, shape, key)
    # Only the states that answer: [rows, cut, hidden].
    places = jnp.minimum(at[:, None] + jnp.arange(targets.shape[1]), ids.shape[1] - 1)
    answering = jnp.take_along_axis(states, places[..., None], 1)
    log_p = jax.nn.log_softmax(answering @ weights["output"].T)
    known = targets >= 0
    picked = jnp.take_along_axis(log_p, jnp.maximum(targets, 0)[..., None], -1)[..., 0]
    smooth = (1 - SMOOTHING) * picked + SMOOTHING * log_p.mean(-1)
    next_token = -(smooth * known).sum() / known.sum()
    named = jax.nn.log_softmax(answering[:, 0] @ head)
    topic = -jnp.take_along_axis(named, topics[:, None], -1).mean()
    return next_token + TOPIC_WEIGHT * topic, (next_token, topic)


@functools.partial(jax.jit, static_argnames="shape", donate_argnums=(0, 1, 2))
def update(trained, m, v, batch, step, rate, shape, key):
    """One step of AdamW (Loshchilov & Hutter 2019), gradients clipped to norm 1."""
    (_, parts), grads = jax.value_and_grad(loss, has_aux=True)(trained, batch, shape, key)
    size = jnp.sqrt(sum(jnp.sum(g * g) for g in jax.tree.leaves(grads)))
    grads = jax.tree.map(lambda g: g * jnp.minimum(1.0, 1.0 / (size + 1e-9)), grads)
    b1, b2 = BETAS
    m = jax.tree.map(lambda m, g: b1 * m + (1 - b1) * g, m, grads)
    v = jax.tree.map(lambda v, g: b2 * v + (1 - b2) * g * g, v, grads)

    def move(w, m, v):
        moved = w - rate * (m / (1 - b1**step)) / (jnp.sqrt(v / (1 - b2**step)) + 1e-8)
        return moved - (rate * DECAY * w if w.ndim > 1 else 0)

    return jax.tree.map(move, trained, m, v), m, v, parts


@functools.partial(jax.jit, static_argnames="shape")
def next_ids(weights, ids, at, shape):
    states = forward(weights, ids, shape)
    return jnp.argmax(states[jnp.arange(len(at)), at] @ weights["output"].T, -1)


def openings(weights, shape, vocabulary, questions, tokens):
    """The first `tokens` ids of the answer to each question, at temperature 0."""
    answers = []
    for begin in range(0, len(questions), 64):
        part = questions[begin : begin + 64]
        rows = [vocab.encode_conversation(vocabulary, None, [(q, None)])[0] for q in part]
        width = 96 + tokens
        ids = np.zeros((64, width), np.int32)
        at = np.zeros(64, np.int32)
        for i, row in enumerate(rows):
            row = row[: width - tokens]
            ids[i, : len(row)], at[i] = row, len(row) - 1
        for _ in range(tokens):
            chosen = np.asarray(next_ids(weights, ids, at, shape))
            at = at + 1
            ids[np.arange(64), at] = chosen
        answers += [list(ids[i, at[i] - tokens + 1 : at[i] + 1]) for i in range(len(part))]
    return answers


def agreement(weights, shape, vocabulary, topics, pairs, tokens=10):
    """Share of questions whose answer begins as the right one, and what was answered instead."""
    wrong = []
    answers = openings(weights, shape, vocabulary, [q for _, q in pairs], tokens)
    for (name, question), answer in zip(pairs, answers):
        right = vocabulary.encode(topics[name].answer[corpus.language(question)])[:tokens]
        if answer[: len(right)] != right:
            wrong.append((name, question, vocabulary.decode([int(i) for i in answer])))
    return 1 - len(wrong) / max(1, len(pairs)), wrong


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--out", type=Path, default=corpus.HERE / "build")
    options.add_argument("--from-lesson", type=int, choices=[1, 3, 4], default=1, help="3 or 4: go on with what is in --out")
    args = options.parse_args()

    topics = corpus.read_topics()
    dev = corpus.read_questions("dev", topics)
    vocabulary = vocab.train(texts(topics, corpus.read_questions("train", topics)))
    shape = Shape(vocabulary.size)
    key = jax.random.key(args.seed, impl="rbg")
    weights = init(shape, jax.random.fold_in(key, 0))
    args.out.mkdir(parents=True, exist_ok=True)
    begun, step, batches = time.time(), 0, None
    for number, lesson in enumerate(LESSONS, 1):
        if number < args.from_lesson:
            step += lesson.steps
            continue
        if number == args.from_lesson != 1:
            weights = {name: jnp.asarray(value) for name, value in np.load(args.out / "guide.npz").items()}
        if lesson.before == 0:
            trained = (weights, jnp.zeros((shape.hidden, len(topics))))
            m, v = jax.tree.map(jnp.zeros_like, trained), jax.tree.map(jnp.zeros_like, trained)
            pairs = [pair for part in lesson.parts for pair in corpus.read_questions(part, topics)]
            batches = Batches(topics, pairs, vocabulary, args.seed + number - 1, lesson.strength)
            print(f"lesson {number}: {len(pairs)} questions, {vocabulary.size} pieces", flush=True)
        for at in range(1, lesson.steps + 1):
            step += 1
            part = jax.random.fold_in(key, step)
            # Adam counts the steps of its own moments.
            count = at + lesson.before
            trained, m, v, parts = update(trained, m, v, batches.next(lesson), count, lesson.rate(at), shape, part)
            if step % 100 == 0:
                print(f"{step} {time.time() - begun:.0f} s: next token {parts[0]:.3f}, topic {parts[1]:.3f}", flush=True)
        weights = trained[0]
        np.savez(args.out / "guide.npz", **weights)
        (args.out / "guide.vocabulary").write_bytes(vocabulary.proto)
        share, wrong = agreement(weights, shape, vocabulary, topics, dev)
        (args.out / "wrong.txt").write_text("\n".join(f"{a}\t{b}\t{c}" for a, b, c in wrong), "utf-8")
        print(f"lesson {number}: {share:.1%} of {len(dev)} dev questions begin right", flush=True)
    print(export.write(args.out, shape))


if __name__ == "__main__":
    main()
