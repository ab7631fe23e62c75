"""The steps of a generation, assembled into one matrix for each layer and head."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from attnviz.elsewhere.files.file_array import floats
from attnviz.errors import InputError


def are_steps(shapes: Sequence[tuple[int, ...]]) -> bool:
    """Whether arrays of these shapes (..., n_queries, n_keys) may be the steps of one generation.

    Each after the first has one query, and one key more than the step before.
    """
    if len(shapes) < 2 or any(len(shape) < 2 for shape in shapes):
        return False
    if len({shape[:-2] for shape in shapes}) > 1 or any(shape[-2] != 1 for shape in shapes[1:]):
        return False
    grown = all(after[-1] == before[-1] + 1 for before, after in pairwise(shapes))
    return grown and shapes[0][-2] in (1, shapes[0][-1])


def are_cross_steps(shapes: Sequence[tuple[int, ...]]) -> bool:
    """Whether these may be the steps of cross-attention: the same keys, and one query each after the first step."""
    if len(shapes) < 2 or any(len(shape) < 2 for shape in shapes):
        return False
    return len({(*shape[:-2], shape[-1]) for shape in shapes}) == 1 and all(shape[-2] == 1 for shape in shapes[1:])


def assembled(steps: Sequence[np.ndarray]) -> np.ndarray:
    """One causal matrix (..., n, n) of steps that ``are_steps``: the prompt's block, then a row for each step.

    Rows of a prompt that the steps leave out are 0.
    """
    n = steps[-1].shape[-1]
    blocks = [floats(step) for step in steps]
    whole = np.zeros((*steps[0].shape[:-2], n, n), dtype=np.result_type(*blocks))
    for block in blocks:
        n_queries, n_keys = block.shape[-2:]
        whole[..., n_keys - n_queries : n_keys, :n_keys] = block
    return whole


def stacked_queries(steps: Sequence[np.ndarray]) -> np.ndarray:
    """The rows of all steps of cross-attention, in order: (..., n_queries, n_keys)."""
    return np.concatenate([floats(step) for step in steps], axis=-2)


def check_lengths(parts: Sequence[np.ndarray], subject: str) -> None:
    """Refuses parts of several shapes.

    Raises:
        InputError: names the first that differs.
    """
    for number, part in enumerate(parts):
        if part.shape != parts[0].shape:
            raise InputError(
                f"{subject}: part 0 has the shape {parts[0].shape} and part {number} {part.shape}; expected layers of "
                "one shape, or steps of a generation, each with one query and one key more"
            )
