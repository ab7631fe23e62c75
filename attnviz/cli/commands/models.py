"""``attnviz models``: which families load, and what a model folder holds."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from attnviz.cli.command import Options, command, command_app
from attnviz.cli.options import CommonOptions, FamilyName, JsonOptions, Revision, Variant

if TYPE_CHECKING:
    from attnviz.cli.renderings import Views
    from attnviz.output.rendering import Document

_EXAMPLES = """
attnviz models
attnviz models tiny
attnviz models ./my-bert
attnviz models sentence-transformers/all-MiniLM-L6-v2 --json
"""


class FolderOptions(Options):
    """The model to describe."""

    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[DIR|FILE|ID]",
            help="A model folder, a GGUF file, ollama:NAME, tiny, or the id of a model on the hub.",
            show_default=False,
        ),
    ] = None
    revision: Revision = None
    variant: Variant = None
    family: FamilyName = None


app = command_app()


@command(app, "models", examples=_EXAMPLES, main="source revision json", topic="models")
def models(source: FolderOptions, output: JsonOptions, common: CommonOptions) -> None:
    """List the models that load, or describe one.

    Describes a folder, a GGUF file, tiny, or a model on the hub: family, sizes, limit, tokenizer, files, tensors.
    """
    from attnviz.checkpoints.huggingface.description import describe_folder, known_families
    from attnviz.checkpoints.huggingface.registry import plugin_faults
    from attnviz.cli.renderings import json_or_screen
    from attnviz.cli.streams import is_watched, note
    from attnviz.model import BUNDLED, bundled_folder, check_unneeded, find_folder
    from attnviz.names import SCHEMA_NAME
    from attnviz.output.rendering import render

    document: dict[str, object]
    notable: dict[str, object] = {}
    if source.source is not None:
        origin = find_folder(source.source, source.revision, variant=source.variant, progress=is_watched(common))
        folder = describe_folder(*origin, variant=source.variant, family_type=source.family)
        document, notable = {"model": folder.as_dict()}, folder.config.notable_fields()
    else:
        check_unneeded(source.revision, source.variant, source.family)
        for fault in plugin_faults():
            note(common, fault)
        bundled = describe_folder(bundled_folder(), BUNDLED)
        document = {"bundled": [bundled.as_dict()], "families": known_families()}

    def load_views() -> "Views[Document]":
        from attnviz.output.terminal.tables.models import models_views

        return partial(models_views, notable=notable)

    render([{"schema": SCHEMA_NAME, **document}], json_or_screen(common, dict, load_views, json=output.json))
