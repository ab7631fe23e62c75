"""``attnviz heads --agreement``: whether weights rank keys as norms and zeroing do."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from attnviz.cli.head_options import HeadOptions, WidthOptions, attention_of_heads, request_of_heads
from attnviz.cli.options import (
    BlockOptions,
    CommonOptions,
    InputOptions,
    JsonOptions,
    ManyOptions,
    ModelOptions,
    WorkerOptions,
)
from attnviz.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

    from attnviz.analysis.heads.averages import RunningMean
    from attnviz.analysis.matrices.selection import Request
    from attnviz.sweeps.runs import Run
    from attnviz.trace.attention import Attention


def print_agreement(
    inputs: InputOptions,
    models: ModelOptions,
    block: BlockOptions,
    selection: HeadOptions,
    many: ManyOptions,
    workers: WorkerOptions,
    output: JsonOptions,
    width: WidthOptions,
    common: CommonOptions,
) -> None:
    """Prints a row a layer, or JSON.

    Raises:
        UsageError: attention from elsewhere, of which norms and zeroing are not known.
    """
    from attnviz.analysis.heads.agreement import PAIRS
    from attnviz.analysis.heads.averages import RunningMean
    from attnviz.cli.inputs import swept_runs
    from attnviz.cli.streams import print_view, screen_of, write_bytes
    from attnviz.output.documents.results import dump
    from attnviz.output.terminal.lines import provenance_line
    from attnviz.output.terminal.tables.agreement import AgreementView

    if inputs.attention is not None:
        raise UsageError("agreement, attention: norms and zeroing take a model to run; expected one of them")
    request = request_of_heads(selection, inputs)
    attention, agreement = None, RunningMean()
    each = partial(_measured, request)
    swept = swept_runs(inputs, models, block, common, request, each, many, workers=workers.workers, prints=False)
    for _, (attention, numbers, rows) in swept:  # noqa: B007 (of the last text: what all have in common)
        agreement.add(numbers, rows)
    document = _document(attention, agreement)
    if output.json:
        write_bytes(dump(document))
        return
    screen = screen_of(common, width.width)
    print_view(provenance_line(attention.model, screen), screen)
    print_view(AgreementView(document, PAIRS, screen), screen)


def _measured(request: "Request", run: "Run") -> "tuple[Attention, np.ndarray, int]":
    """One text's agreement and its rows, with what all texts have in common."""
    from attnviz.analysis.heads.agreement import COMPARED, layer_agreement
    from attnviz.sweeps.runs import run_prepared

    views = {
        name: attention_of_heads(run_prepared(run.model, run.prepared, replace(request, values=name)))
        for name in COMPARED
    }
    weights = views["weights"]
    return weights.bare, layer_agreement(views), weights.n_rows


def _document(attention: "Attention", agreement: "RunningMean") -> dict[str, object]:
    """What ``heads --agreement --json`` prints."""
    from math import isnan

    from attnviz.analysis.heads.agreement import PAIRS
    from attnviz.names import SCHEMA_NAME
    from attnviz.output.documents.results import arranged_fields, model_document

    document = {
        "schema": SCHEMA_NAME,
        "model": model_document(attention.model),
        "kind": attention.kind,
        "texts": agreement.texts,
        "rows": agreement.rows,
    }
    rows = []
    for layer, numbers in zip(attention.layers, agreement.mean().tolist(), strict=True):
        named = zip(PAIRS, numbers, strict=True)
        rows.append({"layer": layer} | {f"{a}_{b}": None if isnan(number) else number for (a, b), number in named})
    return document | arranged_fields(attention) | {"agreement": rows}
