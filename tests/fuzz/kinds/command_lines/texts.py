"""Texts of any kind, as an argument, as the value of each option that takes one, and from standard input."""

import random

from tests.fuzz.case import Case
from tests.fuzz.material import TEXTS, word

_DASHES = (
    "-5 degrees",
    "-",
    "--",
    "---",
    "-h there",
    "--model",
    "--generate",
    "--cluster",
    "-x",
    "show",
    "=1+1",
    "@SUM(A1)",
)
_SCRIPTS = (
    *(
        "Ça va, naïve Ærøskøbing",
        "Привет, мир",
        "שלום עולם",
        "مرحبا بالعالم",
        "नमस्ते दुनिया",
        "สวัสดีชาวโลก",
        "你好世界",
        "こんにちは",
    ),
    *("한국어", "👩‍👩‍👧‍👦 🏳️‍🌈", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘", "\u200b\u200d\ufe0f", "\ufdfd", "ﬁ ﬂ", "\u2066a\u2069", "\U000e0041"),
    *(
        "<script>alert(1)</script>",
        "]]>",
        "</script><!--",
        "{{7*7}}",
        "\\x41",
        "%00",
        "&amp;",
        "\\frac{1}{2}$",
        "${HOME}",
    ),
    *("\udcff\udcfe", "a\udc80b", "\x01\x02", "\x1b]0;title\x07", "\x9b31m", "\r", "\v\f", "\x85", "a\tb"),
)
_COMMANDS = (
    *(("show",), ("show", "--json"), ("show", "--from", "1"), ("heads",), ("heads", "--csv"), ("explain", "-q", "1")),
    *(
        ("check", "--where", "max(entropy) < 9"),
        ("diff", "a b"),
        ("html", "-o", "out.html"),
        ("heatmap", "-o", "out/"),
        (),
    ),
)
_OPTIONS = (
    "--pair",
    "--target",
    "--from",
    "--to",
    "--query",
    "--rows",
    "--title",
    "--where",
    "--sort",
    "--set",
    "--field",
)


def any_text(rng: random.Random) -> str:
    """A text of some script, of markup, of controls, with a dash first; or some of them together."""
    parts = [rng.choice((*_DASHES, *_SCRIPTS, rng.choice(TEXTS), word(rng))) for _ in range(rng.choice((1, 1, 2, 3)))]
    return rng.choice(("", " ", "\n")).join(parts)[: rng.choice((40, 400, 4000))]


def draw(rng: random.Random) -> Case:
    """A text in one of the places where a text may be."""
    command = rng.choice(_COMMANDS[:-3] * 4 + _COMMANDS)  # pictures are slow
    block = ("--seed", "0", "--n-layers", "1", "--n-heads", "2", "--d-model", "8", "--d-ff", "8")
    text, place = any_text(rng), rng.random()
    if place < 0.4:
        return Case((*command, *block, "--", text), stdin=b"a\n")
    if place < 0.5:
        return Case((*command, text, *block), stdin=b"a\n")
    if place < 0.7:
        return Case((*command, *block, "-"), stdin=text.encode("utf-8", "surrogateescape") + b"\nb\n")
    option = rng.choice(_OPTIONS)
    words = (option, text) if rng.random() < 0.5 else (f"{option}={text}",)
    return Case((*command, *block, *words, "the cat"))
