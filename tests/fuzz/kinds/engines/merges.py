"""The files of GPT-2's tokenizer, ``vocab.json`` and ``merges.txt``, with ids and pairs that do not belong together."""

import json
import random

from tests.fuzz.case import Case
from tests.fuzz.material import NUMBERS, json_bytes, mutated, text
from tests.fuzz.models import relative_of_bert

_PIECES = ("!", "a", "c", "e", "h", "t", "Ġ", "Ġt", "he", "Ġthe", "Ġc", "at", "<|endoftext|>", "<s>", "</s>", "<unk>")
_MERGES = ("#version: 0.2", "Ġ t", "h e", "Ġt he", "Ġ c", "a t")


def draw(rng: random.Random) -> Case:
    """A folder whose vocabulary, merges, or both are damaged."""
    vocabulary: dict[str, object] = {piece: i for i, piece in enumerate(_PIECES)}
    merges = list(_MERGES)
    kind = rng.randrange(5)
    if kind == 0:
        vocabulary[rng.choice(_PIECES)] = rng.choice((*NUMBERS, "1", None))
    elif kind == 1:
        del vocabulary[rng.choice(_PIECES)]
    elif kind == 2:
        merges[rng.randrange(len(merges))] = text(rng)
    elif kind == 3:
        merges = [f"{rng.choice(_PIECES)} {rng.choice(_PIECES)}" for _ in range(rng.choice((1, 9)))]
    data = json_bytes(rng, vocabulary) if kind == 4 else json.dumps(vocabulary).encode()
    lines = "\n".join(merges).encode("utf-8", "surrogatepass")
    files = relative_of_bert("roberta", "RobertaTokenizer") | {
        "bert/vocab.json": data,
        "bert/merges.txt": mutated(rng, lines) if rng.random() < 0.2 else lines,
    }
    return Case(("show", rng.choice(("the cat", "e\u0301 日本", "<s>" * 9)), "--model", "bert"), files)
