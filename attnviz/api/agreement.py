"""Whether weights rank keys as norms and zeroing do, layer by layer."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from attnviz.analysis.heads.agreement import COMPARED, PAIRS, layer_agreement
from attnviz.analysis.heads.averages import RunningMean
from attnviz.analysis.matrices.selection import Request
from attnviz.api.heads import given_request
from attnviz.api.sweep import Selection, TextSource, corpus
from attnviz.errors import InputError, UsageError
from attnviz.records import dataclass
from attnviz.sweeps.head_measures import attention_of_heads
from attnviz.sweeps.run import Run
from attnviz.sweeps.runs import run_prepared
from attnviz.trace.attention import Attention


@dataclass(frozen=True, eq=False)
class AgreementReport:
    """The agreement of weights, norms and zeroing.

    Attributes:
        attention: what all texts have in common; no matrices, no tokens.
        correlations: (n_layers, n_pairs) Spearman's rank correlation of each of ``PAIRS``; NaN where undefined.
        texts: the number of texts.
        rows: the number of their tokens.
    """

    attention: Attention
    correlations: np.ndarray
    texts: int
    rows: int
    pairs: tuple[tuple[str, str], ...] = PAIRS

    def as_dict(self, *, model_info: bool = False) -> dict[str, object]:
        """The object that ``attnviz heads --agreement --json`` prints; ``model_info``: all fields of the model."""
        from attnviz.output.documents.agreement import agreement_document

        return agreement_document(
            self.attention, self.correlations, self.pairs, self.texts, self.rows, model_info=model_info
        )


def agreement(
    texts: TextSource,
    *,
    layers: Selection = "all",
    kind: str | None = None,
    words: bool = False,
    hide_special: bool = False,
    renormalize: bool = False,
    request: Request | None = None,
    **corpus_options: Any,
) -> AgreementReport:
    """The agreement of each layer; several texts are weighted by their tokens.

    Args:
        texts: see ``sweep``.
        layers: ``all``, a number, several, or ``"0,2-3,-1"``.
        kind: ``encoder``, ``decoder`` or ``cross``; by default cross-attention where there is a target.
        words: merge the pieces of words.
        hide_special: leave out special tokens.
        renormalize: divide the rows that are left by their sums; only with ``hide_special``.
        request: from ``heads_request``, instead of the five above.
        corpus_options: see ``corpus``.

    Raises:
        UsageError: attention from elsewhere, without a model that norms and zeroing need.
        InputError: a text that cannot be used.
    """
    source = corpus(texts, **corpus_options)
    if source.results is not None:
        raise UsageError("agreement, attention: norms and zeroing take a model to run; expected one of them")
    flags = {"words": words, "hide_special": hide_special, "renormalize": renormalize}
    request = given_request(request, source.has_target, layers=layers, kind=kind, **flags)
    common: Attention | None = None
    mean = RunningMean()
    for _, (common, numbers, rows) in source.values(request, partial(_measured, request)):  # noqa: B007 (the last one is used)
        mean.add(numbers, rows)
    if common is None:
        raise InputError("agreement: there is no text; expected at least one")
    return AgreementReport(common, mean.mean(), mean.texts, mean.rows)


def _measured(request: Request, run: Run) -> tuple[Attention, np.ndarray, int]:
    """One text's agreement and its rows, with what all texts have in common."""
    model, text = run.model_and_text()
    views = {name: attention_of_heads(run_prepared(model, text, replace(request, values=name))) for name in COMPARED}
    weights = views["weights"]
    return weights.bare, layer_agreement(views), weights.n_rows
