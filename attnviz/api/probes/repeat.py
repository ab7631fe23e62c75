"""Random tokens twice through a model, and through models of its shape with random weights."""

from collections.abc import Callable

import numpy as np

from attnviz.analysis.heads.metrics import HeadMetrics
from attnviz.analysis.heads.null import pooled, z_scores
from attnviz.analysis.matrices.selection import Request
from attnviz.analysis.probes.repeat import REPEAT_SCORES, RepeatReport, distinct_ids, repeat_scores
from attnviz.api.probes.matrices import measured_heads
from attnviz.errors import UsageError
from attnviz.model import Model, PathOrText, load, opened_model
from attnviz.sweeps.preparation import prepare_ids
from attnviz.sweeps.prepared import Prepared
from attnviz.sweeps.random_models import null_seeds, random_like
from attnviz.sweeps.random_tokens import ordinary_ids
from attnviz.sweeps.runs import runs
from attnviz.trace.attention import Attention

_REQUEST = Request(kinds=("encoder",))


def probe_repeat(
    model: Model | PathOrText | None = None,
    *,
    length: int = 50,
    batch: int = 10,
    seed: int = 0,
    null: int = 5,
    step: Callable[[int, int], None] | None = None,
) -> RepeatReport:
    """How much each head looks at what was there before, on random tokens twice in a row.

    >>> import attnviz
    >>> report = attnviz.probe_repeat(attnviz.load(seed=0), length=5, batch=2)
    >>> report.metrics.values["induction"].shape
    (2, 4)

    Args:
        model: from ``load``, or a folder, a file or an id for it; by default the bundled one.
        length: random tokens of a copy.
        batch: texts.
        seed: of the random tokens.
        null: compare with so many models of random weights; 0 for none.
        step: called with how many models have run, and how many will.

    Raises:
        UsageError: numbers that are too small, or a text that is too long for the model.
    """
    for name, value, least in (("length", length, 2), ("batch", batch, 1), ("null", null, 0)):
        if value < least:
            raise UsageError(f"{name}: {value} is given; expected at least {least}")
    if null == 1:
        raise UsageError("null: one model of random weights has no spread; expected at least 2, or 0 for none")
    model = load() if model is None else opened_model(model)
    candidates = ordinary_ids(model)
    if len(candidates) < length:
        raise UsageError(f"length: the vocabulary has {len(candidates)} ordinary tokens; expected at most that many")
    ids = distinct_ids(candidates, length, batch, seed)
    texts = [prepare_ids(model, np.concatenate([row, row])) for row in ids]
    prepared, first = [text for text, _ in texts], texts[0][1]
    watched = step or (lambda _done, _total: None)
    attention, metrics = _measured(model, prepared, first, length)
    watched(1, null + 1)
    like = []
    for number, null_seed in enumerate(null_seeds(model, null), start=2):
        like.append(_measured(random_like(model, null_seed), prepared, first, length)[1])
        watched(number, null + 1)
    chance = pooled(null_seeds(model, null), like) if like else None
    z = None if chance is None else z_scores(metrics, chance)
    return RepeatReport(attention, metrics, length, batch, seed, chance, z)


def _measured(model: Model, texts: list[Prepared], first: int, length: int) -> tuple[Attention, HeadMetrics]:
    """What the matrices have in common, and the mean scores over the texts."""
    total: np.ndarray | None = None
    common: Attention | None = None
    for run in runs(model, texts, _REQUEST):
        common, scores = measured_heads(run, "encoder", lambda matrices: _scores(matrices, first, length), axis=1)
        total = scores if total is None else total + scores
    if common is None or total is None:
        raise UsageError("batch: there is no text; expected at least 1")
    shape = common.head_shape
    values = {name: (one / len(texts)).reshape(shape) for name, one in zip(REPEAT_SCORES, total, strict=True)}
    rows = {name: len(texts) * (2 * length - 1 if name == "previous" else length) for name in REPEAT_SCORES}
    counts = {name: np.full(shape, n, dtype=np.int64) for name, n in rows.items()}
    return common, HeadMetrics(values, counts, {}, common.layers, common.heads)


def _scores(matrices: np.ndarray, first: int, length: int) -> np.ndarray:
    """(n_scores, n_heads) in the order of ``REPEAT_SCORES``."""
    scores = repeat_scores(matrices, first, length)
    return np.stack([scores[name] for name in REPEAT_SCORES])
