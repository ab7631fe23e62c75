"""What ``attnviz probe syntax`` prints: one row per relation, with its best head beside a fixed distance."""

from collections.abc import Iterator, Sequence

from attnviz.analysis.probes.syntax import EVERY, RelationScore, SyntaxReport
from attnviz.output.decimals import decimal
from attnviz.output.documents.probes.syntax import score_label
from attnviz.output.labels import cut_middle
from attnviz.output.terminal.lines import provenance_line
from attnviz.output.terminal.screen import LinesView, Screen
from attnviz.output.terminal.tables.probes.columns import Column, ProbeTable, ProbeTableView
from attnviz.trace.heads import head_name

_MOST_NAME = 30  # columns of the treebank's name


def syntax_views(report: SyntaxReport, screen: Screen, *, least: int, cmap: str) -> Iterator[LinesView]:
    """Where the weights came from, and one row per relation, the largest gain over a fixed distance first.

    Args:
        report: of all relations.
        screen: where they are printed.
        least: relations with fewer scored pairs are left out.
        cmap: the map of colours.
    """
    yield provenance_line(report.attention.model, screen)
    every = [one for one in report.scores if one.relation == EVERY]
    listed = sorted((one for one in report.scores if one.count >= least and one not in every), key=_gain)
    better, others = ([one for one in listed if one.beats_offset is beats] for beats in (True, False))
    shown = [*better, *others, *every]
    breaks = {len(listed): "all of them together:"} if every else {}
    if better and others:
        breaks[len(better)] = "no better than a fixed distance:"
    counted_sentences = f"{report.n_dev:,} sentence{'s' * (report.n_dev != 1)}"
    yield ProbeTableView(
        ProbeTable(
            headline=f"{len(better)} of {len(listed)} relations: a head beats the best fixed distance"
            if listed
            else f"no relation has {least} pairs or more: --least 1 shows all",
            about=(
                f"best heads of {counted_sentences}, scored on {report.sentences - report.n_dev:,} others of "
                f"{cut_middle(report.name, _MOST_NAME, len)}"
            ),
            columns=_columns(report, shown),
            notes=list(_notes(report, shown, len(report.scores) - len(shown), least)),
            breaks=breaks,
            cmap=cmap,
        ),
        screen,
    )


def _gain(score: RelationScore) -> float:
    return score.offset_rate - score.rate


def _columns(report: SyntaxReport, scores: Sequence[RelationScore]) -> list[Column]:
    rates, distances = [one.rate for one in scores], [one.offset_rate for one in scores]
    intervals = tuple(f"{decimal(one.low, 2)}-{decimal(one.high, 2)}" for one in scores)
    return [
        Column("relation", tuple(one.relation for one in scores), is_text=True),
        Column("pairs", tuple(str(one.count) for one in scores), rank=2),
        Column("head", tuple(head_name(*report.head_of(one)) for one in scores), is_text=True),
        Column("looks", tuple(map(score_label, scores)), is_text=True, rank=4),
        Column("rate", tuple(decimal(rate, 2) for rate in rates), tuple(rates)),
        Column("95 %", intervals, rank=3),
        Column("distance", tuple(f"{one.offset:+d}" for one in scores), rank=1),
        Column("rate", tuple(decimal(rate, 2) for rate in distances), tuple(distances), rank=1),
    ]


def _notes(report: SyntaxReport, scores: Sequence[RelationScore], rare: int, least: int) -> Iterator[str]:
    best = next((one for one in scores if one.relation != EVERY), None)
    if best is not None:
        first, _, second = score_label(best).partition(" -> ")
        what = f"the strongest link of the {first} goes to its {second}"
        if best.direction == "head->dependent":
            what = f"the word that looks most at the {second} is its {first}"
        yield (
            f"{best.relation} {decimal(best.rate, 2)}: in {best.rate:.0%} of the pairs {what}; special tokens and the "
            "word itself do not count."
        )
        yield (
            f"distance: always pointing {best.offset:+d} word{'s' * (abs(best.offset) != 1)} from the dependent finds "
            f"{best.offset_rate:.0%}. 95 %: bootstrap over sentences."
        )
    if rare:
        yield f"{rare} rarer relation{'s' * (rare != 1)} with fewer than {least} pairs: --least 1."
    if report.lost:
        are = "pair is" if report.lost == 1 else "pairs are"
        yield f"{report.lost:,} {are} not scored: the tokenizer has no tokens for a word, or the same for both."
    if report.attention.model.is_random:
        yield "The weights are random: any pattern is chance."
