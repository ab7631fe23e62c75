"""The kinds of cases: a file of ``kinds`` each, with a function ``draw`` from random numbers to a case."""

import importlib
import random
from pathlib import Path

from tests.fuzz.case import Case

_FOLDER = Path(__file__).parent / "kinds"

#: The kinds' names, such as ``vectors`` and ``streams.full``.
KINDS = tuple(sorted(".".join(p.relative_to(_FOLDER).with_suffix("").parts) for p in _FOLDER.rglob("[!_]*.py")))


def drawn(kind: str, seed: int) -> Case:
    """The case of a kind that a seed gives, always the same."""
    module = importlib.import_module(f"tests.fuzz.kinds.{kind}")
    return module.draw(random.Random(f"{kind}:{seed}"))  # noqa: S311
