"""What conditions on heads are evaluated on: every metric and the label of every head, of one text's attention."""

import numpy as np

from attnviz.analysis.expressions import HeadTable
from attnviz.analysis.labels import label
from attnviz.analysis.metrics import head_metrics
from attnviz.errors import UsageError
from attnviz.trace import Attention


def head_table(attention: Attention) -> HeadTable:
    """The metrics and labels of every head of these weights.

    Raises:
        UsageError: there is no matrix a head, or the matrices are no weights.
    """
    if attention.reduce != "none":
        raise UsageError(f"metrics, reduce: these matrices are {attention.reduce}; expected one of each head")
    found = head_metrics(attention)
    labels = np.empty((len(found.layers), len(found.heads)), dtype=object)
    for place in np.ndindex(*labels.shape):
        labels[place] = label({name: float(values[place]) for name, values in found.values.items()}).name
    return HeadTable(found.values, found.layers, found.heads, labels, found.missing)
