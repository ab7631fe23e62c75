"""A hub that lies, in any of its answers, about a model that is good otherwise."""

import random

from tests.fuzz.case import Case


def draw(rng: random.Random) -> Case:
    """A sentence for a model of the hub."""
    more = rng.choice(((), ("--json",), ("--revision", rng.choice(("v1", "../x", "a" * 40)))))
    return Case(("show", "the cat", "--model", "owner/bert", *more), hub=rng.randrange(2**32))
