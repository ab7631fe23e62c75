"""Inputs that are no files: folders, links to nothing and to themselves, sockets, devices, files in files."""

import random

from tests.fuzz.case import Case

_OPTIONS = (
    ("show", "--file", "@"), ("show", "--json", "--file", "@"), ("show", "--whole", "--file", "@"),
    ("heads", "--file", "@"), ("diff", "a", "--vs-model", "./@"),
    ("weights", "convert", "--model", "./@", "-o", "new.npz"),
    ("show", "--vectors", "@"), ("show", "--attention", "@"), ("show", "--alignment", "@"),
    ("show", "a", "--weights", "@"), ("show", "a", "--config", "@"), ("show", "a", "--tokenizer", "@"),
    ("show", "a", "--model", "./@"), ("models", "./@"), ("heads", "a", "--labels", "@"),
    ("show", "--attention", "good.json", "--tokens", "@@"), ("weights", "info", "@"), ("explain", "--attention", "@"),
    ("weights", "convert", "--weights", "@", "-o", "new.npz"),
    ("probe", "syntax", "--treebank", "@"), ("probe", "align", "--pairs", "@", "--gold", "text"),
    ("probe", "align", "--pairs", "text", "--gold", "@"), ("check", "--where", "any(first < 1)", "--file", "@"),
)  # fmt: skip
_PLACES = (
    "folder", "socket", "locked", "link @", "link nothing", "link .", "link text/a", "link empty", "link /dev/zero",
    "link ..", "link /dev/null", "link /dev/full",
)  # fmt: skip


def draw(rng: random.Random) -> Case:
    """A command, one of whose inputs is at a strange place."""
    files = {"text": b"a cat\n", "empty": b"", "good.json": b"[[1, 0], [0.5, 0.5]]"}
    name = rng.choice(("@", "@/a", "text/a", "empty", "missing/a", "@/*", "@*", "/dev/zero"))
    argv = tuple(word.replace("@", name, 1) if "@" in word else word for word in rng.choice(_OPTIONS))
    places = {"@": rng.choice(_PLACES)}
    if places["@"] == "folder" and rng.random() < 0.6:
        for inside in rng.sample(("a", "b.csv", "c.jsonl", "config.json"), rng.randint(1, 3)):
            kinds = ("folder", "socket", f"link {inside}", "link nothing", "link ../empty")
            # The writer of a pipe that is named is waited for.
            places[f"@/{inside}"] = rng.choice(kinds if inside == "a" else ("pipe", *kinds))
    return Case(argv, files, places=places)
