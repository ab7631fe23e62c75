"""Fields of the block with impossible values: ``--set``, flags, variables and a file of TOML."""

import random

from attnviz.encoder.config.given import field_names
from tests.fuzz.case import Case
from tests.fuzz.material import NUMBERS, mutated, word

_SIZES = ("n_layers", "n_heads", "n_kv_heads", "d_model", "d_head", "d_ff", "n_vocab", "n_ctx", "window", "seed")


def draw(rng: random.Random) -> Case:
    """Random weights of one layer, with some fields of strange values."""
    origin = rng.choice(("set", "flag", "variable", "toml"))
    name = rng.choice(_SIZES) if origin == "flag" or rng.random() < 0.5 else rng.choice(field_names())
    name = name if rng.random() < 0.9 or origin == "flag" else word(rng)
    value = str(rng.choice(NUMBERS)) if rng.random() < 0.6 else word(rng)
    argv = ("show", "a b", "--seed", "0")
    if origin == "set":
        return Case((*argv, "--set", f"{name}={value}" if rng.random() < 0.9 else value))
    if origin == "flag":
        return Case((*argv, f"--{name.replace('_', '-')}={value}"))
    if origin == "variable":
        is_name = name.isidentifier() and name.isascii()
        return Case(argv, env={f"ATTNVIZ_{name.upper() if is_name else 'SET'}": value})
    lines = f"n_layers = 1\n{name} = {value if rng.random() < 0.5 else repr(value)}\n".encode("utf-8", "surrogatepass")
    return Case((*argv, "--config", "c.toml"), {"c.toml": mutated(rng, lines) if rng.random() < 0.3 else lines})
