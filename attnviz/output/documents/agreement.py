"""``heads --agreement --json``: one row per layer."""

from collections.abc import Sequence
from math import isnan

import numpy as np

from attnviz.names import SCHEMA_NAME
from attnviz.output.documents.results import arranged_fields, model_document
from attnviz.trace.attention import Attention


def agreement_document(
    attention: Attention,
    correlations: np.ndarray,
    pairs: Sequence[tuple[str, str]],
    texts: int,
    rows: int,
    *,
    model_info: bool = False,
) -> dict[str, object]:
    """The object of correlations (n_layers, n_pairs) over so many texts and rows."""
    layers = []
    for layer, numbers in zip(attention.layers, correlations.tolist(), strict=True):
        named = zip(pairs, numbers, strict=True)
        layers.append({"layer": layer} | {f"{a}_{b}": None if isnan(number) else number for (a, b), number in named})
    return {
        "schema": SCHEMA_NAME,
        "model": model_document(attention.model, model_info=model_info),
        "kind": attention.kind,
        "texts": texts,
        "rows": rows,
        **arranged_fields(attention),
        "agreement": layers,
    }
