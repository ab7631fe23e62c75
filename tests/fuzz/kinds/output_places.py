"""Outputs whose folder or file is something else already: another program's file, a pipe, a link, a folder."""

import random

from tests.fuzz.case import Case
from tests.fuzz.material import mutated

_SMALL = ("--n-layers", "1", "--n-heads", "2", "--d-model", "8", "--seed", "0")
_MARKS = (
    b"Creator\0\0\0\0\0attnviz heatmap",
    b"\x89PNG\r\n\x1a\n\0\0\0\x1diTXtCreator\0\0\0\0\0attnviz heatmap",
    b"%PDF-1.4\n1 0 obj\n<< /Creator (attnviz heatmap) >>",
    b"<svg><dc:title>attnviz heatmap</dc:title></svg>",
    b'<!doctype html>\n<html lang="en"><meta name="generator" content="attnviz 1.0">',
    b"Notes. Drawn by attnviz heatmap.\nMine.\n",
    b"",
)
_TEXTS = b"a cat\nthe dog\n"
_COMMANDS = (
    (("heatmap", "a b", "-L", "0", "-o", "out/"), ("out/overview.png", "out/L00H00.png", "out/L00H01.png")),
    (("heatmap", "a", "-H", "L0H0", "-o", "a.png", "--caption"), ("a.png", "a.txt")),
    (("heatmap", "a", "-H", "L0H0", "-o", "a.svg"), ("a.svg",)),
    (("html", "a b", "-o", "page.html"), ("page.html",)),
    (("html", "--file", "texts.txt", "-o", "out/"), ("out/text-001.html", "out/text-002.html")),
    (("heads", "a b", "--cluster", "-o", "out/"), ("out/similarity.png",)),
    (("weights", "init", "-o", "w.npz"), ("w.npz",)),
    (("weights", "init", "-o", "w.safetensors"), ("w.safetensors",)),
    (
        ("show", "--file", "texts.txt", "--json", "--top", "1", "-o", "out"),
        ("out/window-0000000-0123456789abcdef.ndjson",),
    ),
)


def draw(rng: random.Random) -> Case:
    """A command that writes, and what is in its way."""
    argv, names = rng.choice(_COMMANDS)
    files, places = {"texts.txt": _TEXTS}, {}
    way = [*names, "out"] if names[0].startswith("out/") else [*names]
    for name in rng.sample(way, rng.randint(1, len(way))):
        if any(other.startswith(f"{name}/") or name.startswith(f"{other}/") for other in (*files, *places)):
            continue
        if rng.random() < 0.4:
            files[name] = rng.choice(_MARKS) if rng.random() < 0.7 else mutated(rng, rng.choice(_MARKS))
        else:
            places[name] = rng.choice(("folder", "pipe", "socket", "locked", *_links(name, rng)))
    if rng.random() < 0.2:
        argv = (
            *argv[:-1],
            rng.choice(("/dev/null", "texts.txt", "texts.txt/a.png", "missing/a.png", "/dev/full", ".")),
        )
    are_others = files.keys() - {"texts.txt"} or any(kind.startswith("link") for kind in places.values())
    forced = rng.random() < 0.3 and not are_others  # which it would replace
    return Case((*argv, *_SMALL, *(["--force"] if forced else [])), files, places=places)


def _links(name: str, rng: random.Random) -> list[str]:
    own = name.rpartition("/")[2]
    up = "../" * name.count("/")
    return [
        f"link {target}"
        for target in (own, "nothing", f"{up}missing/a", f"{up}texts.txt", "/dev/null", "x" * rng.choice((9, 300)))
    ]
