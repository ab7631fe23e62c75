"""``attnviz explain``: one query token, step by step."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from attnviz.cli.command import Options, command, command_app
from attnviz.cli.options import (
    SELECTION,
    VIEW,
    BlockOptions,
    CommonOptions,
    InputOptions,
    JsonOptions,
    ModelOptions,
    complete_numbers,
    option,
)
from attnviz.errors import AttnvizError, UsageError

if TYPE_CHECKING:
    from attnviz.trace.steps import Explanation

_EXAMPLES = """
attnviz explain "The cat sat on the mat" --query cat
attnviz explain "The cat sat on the mat" --query 1 --layer 1 --head 2 --full
attnviz explain "Le chat dort" --target "The cat sleeps" --query cat
attnviz explain --vectors vectors.csv --weights weights.npz --query 0
"""


class PlaceOptions(Options):
    """Which query token of which head."""

    query: Annotated[
        str | None,
        option(
            SELECTION,
            "--query",
            metavar="TOKEN",
            help="A token's number, or the text of the first such token. [default: the last word]",
        ),
    ] = None
    layer: Annotated[
        str | None,
        option(
            SELECTION,
            "--layer",
            "-L",
            metavar="L",
            autocompletion=complete_numbers("layer"),
            help="One layer. [default: 0; of tiny, with neither, the head that show begins with]",
        ),
    ] = None
    head: Annotated[
        str | None,
        option(
            SELECTION,
            "--head",
            "-H",
            metavar="H",
            autocompletion=complete_numbers("head"),
            help="One head. [default: 0]",
        ),
    ] = None
    kind: Annotated[
        Literal["encoder", "decoder", "cross"] | None,
        option(SELECTION, "--kind", help="Which attention. [default: encoder; with --target: cross]"),
    ] = None


class DetailOptions(Options):
    """How much is printed."""

    full: Annotated[bool, option(VIEW, "--full", help="All numbers and all keys.")] = False
    precision: Annotated[
        int | None,
        option(
            VIEW, "--precision", metavar="N", min=0, max=9, help="Decimals. [default: 3; in JSON, all that a float has]"
        ),
    ] = None
    width: Annotated[
        int | None,
        option(
            VIEW, "--width", metavar="N", min=40, help="Columns to print in. [default: the terminal's; 80 in a pipe]"
        ),
    ] = None


app = command_app()


@command(app, "explain", examples=_EXAMPLES)
def explain(
    inputs: InputOptions,
    models: ModelOptions,
    block: BlockOptions,
    place: PlaceOptions,
    detail: DetailOptions,
    output: JsonOptions,
    common: CommonOptions,
) -> None:
    """Explain one query token of one head, step by step, with the real numbers.

    From the token's vector to q, k and v, scores, softmax and the weighted sum, to what leaves the layer.
    """
    explanations = _explanations(inputs, models, block, place, common)
    if output.json:
        from attnviz.cli.streams import write_bytes
        from attnviz.output.documents.results import dump, explanation_document

        for _, explanation in explanations:
            write_bytes(dump(explanation_document(explanation, precision=detail.precision)))
        return
    from attnviz.cli.streams import print_view, screen_of
    from attnviz.output.terminal.explanation import ExplanationView
    from attnviz.output.terminal.lines import text_line

    screen = screen_of(common, detail.width)
    precision = 3 if detail.precision is None else detail.precision
    for number, (where, explanation) in enumerate(explanations, start=1):
        if number > 1:
            print_view("", screen)
        if inputs.is_stream:
            print_view(text_line(number, where, explanation.text, screen), screen)
        print_view(ExplanationView(explanation, screen, full=detail.full, precision=precision), screen)


def _explanations(
    inputs: InputOptions, models: ModelOptions, block: Any, place: PlaceOptions, common: CommonOptions
) -> "Iterator[tuple[str, Explanation]]":
    from attnviz.api.run import explain as explain_prepared
    from attnviz.cli.inputs import FIRST_HEAD, FIRST_LAYER, prepared_inputs, uses_bundled

    if inputs.attention is not None:
        raise UsageError("attention: matrices alone cannot be explained; expected a text or --vectors")
    first = place.layer is None and place.head is None and uses_bundled(inputs, models, block)
    layer, head = (FIRST_LAYER, FIRST_HEAD) if first else (place.layer or "0", place.head or "0")
    model, prepared = prepared_inputs(inputs, models, block, common)
    for one in prepared:
        try:
            explanation = explain_prepared(model, one, kind=place.kind, layer=layer, head=head, query=place.query)
        except AttnvizError as error:
            raise error.at(one.where) from error
        yield one.where, explanation
