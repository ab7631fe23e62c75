"""``attnviz heads --agreement``: whether weights rank keys as norms and zeroing do."""

from dataclasses import replace
from typing import TYPE_CHECKING

from attnviz.cli.head_options import HeadOptions, WidthOptions, attention_of_heads, request_of_heads
from attnviz.cli.options import BlockOptions, CommonOptions, InputOptions, JsonOptions, ModelOptions
from attnviz.errors import UsageError

if TYPE_CHECKING:
    from attnviz.analysis.averages import RunningMean
    from attnviz.trace import Attention


def print_agreement(
    inputs: InputOptions,
    models: ModelOptions,
    block: BlockOptions,
    selection: HeadOptions,
    output: JsonOptions,
    width: WidthOptions,
    common: CommonOptions,
) -> None:
    """Prints a row a layer, or JSON.

    Raises:
        UsageError: attention from elsewhere, of which norms and zeroing are not known.
    """
    from attnviz.analysis.agreement import PAIRS
    from attnviz.cli.streams import print_view, screen_of, write_bytes
    from attnviz.output.agreement_view import AgreementView
    from attnviz.output.document import dump
    from attnviz.output.lines import provenance_line

    if inputs.attention is not None:
        raise UsageError("agreement, attention: norms and zeroing take a model to run; expected one of them")
    attention, agreement = _averaged(inputs, models, block, selection, common)
    document = _document(attention, agreement)
    if output.json:
        write_bytes(dump(document))
        return
    screen = screen_of(common, width.width)
    print_view(provenance_line(attention.model, screen), screen)
    print_view(AgreementView(document, PAIRS, screen), screen)


def _averaged(
    inputs: InputOptions, models: ModelOptions, block: BlockOptions, selection: HeadOptions, common: CommonOptions
) -> "tuple[Attention, RunningMean]":
    """The last text's weights, for what all have in common, and the agreement over all texts."""
    from attnviz.analysis.agreement import COMPARED, layer_agreement
    from attnviz.analysis.averages import RunningMean
    from attnviz.api import run_prepared
    from attnviz.cli.inputs import prepared_inputs, say_if_slow
    from attnviz.cli.streams import progress

    request = request_of_heads(selection, inputs)
    requests = {name: replace(request, values=name) for name in COMPARED}
    found, attention = RunningMean(), None
    model, texts = prepared_inputs(inputs, models, block, common)
    with progress(common, "texts") as step:
        for text in texts:
            say_if_slow(common, requests["zeroing"], max(len(text.tokens), len(text.target_tokens)))
            views = {name: attention_of_heads(run_prepared(model, text, wanted)) for name, wanted in requests.items()}
            attention = views["weights"]
            found.add(layer_agreement(views), sum(not token.padding for token in attention.queries))
            if step is not None:
                step(found.texts, None)
    return attention, found


def _document(attention: "Attention", agreement: "RunningMean") -> dict[str, object]:
    """What ``heads --agreement --json`` prints."""
    from math import isnan

    from attnviz.analysis.agreement import PAIRS
    from attnviz.json_names import SCHEMA_NAME
    from attnviz.output.document import arranged_fields, model_document

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
