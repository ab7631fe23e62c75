"""What hostile input is made of: texts, values of JSON, and mutations of good bytes."""

import json
import random
from typing import Any

TEXTS = (
    *("", " ", "-1", "-", "--", "=1+1", "'", '"', "[/red]", "$x$", "%s {0}", "../../etc/passwd", "a,b;c\td", "None"),
    *(
        "\x1b[31mred\x1b[0m",
        "a\nb\r\nc",
        "\x07\x08\x7f\x9b",
        "\u202eabc",
        "\u2028",
        "e\u0301",
        "日本語",
        "💥",
        "\ufeff",
    ),
    *(
        "a" * 3000,
        "ä" * 500,
        "word " * 800,
        "💥" * 300,
        "a\n" * 900,
        "\x1b[1m" * 400,
        "x/" * 600,
        "0" * 4000,
        "1" * 5000,
    ),
)
NUMBERS = (-1, 0, 1, 2, 3, 7, 2**14, 2**31 - 1, 2**31, 2**63, 10**400, -(10**30), 0.5, -0.0, 1e30, 1e308, 1e-308)
VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        float("nan"),
        float("inf"),
        -float("inf"),
        [],
        {},
        [[]],
        [None],
        {"": ""},
        [1, "a"],
        [[1], []],
    ),
    *({"a" * 2000: 1}, ["word" * 20] * 300, list(range(2000)), {f"key {i}": i for i in range(500)}),
)


def text(rng: random.Random) -> str:
    """A text that nobody expects: empty, long, of control characters, of other scripts."""
    return (
        rng.choice(TEXTS)
        if rng.random() < 0.8
        else "".join(chr(rng.randrange(1, 0xD7FF)) for _ in range(rng.randrange(200)))
    )


def word(rng: random.Random) -> str:
    """A text that can be a word of a command line."""
    return text(rng).replace("\0", "0")


def value(rng: random.Random) -> Any:
    """A value of JSON: of any type, size and depth."""
    made = rng.choice((text, lambda r: r.choice(NUMBERS), lambda r: r.choice(VALUES)))(rng)
    for _ in range(rng.choice((0, 0, 0, 0, 1, 2, 30, 400))):
        made = [made] if rng.random() < 0.7 else {"a": made}
    return made


def mutated_value(rng: random.Random, good: Any) -> Any:
    """The value with one place of it replaced, removed, renamed or repeated."""
    inside = list(good) if isinstance(good, dict) else list(range(len(good))) if isinstance(good, list) else []
    if not inside or rng.random() < 0.15:
        return value(rng)
    at, copy = rng.choice(inside), (dict(good) if isinstance(good, dict) else list(good))
    change = rng.random()
    if change < 0.1:
        del copy[at]
    elif change < 0.25 and isinstance(copy, dict):
        copy[text(rng)] = copy.pop(at) if rng.random() < 0.5 else value(rng)
    elif change < 0.3 and isinstance(copy, list):
        copy[at:at] = [copy[at]] * rng.choice((1, 2, 50))
    else:
        copy[at] = mutated_value(rng, copy[at])
    return copy


def json_bytes(rng: random.Random, good: Any, most: int = 3) -> bytes:
    """JSON of the value with some mutations; sometimes its bytes are mutated too, and are no longer JSON."""
    for _ in range(rng.randint(1, most)):
        good = mutated_value(rng, good)
    data = json.dumps(good, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
    return mutated(rng, data) if rng.random() < 0.15 else data


def mutated(rng: random.Random, data: bytes) -> bytes:
    """The bytes, with some of them changed, removed, repeated or cut off."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        at = rng.randrange(len(changed) + 1)
        size = rng.choice((1, 1, 2, 8, 64, 1000))
        kind = rng.randrange(6)
        if kind == 0:
            del changed[at:]
        elif kind == 1:
            del changed[at : at + size]
        elif kind == 2:
            changed[at:at] = rng.randbytes(size)
        elif kind == 3:
            changed[at : at + size] = rng.choice((b"\0", b"\xff", b"9", b"\x80")) * size
        elif kind == 4:
            changed[at:at] = changed[max(0, at - size) : at]
        elif at < len(changed):
            changed[at] ^= 1 << rng.randrange(8)
    return bytes(changed)
