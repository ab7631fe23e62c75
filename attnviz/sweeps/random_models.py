"""Random-weight models of a model's shape, and what their heads do on the same texts (``heads --null``)."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count, islice

from attnviz.analysis.heads.metrics import HeadMetrics
from attnviz.analysis.matrices.selection import Request
from attnviz.model import Model, seeded_model
from attnviz.sweeps.prepared import Prepared
from attnviz.sweeps.run import Run
from attnviz.sweeps.runs import runs
from attnviz.trace.attention import Attention


def random_metrics(
    n_models: int,
    request: Request,
    measure: Callable[[Run], tuple[Attention, HeadMetrics]],
    model: Model,
    texts: list[Prepared],
) -> Iterator[dict[int, HeadMetrics]]:
    """The metrics of random-weight models for each text, by seed; one model is in memory at a time.

    Args:
        n_models: how many.
        request: what is measured; its selection of heads does not count, as places mean nothing here.
        measure: gives what a run's matrices have in common, and its metrics.
        model: whose shape and tokens they have.
        texts: as the model's own tokenizer gives them.
    """
    layers = request.layers if request.names is None else tuple(dict.fromkeys(layer for layer, _ in request.names))
    every = replace(request, layers=layers, heads="all")
    found: list[dict[int, HeadMetrics]] = [{} for _ in texts]
    for seed in null_seeds(model, n_models):
        for by_seed, run in zip(found, runs(random_like(model, seed), texts, every), strict=True):
            _, by_seed[seed] = measure(run)
    return iter(found)


def null_seeds(model: Model, n_models: int) -> tuple[int, ...]:
    """The first seeds but the model's own: it must not be compared with itself."""
    own = model.params.seed if model.info.is_random else None
    return tuple(islice((seed for seed in count() if seed != own), n_models))


def random_like(model: Model, seed: int) -> Model:
    """A model of the same shape, with the same tokenizer and ids, and random weights."""
    return replace(seeded_model(model.config, model.tokenizer, seed), read_target_tokenizer=model.read_target_tokenizer)
