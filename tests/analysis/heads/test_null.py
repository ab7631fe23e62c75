"""Pooled random heads, and how far a value is from them."""

import numpy as np

from attnviz.analysis.heads.metrics import HeadMetrics
from attnviz.analysis.heads.null import pooled, z_scores


def metrics(**values):
    arrays = {name: np.array(value, dtype=float) for name, value in values.items()}
    return HeadMetrics(arrays, {}, {}, (0, 3), (0, 1))


NULL = pooled(
    (4, 5),
    [
        metrics(self=[[1, 3], [0, 0]], same=[[np.nan, 1], [np.nan, np.nan]], first=[[1, 1 + 1e-8], [1, 2]]),
        metrics(self=[[5, 7], [0, 2]], same=[[2, np.nan], [np.nan, 1]], first=[[1 - 1e-8, 1], [3, 4]]),
    ],
)


def test_heads_of_all_models_are_pooled_by_layer():
    assert (NULL.seeds, NULL.layers) == ((4, 5), (0, 3))
    np.testing.assert_allclose(NULL.mean["self"], [4, 0.5])
    np.testing.assert_allclose(NULL.std["self"], [(20 / 3) ** 0.5, 1])  # of a sample: n - 1
    np.testing.assert_allclose(NULL.mean["same"], [1.5, 1])
    np.testing.assert_allclose(NULL.std["same"], [0.5**0.5, np.nan])  # one head has no deviation


def test_z_is_the_distance_from_their_mean_in_deviations():
    z = z_scores(metrics(self=[[4, 4 + (20 / 3) ** 0.5], [-0.5, np.nan]]), NULL)
    assert set(z) == {"self"}
    np.testing.assert_allclose(z["self"], [[0, 1], [-1, np.nan]], atol=1e-12)


def test_where_random_heads_differ_by_rounding_alone_there_is_no_z():
    z = z_scores(metrics(first=[[0.5, 1], [2.5, 1]], same=[[1.5, 2], [1, 1]]), NULL)
    assert np.isnan(z["first"][0]).all()
    assert not np.isnan(z["first"][1]).any()
    assert np.isnan(z["same"][1]).all()


def test_a_metric_that_some_model_lacks_is_no_null():
    assert set(pooled((0, 1), [metrics(self=np.eye(2), first=np.eye(2)), metrics(self=np.eye(2))]).mean) == {"self"}
