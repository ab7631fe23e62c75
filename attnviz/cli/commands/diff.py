"""``attnviz diff``: two texts, models, seeds, layers or files against each other, head by head."""

from functools import partial
from math import isnan
from typing import TYPE_CHECKING, Annotated

from attnviz.cli.block_options import BlockOptions
from attnviz.cli.command import Options, command, command_app, option
from attnviz.cli.groups.attention import AttentionOptions
from attnviz.cli.head_options import HeadOptions, WidthOptions
from attnviz.cli.help.pages import VIEW
from attnviz.cli.options import CommonOptions, Force, ModelJsonOptions, ModelOptions, place_option
from attnviz.cli.pictures.options import FigureOptions
from attnviz.cli.sides import SidesOptions, results_of_sides
from attnviz.errors import UsageError

if TYPE_CHECKING:
    from attnviz.cli.renderings import Views
    from attnviz.output.rendering import Document

_EXAMPLES = """
attnviz diff "The cat sat on the table" "The dog sat on the table"
attnviz diff "The cat sat on the table" --seed 0 --vs-seed 1 -o out/
attnviz diff "The cat sat on the table" --layer 0 --vs-layer 2
attnviz diff "The cat sat on the table" --model ./before --vs-model ./after --tolerance 0.05
attnviz diff --attention before.json --vs-attention after.json
"""


class DiffOptions(Options):
    """What is printed, drawn and allowed."""

    top: Annotated[
        int, option(VIEW, "--top", metavar="N", min=1, help="Only the N strongest changes, and heads. [default: 10]")
    ] = 10
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
        str | None,
        place_option("Also draw B less A: FIGURE.pdf, .svg or .png for one figure; else a folder of pictures."),
    ] = None
    force: Force = False


app = command_app()


@command(
    app,
    "diff",
    examples=_EXAMPLES,
    main="text other model vs_model seed vs_seed layer head top tolerance out json",
    topic="diff",
)
def diff(
    sides: SidesOptions,
    elsewhere: AttentionOptions,
    models: ModelOptions,
    block: BlockOptions,
    selection: HeadOptions,
    view: DiffOptions,
    width: WidthOptions,
    figure: FigureOptions,
    output: ModelJsonOptions,
    common: CommonOptions,
) -> int:
    """Compare two texts, models, seeds, layers or files, head by head.

    Prints how far each head's rows are apart (jsd: 0 equal, 1 nothing in common) and the weights that changed most.
    Words that were replaced one for one are compared with each other (it -> tired | wide); what a row gives to added or
    removed words is one cell, *rest*.
    """
    from attnviz.api.diff import diff as diff_of
    from attnviz.cli.pictures.places import PicturePlace, note_pictures
    from attnviz.cli.renderings import WhileRead, json_or_screen
    from attnviz.cli.streams import progress
    from attnviz.output.rendering import render

    if view.tolerance is not None and isnan(view.tolerance):
        raise UsageError("tolerance: nan is not a number; expected one from 0 to 1")
    place = PicturePlace.beside_text(view.out, figure, force=view.force)
    report = diff_of(*results_of_sides(sides, elsewhere, models, block, selection, common))
    words = selection.words is not False
    document = report.as_dict(top=view.top, tolerance=view.tolerance, model_info=output.model_info)

    def load_views() -> "Views[Document]":
        from attnviz.output.terminal.tables.diff import diff_views

        special = selection.hide_special is False
        return partial(diff_views, difference=report.difference, top=view.top, words=words, special=special)

    rendering = json_or_screen(common, dict, load_views, json=output.json, width=width.width)
    render([document], WhileRead(rendering))
    if place is not None:
        with progress(common, str(place)) as step:
            drawn = report.draw(place, words=words, force=view.force, progress=step, **figure.looks)
        note_pictures(common, place, drawn)
    return 1 if document.get("holds") is False else 0
