"""What ``attnviz probe align`` prints: one row per cross-attention head, the least error rate first."""

from collections.abc import Iterator

import numpy as np

from attnviz.analysis.probes.align import AlignReport, LinkCounts
from attnviz.output.decimals import decimal
from attnviz.output.terminal.lines import provenance_line
from attnviz.output.terminal.screen import LinesView, Screen
from attnviz.output.terminal.tables.probes.columns import Column, ProbeTable, ProbeTableView
from attnviz.trace.heads import head_name

_STEPS = {"input": "reads", "output": "predicts"}


def align_views(report: AlignReport, screen: Screen, *, top: int | None, cmap: str) -> Iterator[LinesView]:
    """Where the weights came from, and one row per head.

    Args:
        report: of all heads.
        screen: where they are printed.
        top: only the best so many.
        cmap: the map of colours.
    """
    yield provenance_line(report.attention.model, screen)
    heads, total = report.order[:top], len(report.order)
    best, diagonal = report.counts.error_rate[report.order[0]], report.monotone.error_rate[0]
    name = head_name(*report.head_at(report.order[0]))
    listed = f"{len(heads)} of {total} heads, " if len(heads) < total else ""
    yield ProbeTableView(
        ProbeTable(
            headline=f"best head: {name}, alignment error rate {decimal(best, 2)}; the diagonal has "
            f"{decimal(diagonal, 2)}",
            about=f"{listed}cross-attention, the least error rate first; "
            f"{report.pairs:,} pair{'s' * (report.pairs != 1)} of sentences, {report.counts.gold:,} sure links",
            columns=_columns(report, heads),
            notes=list(_notes(report)),
            cmap=cmap,
        ),
        screen,
    )


def _columns(report: AlignReport, heads: list[int]) -> list[Column]:
    names = (*(head_name(*report.head_at(head)) for head in heads), "diagonal")

    def numbers(column: str, attribute: str, rank: int = 0) -> Column:
        values = [*(float(getattr(report.counts, attribute)[head]) for head in heads), _first(report, attribute)]
        texts = tuple("-" if np.isnan(value) else decimal(value, 2) for value in values)
        return Column(column, texts, tuple(None if np.isnan(value) else value for value in values), rank=rank)

    links = (*(str(report.counts.links[head]) for head in heads), str(report.monotone.links[0]))
    return [
        Column("head", names, is_text=True),
        numbers("AER", "error_rate"),
        numbers("precision", "precision", 1),
        numbers("recall", "recall", 1),
        Column("links", links, rank=2),
    ]


def _first(report: AlignReport, attribute: str) -> float:
    counts: LinkCounts = report.monotone
    return float(getattr(counts, attribute)[0])


def _notes(report: AlignReport) -> Iterator[str]:
    yield (
        "Each target word is linked to the source word that it looks at most, in the row of the step that "
        f"{_STEPS[report.rows]} it (--row {report.rows})."
    )
    yield (
        "AER: 0 is the gold alignment, 1 has nothing of it. precision: links that are possible; recall: sure links "
        "that are found."
    )
    if report.attention.model.is_random:
        yield "The weights are random: any pattern is chance."
