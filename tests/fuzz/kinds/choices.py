"""Choices of what is shown that no text has: layers, heads, words, rows, values, styles, colours, sizes."""

import random

from tests.fuzz.case import Case
from tests.fuzz.material import NUMBERS, word

_OPTIONS = {
    "show": (
        "-L",
        "-H",
        "--from",
        "--to",
        "--rows",
        "--columns",
        "--top",
        "--precision",
        "--width",
        "--values",
        "--kind",
    ),
    "heads": ("-L", "-H", "--sort", "--where", "--top", "--least", "--null", "--precision"),
    "explain": ("-L", "-H", "--query", "--key", "--precision"),
    "heatmap": ("-L", "-H", "--size", "--cmap", "--range", "--format", "--rows"),
}
_PLACES = ("L0H0", "99", "-9", "0,,1", "1-", "0-99999999999", "0-" + "9" * 3000, "L" * 3000, "all,all", "L1H1" * 500)


def draw(rng: random.Random) -> Case:
    """One option with a value of nothing in particular."""
    command = rng.choice((*tuple(_OPTIONS)[:3] * 3, "heatmap"))  # pictures are slow
    option = rng.choice(_OPTIONS[command])
    value = rng.choice((word(rng), str(rng.choice(NUMBERS)), rng.choice(_PLACES)))
    block = ("--seed", "0", "--n-layers", "1", "--d-model", "8", "--d-ff", "8")
    query = ("-q", "a") if command == "explain" and option != "--query" else ()
    out = ("-o", "out/") if command == "heatmap" else ()
    return Case(
        (command, "a b c", *block, *query, *out, f"{option}={value}" if option[1] == "-" else f"{option}{value}")
    )
