"""``attnviz heads``: a row a head, with what it attends to in numbers."""

import re
from typing import TYPE_CHECKING, Annotated

from attnviz.cli.command import Options, command, command_app
from attnviz.cli.head_options import HeadOptions, MeasureOptions, WidthOptions
from attnviz.cli.options import (
    VIEW,
    BlockOptions,
    ColormapName,
    CommonOptions,
    InputOptions,
    JsonOptions,
    ManyOptions,
    ModelOptions,
    WorkerOptions,
    option,
)
from attnviz.errors import UsageError, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from attnviz.analysis.averages import TextMetrics
    from attnviz.analysis.expressions import Expression
    from attnviz.analysis.heads import Places
    from attnviz.analysis.metrics import HeadMetrics, Metric
    from attnviz.trace import Attention

_ROWS = "Rows and columns"
_EXAMPLES = """
attnviz heads "The cat sat on the mat because the cat was tired"
attnviz heads "The cat sat on the mat" --sort previous --top 5
attnviz heads "The cat sat on the mat" --where "previous > 0.5 and entropy < 1"
attnviz heads --file sentences.txt --columns entropy,previous,special
attnviz heads "The cat sat on the mat" --ablation --sort ablation
attnviz heads "The cat sat on the mat" --null 10 --columns previous,entropy
attnviz heads "The cat sat on the mat" --csv > heads.csv
attnviz heads --attention weights.npy --sort -entropy
attnviz heads "The cat sat on the mat" --agreement
attnviz heads "The cat sat on the mat" --cluster
"""


class RowOptions(Options):
    """Which rows, in which order, with which columns."""

    where: Annotated[
        str | None,
        option(
            _ROWS,
            "--where",
            metavar="CONDITION",
            help="Only heads of which this holds: previous > 0.5 and entropy < 1; label == first; and, or, not, ().",
        ),
    ] = None
    sort: Annotated[
        str | None,
        option(
            _ROWS, "--sort", metavar="METRIC", help="The largest first; -METRIC: the smallest first; label: by pattern."
        ),
    ] = None
    top: Annotated[
        int | None, option(_ROWS, "--top", metavar="N", min=1, help="Only the first N, after --where and --sort.")
    ] = None
    columns: Annotated[
        str | None,
        option(_ROWS, "--columns", metavar="NAMES", help="Metrics, separated by commas, or all. [default: what fits]"),
    ] = None


class FormatOptions(Options):
    """How rows are printed."""

    csv: Annotated[bool, option(VIEW, "--csv", help="Print comma-separated values, numbers in full.")] = False
    cmap: ColormapName = "viridis"


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


app = command_app()


@command(app, "heads", examples=_EXAMPLES)
def heads(
    inputs: InputOptions,
    models: ModelOptions,
    block: BlockOptions,
    selection: HeadOptions,
    measures: MeasureOptions,
    rows: RowOptions,
    output: JsonOptions,
    formats: FormatOptions,
    report: ReportOptions,
    width: WidthOptions,
    many: ManyOptions,
    workers: WorkerOptions,
    common: CommonOptions,
) -> None:
    """List what each head does: a row a head, with metrics and the pattern that describes it best.

    Metrics: entropy, entropy_ratio, span, distance, offset, self, previous, next, first, special, same, induction,
    confidence, and with --ablation: ablation. Several texts give one table, in which each text weighs as its tokens.
    """
    from attnviz.analysis.averages import RunningMean
    from attnviz.analysis.heads import fitting_heads, head_labels, head_rows, null_document
    from attnviz.analysis.null import with_z, z_scores
    from attnviz.cli.conditions import pointed
    from attnviz.cli.head_clusters import Clustered
    from attnviz.cli.head_measures import measured_heads

    if report.cluster and (report.agreement or rows.sort is not None):
        other = "agreement" if report.agreement else "sort"
        raise UsageError(f"cluster, {other}: both are given; expected one of them")
    if report.agreement:
        from attnviz.cli.head_agreement import print_agreement

        _refuse_with_agreement(selection, measures, rows, formats)
        print_agreement(inputs, models, block, selection, many, workers, output, width, common)
        return
    if output.json and formats.csv:
        raise UsageError("json, csv: both are given; expected one of them")
    there = _metrics(measures)
    zs = tuple(f"{name}_z" for name in there) if measures.null else ()
    columns, where = _columns(rows, there, zs), _where(rows, there, zs)
    if rows.sort is not None and rows.sort != "label":
        _known(rows.sort.removeprefix("-"), "sort", (*there, *zs, "label"))
    distances = RunningMean() if report.cluster else None
    attention, metrics, null = measured_heads(
        inputs, models, block, selection, measures, many, common, workers=workers.workers, distances=distances
    )
    labels = head_labels(metrics)
    z = null and z_scores(metrics, null)
    named = metrics if z is None else with_z(metrics, z)
    with pointed(rows.where or ""):
        places = fitting_heads(named, labels, where)
    fitting = len(places)
    clustered = Clustered(distances.mean(), labels.shape) if report.cluster else None
    places = _ordered(places, rows, named, labels) if clustered is None else clustered.ordered(places)
    places = places[: rows.top]
    spread = metrics.spread if metrics.texts > 1 else None
    listed = head_rows(metrics, labels, places, columns or tuple(there), spread, z)
    document = _document(attention, metrics, listed)
    document |= {"null": null_document(null, columns or tuple(there))} if null else {}
    if clustered is not None:
        clustered.describe(document, places, (metrics.layers, metrics.heads))
    _print(document, there, rows, columns, metrics, fitting, attention, output, formats, width, common)


def _refuse_with_agreement(*groups: Options) -> None:
    """Options that say something of single heads or metrics; agreement is of layers."""
    of_layers = ("layer", "kind", "words", "hide_special")
    wrong = [name for group in groups for name in group.changed() if name not in of_layers]
    if wrong:
        them = "it" if len(wrong) == 1 else "them"
        raise UsageError(
            f"{', '.join(wrong)}: agreement is of layers, not of heads or metrics; expected --agreement without {them}"
        )


def _ordered(places: "Places", rows: RowOptions, metrics: "HeadMetrics", labels: "np.ndarray") -> "Places":
    import numpy as np

    from attnviz.analysis.heads import labelled_heads, sorted_heads

    if rows.sort is None:
        return places
    name = rows.sort.removeprefix("-")
    if name == "label":
        return labelled_heads(places, labels, metrics, last=rows.sort != name)
    if name not in metrics.values:
        raise UsageError(f"sort: there is no {name} here ({metrics.missing[name]}); expected another metric")
    if np.isnan(metrics.values[name]).all():
        raise UsageError(f"sort: {name} is undefined for every head; expected another metric")
    return sorted_heads(places, metrics.values[name], smallest=rows.sort != name)


def _document(attention: "Attention", metrics: "TextMetrics", listed: list[dict[str, object]]) -> dict[str, object]:
    """What ``heads --json`` prints."""
    from attnviz.json_names import SCHEMA_NAME
    from attnviz.output.document import arranged_fields, model_document

    document = {
        "schema": SCHEMA_NAME,
        "model": model_document(attention.model),
        "kind": attention.kind,
        "texts": metrics.texts,
        "rows": max(int(rows.max()) for name, rows in metrics.counts.items() if name != "ablation"),
    }
    return document | arranged_fields(attention) | {"heads": listed, "missing": metrics.missing}


def _print(
    document: dict[str, object],
    there: "Mapping[str, Metric]",
    rows: RowOptions,
    columns: tuple[str, ...],
    metrics: "HeadMetrics",
    fitting: int,
    attention: "Attention",
    output: JsonOptions,
    formats: FormatOptions,
    width: WidthOptions,
    common: CommonOptions,
) -> None:
    from attnviz.cli.streams import print_view, screen_of, write_bytes
    from attnviz.output.document import dump
    from attnviz.output.heads_csv import heads_csv
    from attnviz.output.heads_table import HeadsTable, Shown
    from attnviz.output.lines import provenance_line

    if output.json:
        write_bytes(dump(document))
        return
    distance = ("jsd",) * ("clusters" in document and len(document["heads"]) > 1)
    if formats.csv:
        write_bytes(heads_csv(document, (*distance, *(columns or there))).encode())
        return
    columns = (*distance, *columns) if columns else ()
    units = dict.fromkeys(distance, "ratio") | {name: metric.unit for name, metric in there.items()}
    asked = [name.removesuffix("_z") for text in (rows.sort, rows.where) for name in re.findall(r"\w+", text or "")]
    first = tuple(dict.fromkeys(name for name in (*distance, "ablation", *asked) if name in units))
    which = ", ".join(filter(None, (_which(rows), "similar ones together" * ("clusters" in document))))
    total = len(metrics.layers) * len(metrics.heads)
    shown = Shown(units, total, columns, first, which, formats.cmap, fitting, _largest(metrics))
    screen = screen_of(common, width.width)
    print_view(provenance_line(attention.model, screen), screen)
    print_view(HeadsTable(document, shown, screen), screen)


def _largest(metrics: "HeadMetrics") -> dict[str, float]:
    """By metric, the largest absolute value of a head; nothing where no head has one."""
    import numpy as np

    there = {name: values[~np.isnan(values)] for name, values in metrics.values.items()}
    return {name: float(np.abs(values).max()) for name, values in there.items() if values.size}


def _which(rows: RowOptions) -> str:
    """Which heads are printed, and in which order, in words."""
    parts = [f"where {rows.where}"] if rows.where is not None else []
    if rows.sort is not None:
        name = rows.sort.removeprefix("-")
        order = "smallest" if name != rows.sort else "largest"
        by_label = "by label" if name == rows.sort else "by label, the last first"
        parts.append(by_label if name == "label" else f"the {order} {name} first")
    return ", ".join(parts)


def _metrics(measures: MeasureOptions) -> "Mapping[str, Metric]":
    """By name, those that these options give."""
    from attnviz.analysis.metrics import ALL_METRICS, METRICS

    return ALL_METRICS if measures.ablation else METRICS


def _columns(rows: RowOptions, there: "Mapping[str, Metric]", zs: tuple[str, ...]) -> tuple[str, ...]:
    """The metrics asked for, by themselves or by their z; none where those that fit are wanted."""
    if rows.columns is None:
        return ()
    if rows.columns.strip() == "all":
        return tuple(there)
    names = [name.strip() for name in rows.columns.split(",")]
    for name in names:
        _known(name, "columns", (*there, *zs))
    return tuple(dict.fromkeys(name.removesuffix("_z") for name in names))  # each stands beside its z


def _where(rows: RowOptions, there: "Mapping[str, Metric]", zs: tuple[str, ...]) -> "Expression | None":
    from attnviz.analysis.conditions import parse
    from attnviz.analysis.labels import LABELS
    from attnviz.cli.conditions import pointed

    if rows.where is None:
        return None
    names = (*there, *zs)
    for name in re.findall(r"\w+", rows.where):
        _measured(name, "where", names)
    with pointed(rows.where):
        return parse(rows.where, names, LABELS, per_head=True)


def _measured(name: str, what: str, names: tuple[str, ...]) -> None:
    """Refuses the name of what an option has to be given for."""
    from attnviz.analysis.metrics import ALL_METRICS

    if name in names:
        return
    if name == "ablation" or (name == "ablation_z" and "ablation" not in names):
        raise UsageError(f"{what}: ablation is measured only with --ablation; expected both")
    if name.endswith("_z") and name.removesuffix("_z") in ALL_METRICS:
        raise UsageError(f"{what}: {name} is measured only with --null; expected both")


def _known(name: str, what: str, names: tuple[str, ...]) -> None:
    import difflib

    _measured(name, what, names)
    if name not in names:
        near = difflib.get_close_matches(name[:40], names, 1)
        raise UsageError(
            f"{what}: there is no metric {one_line(name)!r}; expected one of {', '.join(names)}",
            hint=f"did you mean {near[0]}?" if near else None,
        )
