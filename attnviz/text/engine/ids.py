"""Ids that a vocabulary may have."""

from typing import Any

MOST_IDS = 1 << 24  # the library makes tables with a row for each number up to the largest id


def is_id(value: Any) -> bool:
    """Whether a value can be an id."""
    return type(value) is int and 0 <= value < MOST_IDS


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
