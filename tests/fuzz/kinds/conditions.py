"""Conditions of ``check``, of ``heads --where`` and of files: damaged, endless, deeply nested."""

import random

from tests.fuzz.case import Case
from tests.fuzz.material import NUMBERS, mutated, word

_PARTS = (
    *("previous", "self", "entropy", "L0H0", "L9H9", "any", "all", "max", "mean", "not", "and", "or", "in", "(", ")"),
    *(
        ">",
        "<",
        "==",
        "!=",
        ">=",
        "+",
        "-",
        "*",
        "/",
        "0.5",
        "1e999",
        '"',
        "'",
        ",",
        ".",
        ":",
        "[",
        "]",
        "weight",
        "layer",
    ),
)


def draw(rng: random.Random) -> Case:
    """Words of the grammar in no order, or a good condition with something strange in it."""
    form = rng.randrange(4)
    if form == 0:
        condition = " ".join(rng.choice(_PARTS) for _ in range(rng.choice((1, 3, 8, 200))))
    elif form == 1:
        condition = f"max(previous) > {rng.choice(NUMBERS)} and {word(rng)}"
    elif form == 2:
        n = rng.choice((20, 300, 5000))
        condition = rng.choice(
            ("(" * n + "self > 0" + ")" * n, "not " * n + "self > 0", "self > 0 and " * n + "self > 0")
        )
    else:
        condition = mutated(rng, b"max(previous) > 0.5 and entropy < 2").decode("utf-8", "replace").replace("\0", "")
    block = ("--seed", "0", "--n-layers", "1", "--d-model", "8")
    command = rng.choice(("check", "check", "heads"))
    if rng.random() < 0.3:
        return Case((command, "a b c", "--where", "@c", *block), {"c": condition.encode("utf-8", "surrogatepass")})
    return Case((command, "a b c", f"--where={condition}", *block))
