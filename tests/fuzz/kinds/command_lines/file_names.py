"""Names of files of any length and kind, for every option that takes one."""

import random

from tests.fuzz.case import Case
from tests.fuzz.command_table import commands
from tests.fuzz.kinds.command_lines.any_options import _BLOCK, _FILES, _NEEDED, _SLOW, _WITHOUT_BLOCK
from tests.fuzz.material import word

_NAMES = (
    *("a" * 5000, "a" * 256, "é" * 128, "a/" * 3000, "a.txt/b", "folder/", ".", "-", "--", "~", "~nobody/a"),
    *(
        "a\nb",
        "a\rb.json",
        "\udcff",
        "\udcfe.npz",
        "...",
        "a.",
        " ",
        "*",
        "[a",
        "**",
        "?",
        "a:b",
        "C:\\a",
        "@",
        "@a.txt",
    ),
    *(
        "/dev/full",
        "/dev/null",
        "/proc/self/mem",
        "/proc/self/none",
        "/proc/1/root/a",
        "/proc/self/fd/99",
        "/dev/fd/77",
    ),
    *("http://", "s3://", "://", "file:///a", "\x1b[31m.csv", "x.npy", "x.gguf", "ollama:" + "a" * 500, "\u202e.png"),
)
_ENDINGS = (".json", ".npz", ".safetensors", ".csv", ".gz", ".png", ".html", "/", ".jsonl", ".gguf", ".conllu", ".toml")


def draw(rng: random.Random) -> Case:
    """One option with a name that is strange, or of a file that is."""
    places = [(words, one.name) for words, options in commands().items() for one in options if one.type == "path"]
    words, option = rng.choice([place for place in places if place[0] not in _SLOW or rng.random() < 0.3])
    name = rng.choice(_NAMES) if rng.random() < 0.7 else word(rng)
    name += rng.choice(_ENDINGS) if rng.random() < 0.3 else ""
    needed = tuple(part for part in _NEEDED.get(words, ()) if option not in ("--out", "--treebank", "--pairs"))
    text = (
        ("a b",) if option not in ("--file", "--vectors", "--attention", "--alignment") and words[0] != "probe" else ()
    )
    block = () if words in _WITHOUT_BLOCK or option in ("--model", "--attention", "--alignment") else _BLOCK
    return Case((*words, *block, *needed, f"{option}={name}", *text), _FILES, stdin=b"a b\n")
