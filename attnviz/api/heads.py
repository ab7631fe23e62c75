"""One row per head: metrics, the pattern that describes it best, and how it compares with random heads."""

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from attnviz.analysis.heads.measures import head_labels
from attnviz.analysis.heads.null import with_z, z_scores
from attnviz.analysis.heads.report import HeadReport
from attnviz.analysis.heads.rows import TELLING, Rows
from attnviz.analysis.matrices.selection import Request
from attnviz.api.sweep import Selection, TextSource, corpus, one_request
from attnviz.errors import UsageError, one_line
from attnviz.sweeps.corpus import Corpus, KeptTotals
from attnviz.sweeps.head_measures import FirstText, Totals, measured, null_companions

if TYPE_CHECKING:
    from attnviz.analysis.heads.clustered import Clustered


def heads_request(
    layers: Selection = "all",
    heads: Selection = "all",
    kind: str | None = None,
    *,
    words: bool = False,
    hide_special: bool = False,
    renormalize: bool = False,
    target: bool = False,
) -> Request:
    """The attention that is measured: weights of one kind, by default cross-attention where there is a target."""
    kind = kind or ("cross" if target else None)
    kinds = None if kind is None else (kind,)
    return Request(layers, heads, kinds, words=words, hide_special=hide_special, renormalize=renormalize)


def given_request(request: Request | None, target: bool, **options: Any) -> Request:
    """The request that is given whole, or made of the options of ``heads_request``.

    Raises:
        UsageError: both are given.
    """
    return one_request(request, heads_request(**options, target=target), heads_request(target=target))


def check_measures(source: Corpus, *, ablation: bool, null: int | None) -> None:
    """Refuses measures that run a model, of attention that has none.

    Raises:
        UsageError: such a measure is asked for.
    """
    asked = [name for name, value in (("ablation", ablation), ("null", null)) if value]
    if asked and source.results is not None:
        raise UsageError(f"{', '.join(asked)}: there is no model to run on --attention; expected a text, or --vectors")


def chosen_rows(*, columns: str | Iterable[str] | None, **options: Any) -> Rows:
    """The rows of the options of ``heads``, whose ``columns`` may be one text or several.

    Raises:
        UsageError: rows that cannot be.
    """
    named = columns if columns is None or isinstance(columns, str) else ",".join(columns)
    return Rows.of(columns=named, **options)


def heads(
    texts: TextSource,
    *,
    layers: Selection = "all",
    heads: Selection = "all",
    kind: str | None = None,
    words: bool = False,
    hide_special: bool = False,
    renormalize: bool = False,
    request: Request | None = None,
    ablation: bool = False,
    null: int | None = None,
    where: str | None = None,
    sort: str | None = None,
    top: int | None = None,
    columns: str | Iterable[str] | None = None,
    cluster: bool = False,
    examples: bool = False,
    **corpus_options: Any,
) -> HeadReport:
    """The metrics of every head; several texts give one table, weighted by their tokens.

    >>> import attnviz
    >>> report = attnviz.heads("The cat sat on the table", where="previous > 0.5")
    >>> report.metrics.values["entropy"].shape
    (4, 12)

    Args:
        texts: see ``sweep``.
        layers: ``all``, a number, several, or ``"0,2-3,-1"``.
        heads: which heads, in the same forms as ``layers``, or by name: ``"L2H8,L1H7"``.
        kind: ``encoder``, ``decoder`` or ``cross``; by default cross-attention where there is a target.
        words: merge the pieces of words.
        hide_special: leave out special tokens.
        renormalize: divide the rows that are left by their sums; only with ``hide_special``.
        request: from ``heads_request``, instead of the six above.
        ablation: also measure how much the output changes without each head.
        null: compare with the heads of so many random-weight models.
        where: list only heads that meet this condition.
        sort: a metric, the largest first; ``-METRIC``, the smallest first; ``label``; ``telling``, the heads that
            say most first.
        top: list only the first so many; without ``sort``, of the heads that say most.
        columns: a list of metrics, or one text: metrics separated by commas, or ``all``.
        cluster: list similar heads together; not with ``sort``.
        examples: also keep what each head links in the first text.
        corpus_options: see ``corpus``.

    Raises:
        UsageError: a metric, layer or head that is not there, a wrong condition, or a measure without a model.
        InputError: a text that cannot be used.
    """
    if cluster and sort is not None:
        raise UsageError("cluster, sort: both are given; expected one of them")
    if sort is None and top is not None and not cluster:
        sort = TELLING
    rows = chosen_rows(where=where, sort=sort, top=top, columns=columns, ablation=ablation, null=null)
    source = corpus(texts, **corpus_options)
    flags = {"words": words, "hide_special": hide_special, "renormalize": renormalize}
    request = given_request(request, source.has_target, layers=layers, heads=heads, kind=kind, **flags)
    check_measures(source, ablation=ablation, null=null)
    telling = examples or rows.sort == TELLING
    each = partial(measured, ablated=ablation, clustered=cluster, telling=telling, keeps_links=FirstText())
    companions = None if null is None else null_companions(null, request, ablated=ablation)
    totals = Totals()
    kept = None if source.saving is None else _kept_totals()
    for part in source.totals(request, each, Totals, companions=companions, kept=kept):
        totals.merge(part)
    return _report(totals, rows, cluster=cluster)


def _kept_totals() -> KeptTotals[Totals]:
    from attnviz.sweeps.saved.totals import read_totals, totals_data

    return KeptTotals(totals_data, lambda path: read_totals(path.read_bytes(), one_line(path)))


def _clustered(totals: Totals, shape: tuple[int, int]) -> "Clustered":
    """The heads in the order of their clusters."""
    from attnviz.analysis.heads.clustered import Clustered

    return Clustered(totals.distances.mean(), shape)


def _report(totals: Totals, rows: Rows, *, cluster: bool) -> HeadReport:
    """The heads that meet the condition, in order."""
    attention, metrics, null = totals.results()
    clustered = _clustered(totals, metrics.head_shape) if cluster else None
    labels = head_labels(metrics)
    z = None if null is None else z_scores(metrics, null)
    named = metrics if z is None else with_z(metrics, z)
    fitting = rows.fitting(named, labels)
    if clustered is not None:
        places = clustered.ordered(fitting)
    else:
        places = rows.ordered(fitting, named, labels, totals.scores.mean())
    return HeadReport(
        attention, metrics, labels, places[: rows.top], len(fitting), rows, null, z, clustered, totals.examples
    )
