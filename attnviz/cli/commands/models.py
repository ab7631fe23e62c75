"""``attnviz models``: which families load, and what a model folder holds."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from attnviz.cli.command import Options, command, command_app
from attnviz.cli.options import CommonOptions, JsonOptions, ModelOptions
from attnviz.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from attnviz.output.terminal.screen import LinesView, Screen

_EXAMPLES = """
attnviz models
attnviz models tiny
attnviz models ./my-bert
attnviz models sentence-transformers/all-MiniLM-L6-v2 --json
"""


class SourceOptions(Options):
    """The model to describe."""

    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[DIR|ID]", help="A model folder, tiny, or the id of a model on the hub.", show_default=False
        ),
    ] = None
    revision: ModelOptions.__annotations__["revision"] = None


app = command_app()


@command(app, "models", examples=_EXAMPLES)
def models(source: SourceOptions, output: JsonOptions, common: CommonOptions) -> None:
    """List the bundled model and the families that load, or describe a model folder.

    Describes a folder, tiny, or a model on the hub: family, sizes, limit, tokenizer, files, and unknown tensors.
    """
    from attnviz.checkpoints.huggingface.description import describe_folder, known_families
    from attnviz.checkpoints.huggingface.registry import plugin_faults
    from attnviz.cli.renderings import json_or_screen
    from attnviz.cli.streams import is_watched, note
    from attnviz.model import BUNDLED, bundled_folder, find_folder
    from attnviz.names import SCHEMA_NAME
    from attnviz.output.rendering import render
    from attnviz.output.terminal.tables.models import FamiliesTable, FolderTable

    if source.source is None:
        if source.revision is not None:
            raise UsageError("revision: it is of a model on the hub, and no model is given; expected both")
        for fault in plugin_faults():
            note(common, fault)
        bundled = describe_folder(bundled_folder(), BUNDLED)
        families, described = known_families(), [bundled.as_dict()]
        document: dict[str, object] = {"bundled": described, "families": families}
        view: Callable[[Screen], LinesView] = partial(FamiliesTable, families, described)
    else:
        folder = describe_folder(*find_folder(source.source, source.revision, progress=is_watched(common)))
        document = {"model": folder.as_dict()}
        view = partial(FolderTable, folder.as_dict(), folder.config.notable_fields())
    rendering = json_or_screen(common, dict, lambda _, screen: [view(screen)], json=output.json)
    render([{"schema": SCHEMA_NAME, **document}], rendering)
