"""How a head's metrics compare with what heads of random weights do on the same text.

A place means nothing among random weights, so the heads of all random models are pooled; depth does mean something (a
later layer reads what earlier ones have mixed), so they are pooled layer by layer. The heads of one model share their
input, and metrics are skewed: z flags outliers; it is not a probability.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from attnviz.analysis.heads.metrics import HeadMetrics
from attnviz.records import dataclass

_NOISE = 1e-6  # of the mean: a standard deviation below it is the rounding of float32 weights


@dataclass(frozen=True, eq=False)
class Null:
    """The metrics of the heads of random-weight models, pooled by layer.

    Attributes:
        seeds: of the models.
        layers: the layers' numbers in the model.
        mean: by metric, (n_layers,); NaN where no head has it.
        std: by metric, (n_layers,), the standard deviation (of a sample: n - 1); NaN where fewer than two
            heads have it.
    """

    seeds: tuple[int, ...]
    layers: tuple[int, ...]
    mean: Mapping[str, np.ndarray]
    std: Mapping[str, np.ndarray]


def pooled(seeds: tuple[int, ...], models: Sequence[HeadMetrics]) -> Null:
    """What the heads of these models do, layer by layer, whatever their places."""
    names = [name for name in models[0].values if all(name in model.values for model in models)]
    mean, std = {}, {}
    for name in names:
        values = np.concatenate([model.values[name] for model in models], axis=1)  # (n_layers, n_models * n_heads)
        known = ~np.isnan(values)
        n = known.sum(axis=1)
        total = np.where(known, values, 0).sum(axis=1)
        mean[name] = np.divide(total, n, where=n > 0, out=np.full(len(n), np.nan))
        squares = np.where(known, values - mean[name][:, None], 0) ** 2
        std[name] = np.sqrt(np.divide(squares.sum(axis=1), n - 1, where=n > 1, out=np.full(len(n), np.nan)))
    return Null(seeds, models[0].layers, mean, std)


def z_scores(metrics: HeadMetrics, null: Null) -> dict[str, np.ndarray]:
    """By metric, (value - mean) / standard deviation of the head's layer in the null, (n_layers, n_heads).

    NaN where the value is undefined, or where all heads of the null have the same one up to rounding.
    """
    rows = [null.layers.index(layer) for layer in metrics.layers]
    scores = {}
    for name in metrics.values.keys() & null.mean.keys():
        mean, std = null.mean[name][rows, None], null.std[name][rows, None]
        varies = std > _NOISE * abs(mean)
        scores[name] = np.where(varies, (metrics.values[name] - mean) / np.where(varies, std, 1), np.nan)
    return scores


def with_z(metrics: HeadMetrics, scores: Mapping[str, np.ndarray]) -> HeadMetrics:
    """The same metrics and the z of each, ``previous_z``, as conditions and orders name it."""
    values = {f"{name}_z": scores.get(name, np.full(metrics.head_shape, np.nan)) for name in metrics.values}
    missing = {f"{name}_z": why for name, why in metrics.missing.items()}
    return replace(metrics, values={**metrics.values, **values}, missing={**metrics.missing, **missing})
