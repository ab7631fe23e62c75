"""Texts of the bundled model as the explorer shows them."""

from collections.abc import Callable

import pytest

import attnviz
from attnviz.api.pages.exploration import Exploration
from attnviz.api.pages.session import Session
from attnviz.explorer.sight import Sight
from tests.explorer.driving import TEXT, seen


@pytest.fixture(scope="session")
def model():
    return attnviz.load()


@pytest.fixture(scope="session")
def explored(model) -> Callable[..., Exploration]:
    """The exploration of a text, or of attention from elsewhere."""
    made: dict[object, Exploration] = {}

    def explore(text: str = TEXT, **options) -> Exploration:
        key = (text, tuple(sorted(options.items())))
        if key not in made:
            session = Session(text, **({"model": model} | options))
            made[key] = session.following()
        return made[key]

    return explore


@pytest.fixture(scope="session")
def tiny(explored) -> Exploration:
    return explored()


@pytest.fixture
def sight(tiny) -> Sight:
    return seen(tiny)
