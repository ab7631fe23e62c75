"""The options of commands that measure heads: which of them, on what, of which attention."""

from typing import TYPE_CHECKING, Annotated, Literal

from attnviz.cli.command import Options, option
from attnviz.cli.help.pages import MEASURES, OUTPUT, ROWS, SELECTION, VIEW
from attnviz.cli.options import (
    Heads,
    HideSpecial,
    Layers,
    ModelJsonOptions,
    Renormalize,
    TerminalColormapName,
    Width,
    Words,
    place_option,
)
from attnviz.errors import UsageError

if TYPE_CHECKING:
    from attnviz.analysis.matrices.selection import Request


class HeadOptions(Options):
    """Which heads, and of which kind of attention; the values are weights."""

    layer: Layers = None
    head: Heads = None
    kind: Annotated[
        Literal["encoder", "decoder", "cross"] | None,
        option(
            SELECTION,
            "--kind",
            help="Which attention; of --attention also what an unnamed array is. [default: encoder; with "
            "--target: cross]",
        ),
    ] = None
    words: Words = None
    hide_special: HideSpecial = None
    renormalize: Renormalize = False


class MeasureOptions(Options):
    """What is measured besides the attention; it takes a model."""

    ablation: Annotated[
        bool, option(MEASURES, "--ablation", help="Add `ablation`: output change when the head is removed.")
    ] = False

    null: Annotated[
        int | None,
        option(
            MEASURES,
            "--null",
            metavar="K",
            min=2,
            max=1000,
            help="Compare with the heads of K random-weight models of this shape on the same text: z scores.",
        ),
    ] = None


class PerTextOptions(Options):
    """Whether several texts give one table."""

    per_text: Annotated[
        bool,
        option(OUTPUT, "--per-text", help="One table per text instead of averages; with --json, one line per text."),
    ] = False


class WidthOptions(Options):
    """How wide."""

    width: Width = None


class RowOptions(Options):
    """Which rows, in which order, with which columns."""

    where: Annotated[
        str | None,
        option(
            ROWS,
            "--where",
            metavar="CONDITION",
            help="Only heads that match: previous > 0.5 and entropy < 1; label == first; and, or, not, ().",
        ),
    ] = None
    sort: Annotated[
        str | None,
        option(
            ROWS,
            "--sort",
            metavar="METRIC",
            help="Largest first; -METRIC: smallest; label: by pattern; telling: those that say most.",
        ),
    ] = None
    top: Annotated[
        int | None,
        option(
            ROWS,
            "--top",
            metavar="N",
            min=1,
            help="Only the N strongest heads, by --sort; without --sort the N that say most.",
        ),
    ] = None
    columns: Annotated[
        str | None,
        option(ROWS, "--columns", metavar="NAMES", help="Metrics, separated by commas, or all. [default: what fits]"),
    ] = None


class FormatOptions(Options):
    """How rows are printed."""

    csv: Annotated[bool, option(OUTPUT, "--csv", help="Print comma-separated values, numbers in full.")] = False
    cmap: TerminalColormapName = "amber"


class ReportOptions(Options):
    """What else can be said of the heads."""

    agreement: Annotated[
        bool,
        option(
            VIEW,
            "--agreement",
            help="Instead: how far weights, norms and zeroing rank alike what each layer attends to.",
        ),
    ] = False
    cluster: Annotated[
        bool,
        option(VIEW, "--cluster", help="Similar heads together (average linkage), with the jsd to the row above."),
    ] = False
    out: Annotated[
        str | None,
        place_option(
            "With --cluster: also draw the distances: FIGURE.pdf, .svg or .png; else similarity.png in a folder. With "
            "--json and many texts: a folder, one file a window."
        ),
    ] = None
    force: Annotated[bool, option(OUTPUT, "--force", help="Overwrite a file attnviz did not create.")] = False


def request_of_heads(selection: HeadOptions, *, target: bool) -> "Request":
    """The selection as a request, of one kind of attention: by default cross-attention where there is a target."""
    from attnviz.api.heads import heads_request

    return heads_request(
        "all" if selection.layer is None else selection.layer,
        "all" if selection.head is None else selection.head,
        selection.kind,
        words=bool(selection.words),
        hide_special=bool(selection.hide_special),
        renormalize=selection.renormalize,
        target=target,
    )


def refuse_clashes(
    selection: HeadOptions,
    measures: MeasureOptions,
    rows: RowOptions,
    output: ModelJsonOptions,
    formats: FormatOptions,
    report: ReportOptions,
    texts: PerTextOptions,
) -> None:
    """Refuses options of ``heads`` that exclude each other.

    Raises:
        UsageError: two such options are given.
    """
    if report.cluster and (report.agreement or rows.sort is not None):
        other = "agreement" if report.agreement else "sort"
        raise UsageError(f"cluster, {other}: both are given; expected one of them")
    if report.out is not None and not report.cluster and (report.agreement or not output.json):
        raise UsageError("out: heads draws only similar heads; expected --cluster too, or attnviz heatmap -o DIR")
    if texts.per_text and formats.csv:
        raise UsageError("per-text, csv: a CSV has one table; expected --per-text --json, or no --per-text")
    if texts.per_text and report.cluster and report.out is not None:
        raise UsageError("per-text, out: there is one picture of all texts; expected one of them")
    if report.agreement:
        _refuse_with_agreement(selection, measures, rows, formats, texts)
    elif output.json and formats.csv:
        raise UsageError("json, csv: both are given; expected one of them")


def _refuse_with_agreement(*groups: Options) -> None:
    """Refuses options on single heads or metrics, as agreement is about layers."""
    of_layers = ("layer", "kind", "words", "hide_special")
    wrong = [name for group in groups for name in group.changed() if name not in of_layers]
    if wrong:
        them = "it" if len(wrong) == 1 else "them"
        raise UsageError(
            f"{', '.join(wrong)}: agreement compares weights, norms and zeroing of whole layers; expected --agreement "
            f"without {them}"
        )
