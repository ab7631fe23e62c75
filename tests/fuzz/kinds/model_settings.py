"""A model folder whose ``config.json`` has other values, names and sizes than its tensors."""

import json
import random

from tests.fuzz.case import Case
from tests.fuzz.material import json_bytes, value
from tests.fuzz.models import bert

_SIZES = (0, -1, 1, 3, 2**14, 10**9, 2**31, 10**18, 10**400, 1.5, "6")


def draw(rng: random.Random) -> Case:
    """The folder of a BERT whose settings were mutated, one size made huge, or many unknown ones added."""
    settings = json.loads(bert()["bert/config.json"])
    kind = rng.random()
    if kind < 0.4:
        sizes = [name for name, number in settings.items() if isinstance(number, int)]
        settings |= {rng.choice(sizes): rng.choice(_SIZES) for _ in range(rng.randint(1, 3))}
    elif kind < 0.5:
        settings |= {f"unknown_{'x' * 50}_{i}": i for i in range(rng.choice((3, 400)))}
    elif kind < 0.6:
        settings |= {rng.choice(("rope_scaling", "sliding_window", "layer_types", "quantization_config")): value(rng)}
    data = json.dumps(settings).encode() if kind < 0.6 else json_bytes(rng, settings)
    command = rng.choice((("show", "the cat", "--model"), ("models",), ("heads", "the cat", "--model")))
    return Case((*command, "bert"), bert() | {"bert/config.json": data})
