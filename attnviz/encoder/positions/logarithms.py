"""Logarithms of distances."""

import math

import numpy as np

from attnviz.encoder.parameters.params import Array


def logarithms(numbers: Array) -> Array:
    """The natural logarithms of positive numbers, in float64, by Python's own function.

    NumPy's differs in the last bit between versions and processors, which can be the next bucket of a distance.
    """
    return np.array([math.log(number) for number in numbers.ravel().tolist()]).reshape(numbers.shape)
