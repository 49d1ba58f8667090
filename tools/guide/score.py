"""Asks the guide every held-out question, through the engine itself, and counts the answers that carry the right fact.

    python score.py [--part test|dev] [--model FILE] [--lab PATH] [--wrong]

`lab` (`cargo build --release --bin lab`) answers at temperature 0 on the GPU at hand; a software one will do. An answer
is right if every pattern of its topic in facts.toml is found in it, in the language of the question. Questions that are
among the training questions, too, are left out.
"""

import argparse
import json
import re
import subprocess
from collections import Counter
from pathlib import Path

import corpus

LAB = corpus.HERE.parent.parent / "target" / "release" / "lab"


def answers(lab, model, questions):
    """The answer to each question, in one run of `lab`."""
    command = [lab, "ask", *([model] if model else []), "--jsonl", "--temperature", "0", "--max-tokens", "200"]
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    run = subprocess.run(command, input=lines, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line)["answer"] for line in run.stdout.splitlines()]


def is_right(topic, question, answer):
    patterns = topic.must[corpus.language(question)]
    return all(re.search(pattern, answer, re.IGNORECASE) for pattern in patterns)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--part", choices=["test", "dev"], default="test")
    options.add_argument("--model", type=Path, help="a GGUF file; left out: the guide that `lab` was built with")
    options.add_argument("--lab", type=Path, default=LAB)
    options.add_argument("--wrong", action="store_true", help="print the answers that were wrong")
    args = options.parse_args()

    topics = corpus.read_topics()
    taught = {question.lower() for _, question in corpus.read_questions("train", topics)}
    pairs = [pair for pair in corpus.read_questions(args.part, topics) if pair[1].lower() not in taught]
    right, all_of = Counter(), Counter()
    for (name, question), answer in zip(pairs, answers(args.lab, args.model, [q for _, q in pairs]), strict=True):
        lang = corpus.language(question)
        groups = ["all", lang, "outside" if name == corpus.OUTSIDE else "inside"]
        for group in groups:
            all_of[group] += 1
        if is_right(topics[name], question, answer):
            for group in groups:
                right[group] += 1
        elif args.wrong:
            print(f"{name}: {question}\n    {answer}")
    for group in ("en", "zh", "inside", "outside", "all"):
        print(f"{group:8} {right[group]:5} of {all_of[group]:5}  {right[group] / all_of[group]:.1%}")


if __name__ == "__main__":
    main()
