"""Word alignments as fast_align, Pharaoh and Marian write them: a line per pair of sentences, ``0-0 1-2``."""

import re

import numpy as np

from attnviz.errors import InputError, brief
from attnviz.records import dataclass

_LINK = re.compile(r"([0-9]+)-([0-9]+)")
_MOST_DIGITS = 6
_MOST_CELLS = 1 << 28  # of a matrix: 1 GiB
_PARTS = "|||"


@dataclass(frozen=True)
class AlignedPair:
    """The links of a pair of sentences.

    Attributes:
        links: the numbers of a source word and a target word each.
        source: the words of the source, where the line has them.
        target: the words of the target, where the line has them.
    """

    links: tuple[tuple[int, int], ...]
    source: tuple[str, ...] | None = None
    target: tuple[str, ...] | None = None


def parse_alignment(line: str, where: str) -> AlignedPair:
    """The links of a line: ``0-0 1-2``, perhaps after ``TARGET |||`` or ``SOURCE ||| TARGET |||``.

    >>> parse_alignment("the cat ||| 0-0 2-1", "a.txt").links
    ((0, 0), (2, 1))

    Raises:
        InputError: something that is not a link.
    """
    *texts, said = line.split(_PARTS)
    if len(texts) > 2:
        raise InputError(
            f"{where}: {len(texts)} parts before the links; expected SOURCE {_PARTS} TARGET {_PARTS} 0-0 1-2"
        )
    links = []
    for word in said.split():
        match = _LINK.fullmatch(word)
        if match is None:
            raise InputError(
                f"{where}: {brief(word)!r} is not a link; expected numbers of a source word and a target word, "
                "such as 0-0 1-2"
            )
        if max(map(len, match.groups())) > _MOST_DIGITS:
            raise InputError(f"{where}: {brief(word)} links a word past 999999; expected numbers from 0 to 999999")
        links.append((int(match[1]), int(match[2])))
    words = [tuple(text.split()) for text in texts]
    return AlignedPair(tuple(dict.fromkeys(links)), words[-2] if len(words) > 1 else None, words[-1] if words else None)


def alignment_matrix(links: tuple[tuple[int, int], ...], n_source: int, n_target: int, where: str) -> np.ndarray:
    """(n_target, n_source): each target word's links share its row equally; 0 for a word without links.

    Raises:
        InputError: a link to a word that is not there.
    """
    if n_target * n_source > _MOST_CELLS:
        raise InputError(
            f"{where}: its links are between {n_source} and {n_target} words; expected those of a pair of sentences"
        )
    matrix = np.zeros((n_target, n_source), dtype=np.float32)
    for source, target in links:
        for side, number, n in (("source", source, n_source), ("target", target, n_target)):
            if number >= n:
                raise InputError(f"{where}: {source}-{target} links {side} word {number}, of {n}; expected 0-{n - 1}")
        matrix[target, source] = 1
    sums = matrix.sum(axis=1, keepdims=True)
    shared: np.ndarray = np.divide(matrix, sums, out=matrix, where=sums > 0)
    return shared
