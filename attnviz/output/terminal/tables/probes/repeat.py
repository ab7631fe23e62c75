"""What ``attnviz probe repeat`` prints: one row per head, with its scores and how far they are from chance."""

from collections.abc import Iterator

import numpy as np

from attnviz.analysis.probes.repeat import FOUND, REPEAT_SCORES, RepeatReport
from attnviz.numbers import spans
from attnviz.output.decimals import decimal, z_text
from attnviz.output.terminal.lines import provenance_line
from attnviz.output.terminal.screen import LinesView, Screen
from attnviz.output.terminal.tables.probes.columns import Column, ProbeTable, ProbeTableView
from attnviz.trace.heads import head_name

_NAMES = {"induction": "induction", "duplicate": "duplicate-token", "previous": "previous-token"}
_MOST_Z = 99  # beyond it the number says no more


def repeat_views(
    report: RepeatReport, screen: Screen, *, sort: str | None, top: int | None, cmap: str
) -> Iterator[LinesView]:
    """Where the weights came from, and one row per head.

    Args:
        report: of all heads.
        screen: where they are printed.
        sort: the order of the heads, see ``RepeatReport.places``.
        top: only the first so many.
        cmap: the map of colours.
    """
    yield provenance_line(report.attention.model, screen)
    places, metrics = report.places(sort)[:top], report.metrics
    names = tuple(head_name(*metrics.head_at(*place)) for place in places)
    columns = [Column("head", names, is_text=True)]
    for name in REPEAT_SCORES:
        values = [float(metrics.values[name][place]) for place in places]
        columns.append(Column(name, tuple(decimal(value, 2) for value in values), tuple(values)))
        if report.z is not None:
            z = [float(report.z[name][place]) for place in places]
            columns.append(Column("z", tuple(map(_bounded_z, z)), rank=1))
    total = len(metrics.every_head)
    yield ProbeTableView(
        ProbeTable(
            headline=f"{total} head{'s' * (total != 1)}: {_found(report)}",
            about=_about(report, len(places), total, sort),
            columns=columns,
            notes=list(_notes(report)),
            cmap=cmap,
        ),
        screen,
    )


def _found(report: RepeatReport) -> str:
    """How many heads have at least ``FOUND`` of each score."""
    counts = {name: int((report.metrics.values[name] >= FOUND).sum()) for name in REPEAT_SCORES}
    return ", ".join(f"{n} {_NAMES[name]}" for name, n in counts.items()) + f" ({FOUND} or more)"


def _about(report: RepeatReport, n: int, total: int, sort: str | None) -> str:
    listed = f"{n} of {total} heads, " if n < total else ""
    texts = f"{report.batch} text{'s' * (report.batch != 1)}"
    return f"{listed}largest {sort or 'score'} first; {report.length} random tokens twice, {texts} (seed {report.seed})"


def _notes(report: RepeatReport) -> Iterator[str]:
    yield (
        "Where a random token comes again: attention to what followed it before (induction), to itself before "
        "(duplicate); of every token, to the one before (previous). Shares, from 0 to 1."
    )
    if report.null is not None:
        seeds = report.null.seeds
        yield (
            f"z: standard deviations above the mean of all heads of the same layer in {len(seeds)} models of this "
            f"shape with random weights (seeds {spans(seeds)}), on the same tokens."
        )
    if report.attention.model.is_random:
        yield "The weights measured are random too: any pattern is chance, whatever its z."


def _bounded_z(z: float) -> str:
    if abs(z) > _MOST_Z:
        return f"{'>' if z > 0 else '<-'}{_MOST_Z}"
    return z_text(None if np.isnan(z) else z)
