"""``attnviz weights``: write seeded weights, describe a file, turn other formats into the native one."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attnviz.cli.block_options import BlockOptions
from attnviz.cli.command import Options, command, command_app, option
from attnviz.cli.help.pages import OUTPUT
from attnviz.cli.options import (
    CommonOptions,
    ConfigPath,
    FamilyName,
    JsonOptions,
    Revision,
    SourceLang,
    TargetLang,
    TokenizerName,
    Variant,
)
from attnviz.cli.parsing import CommandGroup
from attnviz.errors import UsageError, brief

if TYPE_CHECKING:
    from attnviz.cli.renderings import Views
    from attnviz.output.rendering import Document


class FileOptions(Options):
    """The file to write."""

    out: Annotated[Path, option(OUTPUT, "-o", "--out", metavar="PATH", help="The file to write: .safetensors or .npz.")]
    force: Annotated[bool, option(OUTPUT, "--force", help="Overwrite the file if it exists.")] = False


class DecoderOptions(Options):
    """What the file holds."""

    decoder: Annotated[
        bool, option(OUTPUT, "--decoder/--no-decoder", help="Write a decoder too, for cross-attention. [default: off]")
    ] = False


class InitOptions(Options):
    """Where the block's fields and the tokenizer come from."""

    config: ConfigPath = None
    tokenizer: TokenizerName = None


class ModelSourceOptions(Options):
    """What to convert."""

    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE|DIR|ID",
            help="A native checkpoint, a model folder, a GGUF file, or a model on the hub.",
            show_default=False,
        ),
    ]
    revision: Revision = None
    variant: Variant = None
    family: FamilyName = None
    source_lang: SourceLang = None
    target_lang: TargetLang = None


class CheckpointOptions(Options):
    """The file to read."""

    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="A native checkpoint, or a GGUF file.", show_default=False)
    ]


_CONVERT_EXAMPLES = """
attnviz weights convert toy.safetensors -o toy.npz
attnviz weights convert ./my-bert -o my-bert.safetensors
"""


class WeightsCommands(CommandGroup):
    """The commands on files of weights."""

    examples = ("attnviz weights init -o toy.safetensors --seed 7", "attnviz weights info toy.safetensors")


app = command_app(cls=WeightsCommands, help="Write random weights; describe or convert a file of weights.")


@command(
    app,
    "init",
    examples="attnviz weights init -o toy.safetensors --n-layers 3 --seed 7",
    main="out config seed n_layers n_heads d_model decoder tokenizer force",
    topic="weights",
)
def init(
    models: InitOptions, block: BlockOptions, content: DecoderOptions, target: FileOptions, common: CommonOptions
) -> None:
    """Write seeded weights to a file.

    The file then gives exactly the attention that the seed gives.
    """
    from attnviz.cli.streams import note
    from attnviz.model import load, save

    # A decoder is seeded, whether it is written or not.
    model = load(fields=block.values_by_name(), decoder=True, **models.values_by_name())
    if models.tokenizer is not None and model.tokenizer.n_vocab is None:
        raise UsageError(f"tokenizer: a file cannot hold {brief(models.tokenizer)!r}; expected a tokenizer JSON file")
    save(model, target.out, decoder=content.decoder, overwrite=target.force)
    note(common, f"{target.out}: written")


@command(app, "convert", examples=_CONVERT_EXAMPLES, main="source out revision force", topic="weights")
def convert(source: ModelSourceOptions, target: FileOptions, common: CommonOptions) -> None:
    """Turn a model folder, or a native file, into one native file.

    The name of the output says which format it has: .safetensors or .npz.
    """
    from attnviz.checkpoints.formats.magic import is_gguf
    from attnviz.cli.groups.loading import loaded
    from attnviz.cli.streams import is_watched, note
    from attnviz.model import save

    path = Path(source.source)
    origin = "weights" if os.path.isfile(path) and not is_gguf(path) else "model"
    options = source.values_by_name() | {"progress": is_watched(common)}
    options[origin] = options.pop("source")
    save(loaded(options, common), target.out, overwrite=target.force)
    note(common, f"{target.out}: written")


@command(
    app,
    "info",
    examples="attnviz weights info toy.safetensors\nattnviz weights info toy.npz --json",
    main="path json",
    topic="weights",
)
def info(checkpoint: CheckpointOptions, output: JsonOptions, common: CommonOptions) -> None:
    """Describe a file of weights.

    Its configuration, tensors, sizes, number types and SHA-256.
    """
    from attnviz.checkpoints.formats.magic import check_gguf, is_gguf
    from attnviz.cli.renderings import json_or_screen
    from attnviz.names import SCHEMA_NAME
    from attnviz.output.rendering import render

    def load_views() -> "Views[Document]":
        from attnviz.output.terminal.tables.weights import weights_views

        return weights_views

    if checkpoint.path.suffix.lower() == ".gguf":
        check_gguf(checkpoint.path)
    if is_gguf(checkpoint.path):
        from attnviz.checkpoints.gguf.description import describe_gguf as describe
    else:
        from attnviz.checkpoints.formats.native import describe
    document = {"schema": SCHEMA_NAME, "weights": describe(checkpoint.path).as_dict()}
    render([document], json_or_screen(common, dict, load_views, json=output.json))
