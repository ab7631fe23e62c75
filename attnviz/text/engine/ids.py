"""Ids that a vocabulary may have."""

from collections.abc import Mapping
from typing import Any

from attnviz.errors import InputError, brief

MOST_IDS = 1 << 24  # the library makes tables with a row for each number up to the largest id
_MOST_EXTRA = 10_000


def is_id(value: Any) -> bool:
    """Whether a value can be an id."""
    return type(value) is int and 0 <= value < MOST_IDS


def n_extra_ids(settings: Mapping[str, Any], usual: int) -> int:
    """How many numbered tokens a tokenizer has besides its vocabulary, as ``extra_ids`` says.

    Raises:
        InputError: more than any has.
    """
    said = settings.get("extra_ids", usual)
    if not isinstance(said, int):
        return usual
    if not 0 <= said <= _MOST_EXTRA:
        raise InputError(f"tokenizer_config.json: extra_ids is {brief(said)}; expected at most {_MOST_EXTRA}")
    return said


def check_ids(vocabulary: object) -> None:
    """Refuses what is not an object of pieces with their ids.

    Raises:
        ValueError: it is not one.
    """
    if not isinstance(vocabulary, dict):
        raise ValueError("not an object")
    wrong = [number for number in vocabulary.values() if not is_id(number)]
    if wrong:
        raise ValueError(f"an id is {wrong[0]!r}")
