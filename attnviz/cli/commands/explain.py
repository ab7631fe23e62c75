"""``attnviz explain``: one query token, step by step."""

from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from attnviz.cli.command import Options, command, command_app, option
from attnviz.cli.help.pages import SELECTION, VIEW
from attnviz.cli.options import HideSpecial, ModelJsonOptions, Source, Words, numbers_option
from attnviz.errors import UsageError

if TYPE_CHECKING:
    from attnviz.cli.renderings import Views
    from attnviz.output.rendering import Document
    from attnviz.trace.steps import Explanation

_EXAMPLES = """
attnviz explain "The animal didn't cross the street because it was too tired."
attnviz explain "The cat sat on the table" --query cat --key table
attnviz explain "The cat sat on the table" --query 1 --layer 1 --head 2 --full
attnviz explain "The cat drank the milk" --target "The old cat" --query cat
attnviz explain --vectors vectors.csv --weights weights.npz --query 0 --all-steps
"""


class PlaceOptions(Options):
    """Which query token of which head."""

    query: Annotated[
        str | None,
        option(
            SELECTION,
            "--query",
            metavar="TOKEN",
            help="A word (word:2 is its second occurrence), or a token's number. [default: that of the link that says "
            "most]",
        ),
    ] = None
    key: Annotated[
        list[str] | None,
        option(
            SELECTION,
            "--key",
            metavar="TOKEN",
            help="A key to compare with others, as --query names one; may be repeated. [default: the strongest one, "
            "and the strongest other word]",
        ),
    ] = None
    layer: Annotated[
        str | None,
        numbers_option("layer", "One layer. [default: that of the head that says most]"),
    ] = None
    head: Annotated[
        str | None, numbers_option("head", "One head: L2H8, or a number. [default: the one that says most]")
    ] = None
    kind: Annotated[
        Literal["encoder", "decoder", "cross"] | None,
        option(SELECTION, "--kind", help="Which attention. [default: encoder; with --target: cross]"),
    ] = None


class DetailOptions(Options):
    """How much is printed."""

    full: Annotated[bool, option(VIEW, "--full", help="All numbers, of all tokens.")] = False
    all_steps: Annotated[
        bool, option(VIEW, "--all-steps", help="Also how x came about, and what becomes of z: every step of the layer.")
    ] = False
    words: Words = None
    hide_special: HideSpecial = None
    precision: Annotated[
        int | None,
        option(
            VIEW, "--precision", metavar="N", min=0, max=9, help="Decimals. [default: 3; in JSON, all that a float has]"
        ),
    ] = None
    width: Annotated[
        int | None,
        option(
            VIEW,
            "-w",
            "--width",
            metavar="N",
            min=40,
            help="Columns to print in. [default: the terminal's; 80 in a pipe]",
        ),
    ] = None


app = command_app()


@command(
    app,
    "explain",
    examples=_EXAMPLES,
    main="text query key layer head kind target model full all_steps precision json",
    topic="explain",
)
def explain(
    source: Source,
    place: PlaceOptions,
    detail: DetailOptions,
    output: ModelJsonOptions,
) -> None:
    """Explain one query token of one head, step by step, with the real numbers.

    How q and two keys make scores, what softmax makes of them, and which values are mixed. With --all-steps from the
    token's vector to what leaves the layer.
    """
    from attnviz.api.run import explanations
    from attnviz.cli.inputs import corpus_of
    from attnviz.cli.renderings import json_or_screen
    from attnviz.output.rendering import render

    if source.inputs.attention is not None:
        raise UsageError("attention: matrices alone cannot be explained; expected a text or --vectors")
    explained = explanations(
        corpus_of(source), query=place.query, layer=place.layer, head=place.head, kind=place.kind, keys=place.key or ()
    )

    def document(numbered: "tuple[int, Explanation]") -> "Document":
        from attnviz.output.documents.results import explanation_document

        return explanation_document(numbered[1], precision=detail.precision, model_info=output.model_info)

    def load_views() -> "Views[tuple[int, Explanation]]":
        from attnviz.output.terminal.explained.view import ExplanationLooks
        from attnviz.output.terminal.tables.explain import explain_views

        looks = ExplanationLooks(
            detail.full, detail.all_steps, detail.precision, words=detail.words, hide_special=detail.hide_special
        )
        return partial(explain_views, looks=looks, is_stream=source.inputs.is_stream)

    rendering = json_or_screen(source.common, document, load_views, json=output.json, width=detail.width)
    render(enumerate(explained, start=1), rendering)
