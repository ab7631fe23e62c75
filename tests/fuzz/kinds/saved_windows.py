"""Windows of an earlier run that were damaged, swapped, renamed or replaced; then ``--resume``."""

import os
import random
import tempfile
from functools import cache
from pathlib import Path

from tests.fuzz.case import Case
from tests.fuzz.material import mutated
from tests.fuzz.run import outcome_of

_SMALL = ("--n-layers", "1", "--n-heads", "1", "--d-model", "4", "--seed", "0", "--workers", "1")
_TEXTS = b"".join(b"a %d\n" % n for n in range(66))  # two windows of show --json
_COMMANDS = (
    ("show", "--file", "texts.txt", "--json", "--top", "1", "-L", "0", "-H", "0", *_SMALL, "-o", "out"),
    ("heads", "--file", "texts.txt", "--json", *_SMALL, "-o", "out"),
    ("check", "--file", "texts.txt", "--json", "--where", "mean(entropy) > 0", *_SMALL, "-o", "out"),
)


def draw(rng: random.Random) -> Case:
    """A finished run, some of whose windows are not as they were."""
    argv = rng.choice(_COMMANDS)
    whole = written(argv)
    files, places = dict(whole), {}
    for name in rng.sample(sorted(files), rng.randint(1, len(files))):
        data = files.pop(name)
        how = rng.choice(("gone", "cut", "line", "other", "mutated", "folder", "pipe", "link", "renamed", "old"))
        if how in ("folder", "pipe", "link"):
            places[name] = "link ../texts.txt" if how == "link" else how
        elif how in ("renamed", "old"):
            files[name.replace("-", "-0", 1) if how == "renamed" else name[:35] + name[52:]] = data
        elif how != "gone":
            changed = {
                "cut": data[: rng.randrange(len(data))],
                "line": b"".join(data.splitlines(keepends=True)[:-1]),
                "other": rng.choice(sorted(whole.values())),
            }
            files[name] = changed.get(how) or mutated(rng, data)
    again = rng.choice(("--resume", "--resume", "--force"))
    return Case((*argv, again), {**files, "texts.txt": _TEXTS}, places=places, replaceable=frozenset(files))


@cache
def written(argv: tuple[str, ...]) -> dict[str, bytes]:
    """The windows of a run that was not disturbed."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "texts.txt").write_bytes(_TEXTS)
        outcome = outcome_of(Case(argv), folder)
        if outcome.code:
            raise ValueError(outcome.err)
        return {f"out/{name}": Path(folder, "out", name).read_bytes() for name in os.listdir(Path(folder, "out"))}
