"""Treebanks in CoNLL-U, pairs of sentences and gold links, with damaged columns, numbers and words."""

import random

from tests.fuzz.case import Case
from tests.fuzz.material import NUMBERS, mutated, text

_TREE = (
    ("# text = the cat sat",),
    ("1", "the", "the", "DET", "_", "_", "2", "det", "_", "_"),
    ("2", "cat", "cat", "NOUN", "_", "_", "3", "nsubj", "_", "_"),
    ("3", "sat", "sit", "VERB", "_", "_", "0", "root", "_", "_"),
)


def draw(rng: random.Random) -> Case:
    """``probe syntax`` or ``probe align`` with files that are not what they should be."""
    block = ("--n-layers", "1", "--d-model", "8", "--d-ff", "8", "--block-seed", "0")
    if rng.random() < 0.6:
        return Case(("probe", "syntax", "--treebank", "t", "--least", "1", *block), {"t": _treebank(rng)})
    pairs = f"the cat ||| a b\n{text(rng)} ||| {text(rng)}\n".encode("utf-8", "surrogatepass")
    link = rng.choice(("9-9", "0-0-0", "x", f"{rng.choice(NUMBERS)}-1", "1p", "0-0 " * 3000, text(rng)))
    gold = f"0-0 1p1\n{link}\n".encode("utf-8", "surrogatepass")
    pairs = mutated(rng, pairs) if rng.random() < 0.3 else pairs
    return Case(("probe", "align", "--pairs", "p", "--gold", "g", *block), {"p": pairs, "g": gold})


def _treebank(rng: random.Random) -> bytes:
    sentences = [[list(row) for row in _TREE] for _ in range(3)]
    for _ in range(rng.randint(1, 3)):
        row = rng.choice(rng.choice(sentences))
        row[rng.randrange(len(row))] = rng.choice((text(rng), str(rng.choice(NUMBERS)), "1-2", "1.1", "_"))
    if rng.random() < 0.2:
        del rng.choice(rng.choice(sentences))[-1]
    data = "\n\n".join("\n".join("\t".join(row) for row in rows) for rows in sentences) + "\n\n"
    encoded = data.encode("utf-8", "surrogatepass")
    return mutated(rng, encoded) if rng.random() < 0.3 else encoded
