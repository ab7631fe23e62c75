"""Options of every command at random, alone and together, with values that fit and values that do not."""

import random

from tests.fuzz.case import Case
from tests.fuzz.command_table import Option, commands
from tests.fuzz.material import NUMBERS, word

_BLOCK = ("--seed", "0", "--n-layers", "1", "--n-heads", "2", "--d-model", "8", "--d-ff", "8")
_NEEDED = {
    ("heatmap",): ("-o", "out/"),
    ("html",): ("-o", "out.html"),
    ("diff",): ("a d",),
    ("check",): ("--where", "max(entropy) < 9"),
    ("explain",): ("--query", "1"),
    ("probe", "repeat"): ("--length", "3", "--batch", "2"),
    ("probe", "syntax"): ("--treebank", "a.conllu"),
    ("probe", "align"): ("--pairs", "pairs.txt"),
    ("weights", "init"): ("-o", "w.npz"),
    ("weights", "convert"): ("-o", "w.npz"),
}
_WITHOUT_BLOCK = {("models",), ("schema",), ("help",), ("version",), ("weights", "convert"), ("weights", "info")}
_SLOW = {("heatmap",), ("html",), ("probe", "align")}
_FILES = {
    "a.conllu": b"1\ta\ta\tNOUN\t_\t_\t2\tnsubj\t_\t_\n2\tb\tb\tVERB\t_\t_\t0\troot\t_\t_\n\n",
    "pairs.txt": b"a b ||| c d\n",
    "a.txt": b"the cat\n",
}
_GOOD = (
    "0",
    "a",
    "b",
    "all",
    "0-1",
    "L0H1",
    "1,2",
    "entropy",
    "self",
    "previous > 0.1",
    "n_layers=1",
    "text",
    "word",
    "a b",
)
_VALUES = {
    "integer": lambda rng: str(rng.choice((1, 2, 3, 4, 64) if rng.random() < 0.7 else NUMBERS)),
    "float": lambda rng: str(rng.choice((0.1, 0.5, 1, 2, 10) if rng.random() < 0.7 else (*NUMBERS, "nan", "inf"))),
    "path": lambda rng: rng.choice((*_FILES, "none", ".", "a.txt/x", "-", word(rng))),
    "text": lambda rng: rng.choice(_GOOD) if rng.random() < 0.7 else word(rng),
}


def draw(rng: random.Random) -> Case:
    """One command with up to five options."""
    words = rng.choice([one for one in commands() if one not in _SLOW or rng.random() < 0.3])
    options = commands()[words]
    given = [
        part for option in rng.sample(options, min(len(options), rng.randint(0, 5))) for part in _given(rng, option)
    ]
    block = () if words in _WITHOUT_BLOCK or rng.random() < 0.2 else _BLOCK
    text = (rng.choice(("a b c", "the cat sat", word(rng))),) if words[0] != "probe" else ()
    needed = _NEEDED.get(words, ()) if rng.random() < 0.9 else ()
    parts = [*block, *given, *text, *needed]
    return Case((*words, *parts), _FILES, stdin=rng.choice((b"", b"one two\n", b"\xff")))


def _given(rng: random.Random, option: Option) -> tuple[str, ...]:
    if option.type == "flag":
        return (option.name,)
    if option.type == "choice" and rng.random() < 0.8:
        value = rng.choice(option.choices)
    else:
        value = _VALUES.get(option.type, word)(rng)
    return (f"{option.name}={value}",) if option.name.startswith("--") and rng.random() < 0.5 else (option.name, value)
