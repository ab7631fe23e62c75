"""``attnviz weights``: write seeded weights, describe a file, turn one format into the other."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from attnviz.cli.command import command
from attnviz.cli.options import VIEW, BlockOptions, CommonOptions, JsonOptions, ModelOptions, given, option


@dataclass(frozen=True)
class FileOptions:
    """The file to write."""

    out: Annotated[Path, option(VIEW, "-o", "--out", help="The file to write: .safetensors or .npz.")]
    force: Annotated[bool, option(VIEW, "--force", help="Overwrite the file if it exists.")] = False


@dataclass(frozen=True)
class DecoderOptions:
    """What the file holds."""

    decoder: Annotated[
        bool, option(VIEW, "--decoder/--no-decoder", help="Write a decoder too, for cross-attention. [default: off]")
    ] = False


@dataclass(frozen=True)
class InitOptions:
    """Where the block's fields and the tokenizer come from."""

    config: ModelOptions.__annotations__["config"] = None
    tokenizer: ModelOptions.__annotations__["tokenizer"] = None


@dataclass(frozen=True)
class SourceOptions:
    """The file to read."""

    path: Annotated[Path, typer.Argument(metavar="FILE", help="A native checkpoint.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    group = typer.Typer(help="Write seeded weights, describe a file, turn one format into the other.")
    command(group, "init", examples="attnviz weights init -o toy.safetensors --n-layers 3 --seed 7")(init)
    command(group, "info", examples="attnviz weights info toy.safetensors\nattnviz weights info toy.npz --json")(info)
    command(group, "convert", examples="attnviz weights convert toy.safetensors -o toy.npz")(convert)
    app.add_typer(group, name="weights", no_args_is_help=False)


def init(
    models: InitOptions, block: BlockOptions, what: DecoderOptions, target: FileOptions, common: CommonOptions
) -> None:
    """Write the seeded weights of a configuration to a file, which then gives what the seed gives."""
    from attnviz.checkpoints.native import write_native
    from attnviz.cli.streams import note
    from attnviz.model import load

    model = load(fields=given(block), **given(models))
    write_native(
        target.out,
        model.config,
        model.params,
        decoder=what.decoder,
        tokenizer_json=getattr(model.tokenizer, "json_text", None),
        overwrite=target.force,
    )
    note(common, f"{target.out}: written")


def convert(source: SourceOptions, target: FileOptions, common: CommonOptions) -> None:
    """Turn a native checkpoint into the other format: .safetensors or .npz, by the name of the output."""
    from attnviz.checkpoints.native import read_native, write_native
    from attnviz.cli.streams import note

    native = read_native(source.path)
    write_native(
        target.out,
        native.config,
        native.params,
        decoder=native.has_decoder,
        tokenizer_json=native.tokenizer_json,
        overwrite=target.force,
    )
    note(common, f"{target.out}: written")


def info(source: SourceOptions, output: JsonOptions, common: CommonOptions) -> None:
    """Describe a checkpoint: its configuration, tensors, sizes, number types and SHA-256."""
    from attnviz.checkpoints.native import describe
    from attnviz.cli.streams import print_view, screen_of, write_bytes
    from attnviz.output.document import SCHEMA_NAME, dump
    from attnviz.output.weights_table import WeightsTable

    described = describe(source.path)
    if output.json:
        write_bytes(dump({"schema": SCHEMA_NAME, "weights": described.as_dict()}))
    else:
        screen = screen_of(common)
        print_view(WeightsTable(described.as_dict(), screen), screen)
