"""``attnviz diff``: two texts, models, seeds, layers or files against each other, head by head."""

from contextlib import contextmanager
from copy import copy
from functools import partial
from itertools import islice
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from attnviz.cli.command import Options, command, command_app
from attnviz.cli.head_options import HeadOptions, WidthOptions
from attnviz.cli.options import (
    INPUT,
    VIEW,
    BlockOptions,
    CommonOptions,
    InputOptions,
    JsonOptions,
    ModelOptions,
    folder_name,
    option,
)
from attnviz.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attnviz.analysis.difference import Difference
    from attnviz.analysis.matrices.selection import Request
    from attnviz.trace.result import Result

VS = "The other side (whatever is not given is the same on both)"
_INPUT = InputOptions.__annotations__

_EXAMPLES = """
attnviz diff "The cat sat on the mat" "The dog sat on the mat"
attnviz diff "The cat sat on the mat" --seed 0 --vs-seed 1 -o out/
attnviz diff "The cat sat on the mat" --layer 0 --vs-layer 2
attnviz diff "The cat sat on the mat" --model ./before --vs-model ./after --tolerance 0.05
attnviz diff --attention before.json --vs-attention after.json
"""


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
    pair: _INPUT["pair"] = None
    target: _INPUT["target"] = None
    attention: _INPUT["attention"] = None
    tokens: _INPUT["tokens"] = None
    vs_attention: Annotated[
        str | None, option(VS, "--vs-attention", metavar="PATH", help="The file that --attention is compared with.")
    ] = None
    vs_model: Annotated[
        str | None, option(VS, "--vs-model", metavar="DIR|ID", help="The model that --model is compared with.")
    ] = None
    vs_weights: Annotated[
        Path | None, option(VS, "--vs-weights", metavar="PATH", help="The checkpoint to compare with.")
    ] = None
    vs_seed: Annotated[
        int | None,
        option(VS, "--vs-seed", metavar="N", help="Random weights of the same shape to compare with, from this seed."),
    ] = None
    vs_layer: Annotated[
        str | None, option(VS, "--vs-layer", metavar="L", help="Layers, compared with those of --layer in order.")
    ] = None
    vs_head: Annotated[
        str | None, option(VS, "--vs-head", metavar="H", help="Heads, compared with those of --head in order.")
    ] = None


class DiffOptions(Options):
    """What is printed, drawn and allowed."""

    top: Annotated[int, option(VIEW, "--top", metavar="N", min=1, help="Heads and changes to list. [default: 10]")] = 10
    tolerance: Annotated[
        float | None,
        option(
            VIEW,
            "--tolerance",
            metavar="X",
            min=0,
            max=1,
            help="Exit 1 where the jsd of any head exceeds it, or nothing but special tokens is compared.",
        ),
    ] = None
    out: Annotated[
        Path | None,
        option(
            VIEW,
            "-o",
            "--out",
            metavar="PATH",
            parser=folder_name,
            help="Folder for pictures of B less A as well: overview.png, L00H00.png.",
        ),
    ] = None
    force: Annotated[
        bool, option(VIEW, "--force", help="Replace files of these names that attnviz did not write, too.")
    ] = False


app = command_app()


@command(app, "diff", examples=_EXAMPLES)
def diff(
    sides: SidesOptions,
    models: ModelOptions,
    block: BlockOptions,
    selection: HeadOptions,
    view: DiffOptions,
    width: WidthOptions,
    output: JsonOptions,
    common: CommonOptions,
) -> int:
    """Compare two texts, models, seeds, layers or files, head by head.

    Prints how far each head's rows are apart (jsd: 0 equal, 1 nothing in common) and the weights that changed most. Of
    two texts the tokens that both have are compared; what a row gives to the others is one cell, the rest.
    """
    from attnviz.analysis.difference import compared
    from attnviz.cli.head_options import attention_of_heads
    from attnviz.cli.streams import still_read
    from attnviz.files import check_folder

    if view.tolerance is not None and isnan(view.tolerance):
        raise UsageError("tolerance: nan is no number; expected one from 0 to 1")
    if view.out is not None:
        check_folder(view.out)
    results = _results(sides, models, block, selection, common)
    difference = compared(*(attention_of_heads(result) for result in results))
    document = _document(difference, results, view)
    if output.json:
        from attnviz.cli.streams import write_bytes
        from attnviz.output.documents.results import dump

        still_read(partial(write_bytes, dump(document)))
    else:
        still_read(partial(_print, difference, document, view, width, common))
    if view.out is not None:
        _draw(difference, document, view, common)
    return 1 if document.get("holds") is False else 0


def _results(
    sides: SidesOptions, models: ModelOptions, block: BlockOptions, selection: HeadOptions, common: CommonOptions
) -> "tuple[Result, Result]":
    """Both sides run, or read."""
    from attnviz.cli.head_options import request_of_heads

    _check(sides)
    inputs = _inputs(sides, sides.text, sides.attention)
    with _side("A"):
        ours = _one(inputs, models, block, common, request_of_heads(selection, inputs))
    # Standard input was read already; what it said is in the result.
    inputs = _inputs(sides, ours.text if sides.other is None else sides.other, sides.vs_attention or sides.attention)
    models, block, selection = (copy(group) for group in (models, block, selection))
    selection.layer = selection.layer if sides.vs_layer is None else sides.vs_layer
    selection.head = selection.head if sides.vs_head is None else sides.vs_head
    request = request_of_heads(selection, inputs)
    with _side("B"):
        if sides.vs_seed is not None:
            return ours, _random(inputs, models, block, common, request, sides.vs_seed)
        _replace(models, block, sides)
        return ours, _one(inputs, models, block, common, request)


@contextmanager
def _side(name: str) -> "Iterator[None]":
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
    return InputOptions(text=text, pair=sides.pair, target=sides.target, attention=attention, tokens=sides.tokens)


def _replace(models: ModelOptions, block: BlockOptions, sides: SidesOptions) -> None:
    """Puts the other side's model in place of whatever A's weights come from."""
    new = {"model": sides.vs_model, "weights": sides.vs_weights, "seed": None}
    if all(value is None for value in new.values()):
        return
    models.model, models.weights, models.revision, block.seed = new["model"], new["weights"], None, new["seed"]
    models.from_variables = block.from_variables = models.from_variables - set(new)


def _random(
    inputs: InputOptions,
    models: ModelOptions,
    block: BlockOptions,
    common: CommonOptions,
    request: "Request",
    seed: int,
) -> "Result":
    """A text run through random weights of A's shape, cut by A's tokenizer."""
    from attnviz.cli.head_null import random_like
    from attnviz.cli.inputs import prepared_inputs
    from attnviz.sweeps.runs import runs

    model, prepared = prepared_inputs(inputs, models, block, common)
    return next(runs(random_like(model, seed), list(prepared), request)).result()


def _one(
    inputs: InputOptions, models: ModelOptions, block: BlockOptions, common: CommonOptions, request: "Request"
) -> "Result":
    from attnviz.cli.inputs import results

    found = list(islice(results(inputs, models, block, common, request), 2))
    if len(found) != 1:
        raise UsageError("text: there are several; expected one a side")
    return found[0]


def _document(difference: "Difference", results: "tuple[Result, Result]", view: DiffOptions) -> dict[str, Any]:
    """The object that ``--json`` prints."""
    from attnviz.analysis.difference import largest_changes
    from attnviz.output.documents.diff import diff_document, side_document

    a, b = difference.a, difference.b

    def heads_of(i: int, j: int) -> dict[str, int]:
        return {"layer": a.layers[i], "head": a.heads[j], "vs_layer": b.layers[i], "vs_head": b.heads[j]}

    heads = [
        {
            **heads_of(i, j),
            "jsd": float(difference.jsd[i, j]),
            "rest": float(difference.rest_before[i, j].mean()),
            "vs_rest": float(difference.rest_after[i, j].mean()),
            **({"one_sided": int(difference.one_sided[i, j])} if difference.one_sided[i, j] else {}),
        }
        for i in range(len(a.layers))
        for j in range(len(a.heads))
    ]
    changes = []
    for change in largest_changes(difference, view.top):
        query, vs_query = difference.queries[change.query]
        key, vs_key = (None, None) if change.key is None else difference.keys[change.key]
        places = {"query": query, "key": key, "vs_query": vs_query, "vs_key": vs_key}
        numbers = {"before": change.before, "after": change.after, "change": change.change}
        changes.append({**heads_of(change.layer, change.head), **places, **numbers})
    sides = tuple(side_document(result, side) for result, side in zip(results, (a, b), strict=True))
    pairs, special_only = (difference.queries, difference.keys), difference.special_only
    return diff_document(sides, a.kind, pairs, heads, changes, view.tolerance, special_only=special_only)


def _print(
    difference: "Difference", document: dict[str, Any], view: DiffOptions, width: WidthOptions, common: CommonOptions
) -> None:
    from attnviz.analysis.difference import sides_in_words
    from attnviz.cli.streams import print_view, screen_of
    from attnviz.output.terminal.tables.diff import DiffView

    screen = screen_of(common, width.width)
    a, provenance = difference.a, sides_in_words(difference.a, difference.b)
    print_view(DiffView(document, (a.queries, a.keys), provenance, screen, top=view.top), screen)


def _draw(difference: "Difference", document: dict[str, Any], view: DiffOptions, common: CommonOptions) -> None:
    from attnviz.analysis.difference import as_attention
    from attnviz.cli.streams import note, progress
    from attnviz.output.documents.diff import named_texts
    from attnviz.output.pictures.figures import write_heatmaps

    notes: list[str] = []
    changes = as_attention(difference, tuple(named_texts(document)))
    with progress(common, str(view.out)) as report:
        written = write_heatmaps(changes, view.out, force=view.force, note=notes.append, progress=report)
    for text in (*notes, f"{view.out}: {len(written)} pictures written"):
        note(common, text)
