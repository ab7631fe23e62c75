"""Tokens, axes and kinds that are stated for attention from elsewhere, and edges in place of matrices."""

import json
import random

from tests.fuzz.case import Case
from tests.fuzz.material import json_bytes, word

_EDGES = {
    "tokens": ["a", "b"],
    "edges": [[0, 0, 0, 0, 1.0], {"layer": 0, "head": 0, "query": 1, "key": 0, "weight": 1.0}],
}


def draw(rng: random.Random) -> Case:
    """Good numbers with strange statements about them, or the other way round."""
    square = [[1.0, 0.0], [0.5, 0.5]]
    good = rng.choice((square, [[square]], {"attention": square}, {"layer_0": [square]}, _EDGES, {"0-0": "0-0 1-1"}))
    option = rng.choice(("--tokens", "--query-tokens", "--key-tokens", "--axes", "--padding", "--special", "--kind"))
    value = rng.choice((word(rng), "a b", "x " * 3000, "1,1", "9,9", "layer,head," + "-," * 900, "@a.json"))
    data = json.dumps(good).encode() if rng.random() < 0.5 else json_bytes(rng, good)
    return Case(("show", "--attention", "a.json", f"{option}={value}"), {"a.json": data})
