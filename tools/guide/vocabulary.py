"""The guide's vocabulary: SentencePiece BPE like InternLM2.5's, with the same special tokens at its end."""

import io

import sentencepiece

PIECES = 3066
SPECIALS = ["<|plugin|>", "<|interpreter|>", "<|action_end|>", "<|action_start|>", "<|im_end|>", "<|im_start|>"]
BOS, EOS = 1, 2


class Vocabulary:
    """Text to ids and back; ids from `len(pieces)` on are the special tokens."""

    def __init__(self, proto):
        self.proto = proto
        self.sp = sentencepiece.SentencePieceProcessor(model_proto=proto)
        self.special = {text: self.sp.get_piece_size() + i for i, text in enumerate(SPECIALS)}
        self.size = self.sp.get_piece_size() + len(SPECIALS)

    def encode(self, text, cuts=0.0, rng=None):
        """Ids of plain text. With `cuts`, it is cut at that share of places first, so that merges across them are left
        out (after BPE-dropout, Provilkov et al. 2020; sentencepiece's own cannot be seeded)."""
        if not cuts:
            return self.sp.encode(text)
        places = [0, *(i for i in range(1, len(text)) if rng.random() < cuts), len(text)]
        return [i for begin, end in zip(places, places[1:]) for i in self.sp.encode(text[begin:end])]

    def decode(self, ids):
        """Text of ids, special tokens left out."""
        return self.sp.decode([i for i in ids if 2 < i < self.sp.get_piece_size()])

    def pieces(self):
        """(text, score, type) of each id, types as in llama.cpp's llama_token_type."""
        normal, unknown, control, byte = 1, 2, 3, 6
        for i in range(self.sp.get_piece_size()):
            if self.sp.is_unknown(i):
                yield self.sp.id_to_piece(i), -1000.0, control
            elif self.sp.is_control(i):
                yield self.sp.id_to_piece(i), -1000.0, control
            elif self.sp.is_byte(i):
                yield self.sp.id_to_piece(i), -1000.0, byte
            else:
                yield self.sp.id_to_piece(i), self.sp.get_score(i), normal
        for text in SPECIALS:
            yield text, -1000.0, control


def train(texts):
    """A vocabulary from lines of text. Settings as in InternLM2's own tokenizer.model: no normalisation at all."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts), model_writer=model, model_type="bpe", vocab_size=PIECES,
        byte_fallback=True, split_digits=True, normalization_rule_name="identity", add_dummy_prefix=False,
        remove_extra_whitespaces=False, character_coverage=0.9985, unk_id=0, bos_id=1, eos_id=2, pad_id=-1,
        num_threads=1, minloglevel=2,
    )
    return Vocabulary(model.getvalue())


def encode_conversation(vocabulary, system, turns, cuts=0.0, rng=None):
    """Ids of a conversation in InternLM2's chat format, and for each id whether it is the assistant's to say. `cuts` are
    for questions."""
    start, end = vocabulary.special["<|im_start|>"], vocabulary.special["<|im_end|>"]
    ids, said = [BOS], [False]

    def turn(heading, text, mine, cuts=0.0):
        head = vocabulary.encode(f"{heading}\n")
        body = vocabulary.encode(text) if mine else None
        if mine:  # the prompt ends after the heading, so heading and answer are encoded apart
            run = [start, *head, *body, end]
            own = [False] * (1 + len(head)) + [True] * (len(body) + 1)
        else:
            run = [start, *vocabulary.encode(f"{heading}\n{text}", cuts, rng), end]
            own = [False] * len(run)
        newline = vocabulary.encode("\n")
        ids.extend(run + newline)
        said.extend(own + [False] * len(newline))

    if system is not None:
        turn("system", system, False)
    for question, answer in turns:
        turn("user", question, False, cuts)
        if answer is not None:
            turn("assistant", answer, True)
    if turns and turns[-1][1] is None:
        head = [start, *vocabulary.encode("assistant\n")]
        ids.extend(head)
        said.extend([False] * len(head))
    return ids, said
