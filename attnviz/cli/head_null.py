"""Random-weight models of a model's shape, and what their heads do on the same texts (``heads --null``)."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count, islice

from attnviz.analysis.averages import Running
from attnviz.analysis.metrics import HeadMetrics
from attnviz.analysis.null import Null, pooled
from attnviz.model import Model, seeded_model
from attnviz.runs import Prepared

_TEXTS = 64  # that each random model is made for: one is in memory at a time


class NullRuns:
    """Runs of random-weight models, in memory that grows with neither texts nor models.

    Args:
        model: whose shape and tokens they have.
        n_models: how many.
        measure: gives the metrics of all heads of a model on each text.
    """

    def __init__(self, model: Model, n_models: int, measure: Callable[[Model, list[Prepared]], list[HeadMetrics]]):
        self._model, self._measure = model, measure
        self._runs = {seed: Running() for seed in null_seeds(model, n_models)}
        self._waiting: list[Prepared] = []

    def add(self, prepared: Prepared) -> None:
        """One more text, as the model's own tokenizer gives it."""
        self._waiting.append(prepared)
        if len(self._waiting) == _TEXTS:
            self._run()

    def result(self) -> Null:
        """What the random heads do on the texts so far."""
        self._run()
        return pooled(tuple(self._runs), [running.result() for running in self._runs.values()])

    def _run(self) -> None:
        for seed, running in self._runs.items() if self._waiting else ():
            model = random_like(self._model, seed)
            for metrics in self._measure(model, self._waiting):
                running.add(metrics)
        self._waiting.clear()


def null_seeds(model: Model, n_models: int) -> tuple[int, ...]:
    """The first seeds but the model's own: it must not be compared with itself."""
    own = model.config.seed if model.info.is_random else None
    return tuple(islice((seed for seed in count() if seed != own), n_models))


def random_like(model: Model, seed: int) -> Model:
    """A model of the same shape, with the same tokenizer and ids, and random weights."""
    return seeded_model(replace(model.config, seed=seed), model.tokenizer)
