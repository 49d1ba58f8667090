"""Trains the guide: `python train.py` writes build/guide.npz and build/guide.vocabulary, and then the GGUF file.

Everything random comes from --seed. Beside the loss of the next token, the states from which an answer's first tokens are
drawn learn to name the topic: a second, small head, which only training has. Answers are known by heart soon, so most
of them are cut after a few tokens, and the time goes into telling questions apart. Only the last answer of a
conversation is learnt from; the turns before it are there to be looked past.

There are three lessons, under one falling rate. The first has lone questions and the first tokens of their answers, and
nothing else: to tell topics apart comes first. The second adds conversations and has mostly whole answers, until they are
known to the end. The third is again about telling topics apart.
"""

import argparse
import functools
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import corpus
import export
import vocabulary as vocab
from network import Shape, forward, init

BUCKETS = (24, 32, 48, 96, 192, 448)  # lengths of rows
CUTS = (4, 16, 112)  # tokens that an answer is cut to; the last holds any answer
TOKENS_PER_BATCH = 4096
TOPIC_WEIGHT, SMOOTHING = 1 / 3, 0.05
TOPIC_HEAD = "topic_head"  # [hidden, topics], left out of the file
STRENGTH = 0.5  # of the variations of questions
WARM_UP = 50
ADAM_RATE, ADAM_DECAY, BETAS = 2e-3, 0.1, (0.9, 0.98)
MUON_RATE, MUON_DECAY, MOMENTUM = 2e-2, 0.05, 0.95


@dataclass(frozen=True)
class Lesson:
    """Some steps of training."""

    steps: int
    lone: bool  # lone questions only
    shares: tuple  # how often an answer is cut to each of CUTS


LESSONS = (
    Lesson(3000, True, (1, 0, 0)),
    Lesson(1500, False, (0.4, 0.1, 0.5)),
    Lesson(600, False, (0.7, 0.1, 0.2)),
)
STEPS = sum(lesson.steps for lesson in LESSONS)


def rate(step):
    """Share of the full rates at a step, counted from 1: a short rise, then a cosine down to 2 %."""
    return min(step / WARM_UP, max(0.02, (1 + np.cos(np.pi * step / STEPS)) / 2))


def texts(topics, pairs):
    """Lines to find the vocabulary's pieces in: answers count more, since they are written, not only read."""
    answers = [text for topic in topics.values() for text in [*topic.answer.values(), *topic.more.values()]]
    return answers * 12 + [question for _, question in pairs] + ["user", "assistant", "system"] * 400


class Batches:
    """Batches of about TOKENS_PER_BATCH tokens, rows of like length together."""

    def __init__(self, topics, pairs, vocabulary, seed):
        self.drawn = corpus.Conversations(topics, pairs, seed, STRENGTH)
        self.rng = self.drawn.rng
        self.vocabulary = vocabulary
        self.numbers = {name: i for i, name in enumerate(topics)}
        self.waiting = {(bucket, cut): [] for bucket in BUCKETS for cut in CUTS}

    def row(self, lesson):
        """(ids, position from which the answer's first token is drawn, topic, cut of the answer)."""
        system, turns, name = self.drawn.draw_lone() if lesson.lone else self.drawn.draw()
        cuts = 0.1 if self.rng.random() < 0.3 else 0.0
        ids, said = vocab.encode_conversation(self.vocabulary, system, turns, cuts, self.rng)
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


def loss(weights, batch, shape, key):
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
    # The first tokens choose the answer, one after the other, so each of their states is to know the topic.
    named = jax.nn.log_softmax(answering[:, : CUTS[0]] @ weights[TOPIC_HEAD])
    topic = -jnp.take_along_axis(named, topics[:, None, None], -1).mean()
    return next_token + TOPIC_WEIGHT * topic, (next_token, topic)


def orthogonal(matrix):
    """Roughly the nearest matrix with orthogonal rows or columns: five Newton-Schulz steps with Muon's coefficients."""
    wide = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    wide = wide / (jnp.linalg.norm(wide) + 1e-7)
    for _ in range(5):
        gram = wide @ wide.T
        wide = 3.4445 * wide + (-4.7750 * gram + 2.0315 * gram @ gram) @ wide
    return wide.T if matrix.shape[0] > matrix.shape[1] else wide


def muon(w, m, g, share):
    """One step of Muon (Jordan et al. 2024) for a matrix inside the network: (weights, momentum)."""
    m = MOMENTUM * m + (1 - MOMENTUM) * g
    move = orthogonal(MOMENTUM * m + (1 - MOMENTUM) * g) * max(1, w.shape[0] / w.shape[1]) ** 0.5
    return w - share * MUON_RATE * (move + MUON_DECAY * w), m


def adam(w, m, v, g, step, share):
    """One step of AdamW (Loshchilov & Hutter 2019): (weights, first moment, second moment)."""
    b1, b2 = BETAS
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
    move = (m / (1 - b1**step)) / (jnp.sqrt(v / (1 - b2**step)) + 1e-8)
    return w - share * ADAM_RATE * (move + (ADAM_DECAY * w if w.ndim > 1 else 0)), m, v


@functools.partial(jax.jit, static_argnames="shape", donate_argnums=(0, 1, 2))
def update(trained, m, v, batch, step, share, shape, key):
    """One step, gradients clipped to norm 1: Muon for the matrices of the blocks, Adam for embeddings, heads and norms.
    Muon learns what Adam learns from half the questions."""
    (_, parts), grads = jax.value_and_grad(loss, has_aux=True)(trained, batch, shape, key)
    size = jnp.sqrt(sum(jnp.sum(g * g) for g in jax.tree.leaves(grads)))
    moved = {}
    for name, w in trained.items():
        g = grads[name] * jnp.minimum(1.0, 1.0 / (size + 1e-9))
        if name.startswith("blk") and w.ndim == 2:
            moved[name], m[name] = muon(w, m[name], g, share)
        else:
            moved[name], m[name], v[name] = adam(w, m[name], v[name], g, step, share)
    return moved, m, v, parts


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


def agreement(weights, shape, vocabulary, topics, pairs, tokens=CUTS[0]):
    """Questions answered as they should be, going by the answer's first tokens, and all questions, by language."""
    right, all_of = Counter(), Counter()
    answers = openings(weights, shape, vocabulary, [q for _, q in pairs], tokens)
    for (name, question), answer in zip(pairs, answers):
        lang = corpus.language(question)
        expected = vocabulary.encode(topics[name].answer[lang])[:tokens]
        all_of[lang] += 1
        right[lang] += answer[: len(expected)] == expected
    return right, all_of


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--out", type=Path, default=corpus.HERE / "build")
    options.add_argument("--steps", type=int, default=STEPS, help="stop after so many steps")
    args = options.parse_args()

    topics = corpus.read_topics()
    pairs = corpus.read_questions("train", topics)
    taught = {question.lower() for _, question in pairs}
    dev = [pair for pair in corpus.read_questions("dev", topics) if pair[1].lower() not in taught]
    vocabulary = vocab.train(texts(topics, pairs))
    shape = Shape(vocabulary.size)
    key = jax.random.key(args.seed, impl="rbg")
    weights = init(shape, jax.random.fold_in(key, 0)) | {TOPIC_HEAD: jnp.zeros((shape.hidden, len(topics)))}
    m, v = jax.tree.map(jnp.zeros_like, weights), jax.tree.map(jnp.zeros_like, weights)
    batches = Batches(topics, pairs, vocabulary, args.seed)
    print(f"{len(pairs)} questions, {vocabulary.size} pieces", flush=True)
    begun = time.time()
    lessons = [(number, lesson) for number, lesson in enumerate(LESSONS, 1) for _ in range(lesson.steps)][: args.steps]
    for step, (number, lesson) in enumerate(lessons, 1):
        part = jax.random.fold_in(key, step)
        weights, m, v, losses = update(weights, m, v, batches.next(lesson), step, rate(step), shape, part)
        if step % 100 == 0:
            print(f"{step} {time.time() - begun:.0f} s: next token {losses[0]:.3f}, topic {losses[1]:.3f}", flush=True)
        if step % 500 == 0 or step == len(lessons):
            right, all_of = agreement(weights, shape, vocabulary, topics, dev)
            print(f"lesson {number}:", *(f"{right[l] / all_of[l]:.1%} of dev in {l} begin right;" for l in all_of), flush=True)
    args.out.mkdir(parents=True, exist_ok=True)
    np.savez(args.out / "guide.npz", **{name: value for name, value in weights.items() if name != TOPIC_HEAD})
    (args.out / "guide.vocabulary").write_bytes(vocabulary.proto)
    print(export.write(args.out, shape))


if __name__ == "__main__":
    main()
