"""Labels of heads, and results of other commands that are read back: mutated documents of attnviz's own."""

import random

from tests.fuzz.case import Case
from tests.fuzz.material import json_bytes, value

_LABELS = {
    "schema": "attnviz/1",
    "probe": "syntax",
    "model": {"name": "tiny", "weights": "seed:0", "n_layers": 1, "n_heads": 4, "d_model": 8},
    "relations": [{"relation": "nsubj", "heads": [{"layer": 0, "head": 1, "accuracy": 0.9, "baseline": 0.4}]}],
}
_ATTENTION = {
    "schema": "attnviz/1",
    "text": "a b",
    "tokens": ["a", "b"],
    "special": [False, False],
    "offsets": [[0, 1], [2, 3]],
    "model": {"name": "m", "weights": "seed:0", "n_layers": 1, "n_heads": 1},
    "axes": ["layer", "head", "query", "key"],
    "layers": [0],
    "heads": [0],
    "attention": [[[[1.0, 0.0], [0.5, 0.5]]]],
}


def draw(rng: random.Random) -> Case:
    """A mutated document for ``--labels`` or ``--attention``."""
    if rng.random() < 0.3:
        block = ("--seed", "0", "--n-layers", "1", "--d-model", "8")
        return Case(("heads", "a b", *block, "--labels", "l.json"), {"l.json": json_bytes(rng, _LABELS)})
    lines = [json_bytes(rng, _ATTENTION) for _ in range(rng.choice((1, 1, 2)))]
    command = rng.choice((("show",), ("show", "--json"), ("heads",)))
    more = rng.choice(((), ("--tokens", "x y"), ("--axes", "layer,head,query,key"), ("--kind", "cross")))
    data = b"\n".join(lines) if rng.random() < 0.9 else json_bytes(rng, {str(i): value(rng) for i in range(9)})
    if rng.random() < 0.2:
        return Case((*command, "--attention", "-", *more), stdin=data)
    return Case((*command, "--attention", "a.json", *more), {"a.json": data})
