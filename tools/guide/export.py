"""Writes build/guide.npz as a GGUF file: `python export.py` → build/guide.gguf, or where --to says."""

import argparse
from pathlib import Path

import gguf
import numpy as np

import corpus
import kquants
import vocabulary as vocab
from network import Shape

CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + "
    "'<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


TYPES = {  # by the name of a file: the type that it is named after, that of matrices, and that of the most delicate ones
    "q8_0": (gguf.LlamaFileType.MOSTLY_Q8_0, "Q8_0", "Q8_0"),
    "q6_k": (gguf.LlamaFileType.MOSTLY_Q6_K, "Q6_K", "Q6_K"),
    "q4_k_m": (gguf.LlamaFileType.MOSTLY_Q4_K_M, "Q4_K", "Q6_K"),
    "f32": (gguf.LlamaFileType.ALL_F32, "F32", "F32"),
}
DELICATE = ("token_embd", "output", "attn_v", "ffn_down")


def quantised(tensor, name):
    """The bytes of a matrix in a type."""
    if name == "Q6_K":
        return kquants.q6_k(tensor)
    if name == "Q4_K":
        return kquants.q4_k(tensor)
    return gguf.quants.quantize(tensor, gguf.GGMLQuantizationType[name])


def write(folder, shape=None, to=None, dtype="q8_0"):
    """Writes the file and returns its path. Matrices are quantised, norms stay f32, as in the published models."""
    weights = dict(np.load(folder / "guide.npz"))
    vocabulary = vocab.Vocabulary((folder / "guide.vocabulary").read_bytes())
    shape = shape or Shape(vocabulary.size)
    file_type, usual, delicate = TYPES[dtype]
    path = to or folder / "guide.gguf"
    file = gguf.GGUFWriter(path, "internlm2")
    file.add_name("Inkstone guide")
    file.add_description("A tiny built-in helper that answers questions about Inkstone. Not InternLM2.5.")
    file.add_license("apache-2.0")
    file.add_languages(["en", "zh"])
    file.add_quantization_version(2)
    file.add_file_type(file_type)
    file.add_block_count(shape.layers)
    file.add_context_length(shape.context)
    file.add_embedding_length(shape.hidden)
    file.add_feed_forward_length(shape.ffn)
    file.add_head_count(shape.heads)
    file.add_head_count_kv(shape.kv_heads)
    file.add_layer_norm_rms_eps(shape.eps)
    file.add_rope_freq_base(shape.theta)
    pieces = list(vocabulary.pieces())
    file.add_tokenizer_model("llama")
    file.add_tokenizer_pre("default")
    file.add_token_list([text.encode() for text, _, _ in pieces])
    file.add_token_scores([score for _, score, _ in pieces])
    file.add_token_types([kind for _, _, kind in pieces])
    file.add_bos_token_id(vocab.BOS)
    file.add_eos_token_id(vocabulary.special["<|im_end|>"])
    file.add_unk_token_id(0)
    file.add_pad_token_id(vocab.EOS)
    file.add_add_bos_token(True)
    file.add_add_eos_token(False)
    file.add_add_space_prefix(False)
    file.add_chat_template(CHAT_TEMPLATE)
    order = ["token_embd", *(n for n in weights if n.startswith("blk.")), "output_norm", "output"]
    for name in order:
        tensor = np.asarray(weights[name], np.float32)
        if tensor.ndim == 1:
            file.add_tensor(f"{name}.weight", tensor)
            continue
        kind = delicate if name.endswith(DELICATE) else usual
        file.add_tensor(f"{name}.weight", quantised(tensor, kind), raw_dtype=gguf.GGMLQuantizationType[kind])
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()
    return path


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--build", type=Path, default=corpus.HERE / "build")
    options.add_argument("--to", type=Path)
    options.add_argument("--type", choices=TYPES, default="q8_0")
    args = options.parse_args()
    print(write(args.build, to=args.to, dtype=args.type))
