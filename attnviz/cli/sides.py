"""The two sides of a comparison: their options, and the result of each."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attnviz.cli.block_options import BlockOptions
from attnviz.cli.command import Options, option
from attnviz.cli.groups.attention import AttentionOptions
from attnviz.cli.head_options import HeadOptions
from attnviz.cli.help.pages import INPUT, SECOND_SIDE
from attnviz.cli.options import (
    AttentionPath,
    AttentionSource,
    CommonOptions,
    InputOptions,
    ModelOptions,
    Pair,
    Target,
    TokenLabels,
    Truncate,
)
from attnviz.errors import UsageError
from attnviz.numbers import parse_heads

if TYPE_CHECKING:
    from attnviz.trace.result import Result


# What the second side has of its own, for commands that compare.
VsAttention = Annotated[
    str | None,
    option(SECOND_SIDE, "--vs-attention", metavar="PATH", help="The file that --attention is compared with."),
]
VsModel = Annotated[
    str | None, option(SECOND_SIDE, "--vs-model", metavar="DIR|ID", help="The model that --model is compared with.")
]
VsWeights = Annotated[
    Path | None, option(SECOND_SIDE, "--vs-weights", metavar="PATH", help="The checkpoint to compare with.")
]
VsSeed = Annotated[
    int | None,
    option(
        SECOND_SIDE,
        "--vs-seed",
        metavar="N",
        help="Random weights of the same shape to compare with, from this seed.",
    ),
]
VsLayer = Annotated[
    str | None,
    option(SECOND_SIDE, "--vs-layer", metavar="L", help="Layers, compared with those of --layer in order."),
]
VsHead = Annotated[
    str | None,
    option(SECOND_SIDE, "--vs-head", metavar="H", help="Heads, compared with those of --head in order: L1H7."),
]


class SidesOptions(Options):
    """What is compared."""

    text: Annotated[
        str | None,
        typer.Argument(
            help="The text; - reads it from standard input.", show_default=False, metavar="[A]", rich_help_panel=INPUT
        ),
    ] = None
    other: Annotated[
        str | None,
        typer.Argument(
            help="The other text, if there is one.", show_default=False, metavar="[B]", rich_help_panel=INPUT
        ),
    ] = None
    pair: Pair = None
    target: Target = None
    attention: AttentionPath = None
    tokens: TokenLabels = None
    truncate: Truncate = False
    vs_attention: VsAttention = None
    vs_model: VsModel = None
    vs_weights: VsWeights = None
    vs_seed: VsSeed = None
    vs_layer: VsLayer = None
    vs_head: VsHead = None


def results_of_sides(
    sides: SidesOptions,
    elsewhere: AttentionOptions,
    models: ModelOptions,
    block: BlockOptions,
    selection: HeadOptions,
    common: CommonOptions,
) -> "tuple[Result, Result]":
    """Both sides run, or read."""
    from attnviz.api.diff import only_result, result_of_random_weights
    from attnviz.cli.head_options import request_of_heads
    from attnviz.cli.inputs import corpus_of

    _check(sides)
    inputs = _inputs(sides, sides.text, sides.attention)
    source = AttentionSource(inputs=inputs, elsewhere=elsewhere, models=models, block=block, common=common)
    with _side("A"):
        first = only_result(corpus_of(source), request_of_heads(selection, target=sides.target is not None))
    # Standard input was read already; its text is in the result.
    inputs = _inputs(sides, first.text if sides.other is None else sides.other, sides.vs_attention or sides.attention)
    selection = selection.replaced(
        layer=_layer_of_b(selection, sides),
        head=selection.head if sides.vs_head is None else sides.vs_head,
    )
    request = request_of_heads(selection, target=sides.target is not None)
    models, block = _model_of_b(models, block, sides)
    source = AttentionSource(inputs=inputs, elsewhere=elsewhere, models=models, block=block, common=common)
    with _side("B"):
        if sides.vs_seed is not None:
            return first, result_of_random_weights(corpus_of(source), request, sides.vs_seed)
        return first, only_result(corpus_of(source), request)


def _layer_of_b(selection: HeadOptions, sides: SidesOptions) -> str | None:
    """B's own layers, or A's; names of heads say their layers themselves."""
    if sides.vs_layer is not None:
        return sides.vs_layer
    has_names = sides.vs_head is not None and parse_heads(sides.vs_head) is not None
    return None if has_names else selection.layer


@contextmanager
def _side(name: str) -> Iterator[None]:
    """Lets an error say which side asks for what it does not have."""
    try:
        yield
    except UsageError as error:
        raise error.at(name) from error


def _check(sides: SidesOptions) -> None:
    """Refuses one side alone, and sides of which one cannot be read."""
    others = (sides.other, *(getattr(sides, name) for name in sides.names() if name.startswith("vs_")))
    if all(other is None for other in others):
        raise UsageError(
            "diff: there is nothing to compare with; expected a second text, --vs-seed, --vs-model, --vs-weights, "
            "--vs-layer, --vs-head or --vs-attention"
        )
    if sides.attention is None and sides.vs_attention is not None:
        raise UsageError("vs-attention: there is no attention to compare with; expected --attention too")
    if sides.attention is not None and sides.text is not None:
        raise UsageError("text, attention: 2 inputs are given; expected one")
    if sides.attention is not None:
        wrong = [name for name in ("vs_model", "vs_weights", "vs_seed") if getattr(sides, name) is not None]
        if wrong:
            name = wrong[0].replace("_", "-")
            raise UsageError(f"{name}, attention: there is no model to run on --attention; expected one of them")
    if "-" in (sides.other, sides.vs_attention) or (sides.attention == "-" and sides.vs_attention is None):
        raise UsageError("diff: standard input can be one side only, A; expected a text or a file as the other")
    if sum(value is not None for value in (sides.vs_model, sides.vs_weights, sides.vs_seed)) > 1:
        raise UsageError("vs-model, vs-weights, vs-seed: several are given; expected one of them")


def _inputs(sides: SidesOptions, text: str | None, attention: str | None) -> InputOptions:
    """One side as other commands have their input."""
    text = None if attention is not None else text
    more = {name: getattr(sides, name) for name in ("pair", "target", "tokens", "truncate")}
    return InputOptions(text=text, attention=attention, **more)


def _model_of_b(models: ModelOptions, block: BlockOptions, sides: SidesOptions) -> tuple[ModelOptions, BlockOptions]:
    """A's model, or B's own in its place."""
    if sides.vs_model is None and sides.vs_weights is None:
        return models, block
    variables = models.from_variables - {"model", "weights", "seed"}
    origins = {"model": sides.vs_model, "weights": sides.vs_weights, "revision": None}
    origins |= {"variant": None, "family": None}
    return (
        models.replaced(**origins, from_variables=variables),
        block.replaced(seed=None, from_variables=variables),
    )
