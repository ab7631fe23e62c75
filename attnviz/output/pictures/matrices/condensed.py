"""Matrices of a long text as pictures need them: blocks of maxima, made of one part of the matrices after the other."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from attnviz.output.pictures.descriptions import sentence
from attnviz.output.pictures.matrices.sides import MOST_CELLS
from attnviz.output.scale import block_maxima, hidden_cells, strongest_choice
from attnviz.trace.attention import Attention, of_all


class Condensed(NamedTuple):
    """Blocks of maxima, and sentences about the whole matrices.

    Attributes:
        attention: all its queries and keys, and matrices in which a row or column stands for several of them.
        strides: for how many queries and keys.
        sentences: of each matrix its strongest weight, and the sentence about it.
    """

    attention: Attention
    strides: tuple[int, int]
    sentences: list[tuple[float, str]]


def condensed(parts: Iterator[Attention], shape: tuple[int, int]) -> Condensed:
    """What is drawn of matrices that come a part at a time; what rows gave to hidden keys is left out.

    Args:
        parts: of weights, scores or norms.
        shape: of the layers and heads of the matrices in all; a reduced axis counts 1.
    """
    cells, sentences, taken = [], [], []
    for part in parts:
        n_rows, n_columns = part.matrices.shape[2:]
        strides = -(-n_rows // MOST_CELLS), -(-n_columns // MOST_CELLS)
        for matrix in part:
            hidden = hidden_cells(matrix.numbers, matrix.masked)
            maxima, _ = block_maxima(matrix.numbers, hidden, strides)
            cells.append(maxima.astype(matrix.numbers.dtype, copy=False))
            strongest = strongest_choice(matrix, hidden)
            sentences.append((strongest[0], sentence(matrix, strongest)))
        taken.append(part.bare)
    matrices = np.stack(cells).reshape(*shape, *cells[0].shape)
    return Condensed(replace(of_all(taken), matrices=matrices), strides, sentences)
