"""Variables of the environment: screens of any size, terminals, colours, options that variables give."""

import random

from tests.fuzz.case import Case
from tests.fuzz.material import NUMBERS, word

_SIZES = (
    "0",
    "-1",
    "abc",
    "1",
    "20",
    "99999",
    "100000",
    "1000000000000",
    "1" + "0" * 30,
    "9" * 5000,
    "²",
    "٣",
    " 80 ",
    "1e3",
    "",
)
_TERMINALS = ("dumb", "unknown", "", "xterm-256color", "vt100", "linux", "xterm-direct", "x" * 3000, "\x1b[31m")
_SWITCHES = ("", "0", "1", "yes", "-1", "\x07")
_FIELDS = (
    "SEED",
    "N_LAYERS",
    "N_HEADS",
    "D_MODEL",
    "SCORE",
    "POSITION",
    "TOKENIZER",
    "MODEL",
    "WEIGHTS",
    "CONFIG",
    "CMAP",
)
_BLOCK = ("--seed", "0", "--n-layers", "1", "--n-heads", "2", "--d-model", "8", "--d-ff", "8")
_COMMANDS = (
    *(("show", "the cat"), ("explain", "the cat", "--query", "1"), ("heads", "the cat"), ("diff", "a", "b"), ("show",)),
    *(("check", "a", "--where", "max(entropy) < 9"), ("show", "a", "-L", "9"), ("show", "a", "--color", "always")),
)
_PAGES = (("help", "show"), ("show", "-h"), ("models",), ("-h",), ("help",), ("show", "a", "--nope"))


def draw(rng: random.Random) -> Case:
    """A command with some variables that do not fit, or do."""
    env = {}
    for _ in range(rng.randint(1, 4)):
        name = rng.choice(("COLUMNS", "LINES", "TERM", "colour", "field", "COLORTERM", "HOME", "LESS"))
        if name in ("COLUMNS", "LINES"):
            env[name] = rng.choice(_SIZES)
        elif name == "colour":
            env[rng.choice(("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "GITHUB_ACTIONS"))] = rng.choice(
                _SWITCHES
            )
        elif name == "field":
            env[f"ATTNVIZ_{rng.choice(_FIELDS)}"] = rng.choice((word(rng), str(rng.choice(NUMBERS)), "1", "none"))
        else:
            env[name] = rng.choice(_TERMINALS)
    return Case((*rng.choice(_COMMANDS), *_BLOCK) if rng.random() < 0.8 else rng.choice(_PAGES), env=env)
