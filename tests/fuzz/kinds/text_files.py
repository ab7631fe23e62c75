"""Files of texts in every format, with damaged lines, strange fields, and lines without end."""

import json
import random

from tests.fuzz.case import Case
from tests.fuzz.material import json_bytes, mutated, text, word

_ROW = {"text": "the cat sat", "pair": "on it", "target": "a b", "id": 7}


def draw(rng: random.Random) -> Case:
    """A file of some format whose content, name or fields do not fit."""
    form = rng.choice(("text", "jsonl", "csv", "tsv", "pairs"))
    data = _content(rng, form)
    data = mutated(rng, data) if rng.random() < 0.25 else data
    name = rng.choice(("f", f"f.{form}", "f.gz", f"{'n' * 200}.{form}"))
    fields = rng.choice(((), ("--field", word(rng)), ("--pair-field", "pair"), ("--target-field", word(rng))))
    form = rng.choice((form, "jsonl", "csv"))
    # On standard input the same bytes meet other code.
    source, files = (("--file", name), {name: data}) if rng.random() < 0.8 else ((), {})
    command = rng.choice((("show",), ("heads",), ("show", "--json"), ("show", "--on-error", "skip")))
    block = ("--seed", "0", "--n-layers", "1", "--d-model", "8", "--d-ff", "8")
    return Case((*command, *source, "--file-format", form, *fields, *block), files, stdin=b"" if files else data)


def _content(rng: random.Random, form: str) -> bytes:
    if form == "jsonl":
        rows = [json.dumps(_ROW).encode(), json_bytes(rng, _ROW), json_bytes(rng, rng.choice((_ROW, [_ROW], "text")))]
        return b"\n".join(rows)
    if form in ("csv", "tsv"):
        rows = [list(_ROW), ["the cat", "on it", "a b", "1"], [text(rng) for _ in range(rng.choice((0, 1, 4, 900)))]]
        return "\n".join((";" if form == "csv" else "\t").join(row) for row in rows).encode("utf-8", "surrogatepass")
    lines = ["the cat ||| a b", text(rng), rng.choice(("|||", " ||| x", "a ||| b ||| c", "x " * 3000))]
    return "\n".join(lines).encode("utf-8", "surrogatepass")
