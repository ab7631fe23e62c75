"""One row per head for each of several texts, without averages over them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from attnviz.analysis.heads.metrics import HeadMetrics
from attnviz.analysis.heads.report import HeadReport
from attnviz.analysis.matrices.selection import Request
from attnviz.api.heads import check_measures, chosen_rows, heads, heads_request
from attnviz.api.sweep import TextSource, corpus
from attnviz.records import dataclass
from attnviz.sweeps.corpus import Corpus, FoldT, KeptTotals
from attnviz.sweeps.head_measures import null_companions
from attnviz.sweeps.run import Run
from attnviz.sweeps.work import Companions
from attnviz.trace.result import Result

_OF_A_CORPUS = ("model", "pair", "target", "on_error", "workers", "dask", "threads", "note", "layout")


@dataclass(frozen=True, eq=False)
class TextHeads:
    """The heads on one text.

    Attributes:
        where: the text's place among several, or empty.
        result: the text and the model; no matrices, no tokens.
        report: the heads' metrics on this text alone.
    """

    where: str
    result: Result
    report: HeadReport

    def as_dict(self, *, model_info: bool = False, relations: bool = False) -> dict[str, object]:
        """The object that ``attnviz heads --per-text --json`` prints; see ``heads_document``."""
        from attnviz.output.documents.heads import text_heads_document

        options = {"model_info": model_info, "relations": relations}
        return text_heads_document(self.report, self.result, self.where, **options)


def heads_per_text(
    texts: TextSource,
    *,
    request: Request | None = None,
    ablation: bool = False,
    null: int | None = None,
    **options: Any,  # each of its own type
) -> Iterator[TextHeads]:
    """The metrics of every head on each text, one text after the other.

    >>> import attnviz
    >>> [one.report.metrics.texts for one in attnviz.heads_per_text(["The cat sat", "A dog"], top=3)]
    [1, 1]

    Args:
        texts: see ``sweep``.
        request: from ``heads_request``; by default all heads.
        ablation: also measure how much the output changes without each head.
        null: compare with the heads of so many random-weight models.
        options: see ``heads`` (``where``, ``sort``, ``top``, ``columns``, ``cluster``) and ``corpus``.

    Raises:
        UsageError: a metric, layer or head that is not there, a wrong condition, or a measure without a model.
        InputError: a text that cannot be used.
    """
    source = corpus(texts, **{name: options.pop(name) for name in _OF_A_CORPUS if name in options})
    check_measures(source, ablation=ablation, null=null)
    _check_rows(options, ablation=ablation, null=null)
    request = request or heads_request(target=source.has_target)
    each = partial(_text_heads, request, {"ablation": ablation, "null": null, **options})
    companions = None if null is None else null_companions(null, request, ablated=ablation)
    values = source.values(request, each, companions=companions)
    return (replace(one, where=where) for where, one in values)


def _check_rows(options: Mapping[str, Any], *, ablation: bool, null: int | None) -> None:
    """Refuses rows that cannot be, before the first text runs."""
    given = {name: options.get(name) for name in ("where", "sort", "top", "columns")}
    chosen_rows(**given, ablation=ablation, null=null)


def _text_heads(
    request: Request, options: Mapping[str, Any], run: Run, like: Mapping[int, HeadMetrics] | None = None
) -> TextHeads:
    """The heads of one run; ``like`` has the metrics of random models on its text, by seed."""
    report = heads(_RunCorpus(run=run, like=like), request=request, **options)
    return TextHeads("", replace(run.bare, tokens=(), target_tokens=()), report)


@dataclass(frozen=True, eq=False)
class _RunCorpus(Corpus):
    """One text whose run is there already.

    Attributes:
        run: of the text.
        like: the metrics of random models on the text, by seed.
    """

    run: Run | None = None
    like: Mapping[int, HeadMetrics] | None = None

    def totals(
        self,
        request: Request,  # noqa: ARG002 (the run has done what it asks for)
        each: Callable[..., Any],
        fold: Callable[[], FoldT],
        *,
        companions: Companions | None = None,  # noqa: ARG002 (they have been run with the text)
        most: int = 1,  # noqa: ARG002
        kept: KeptTotals[FoldT] | None = None,  # noqa: ARG002
    ) -> Iterator[FoldT]:
        """The total of the run alone."""
        total = fold()
        total.add(each(self.run) if self.like is None else each(self.run, self.like))
        yield total
