"""The option groups, each declared once. Importing this loads Typer and nothing heavier."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, make_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from attnviz.encoder.config import EncoderConfig
from attnviz.output.colormaps import COLORMAPS

INPUT, MODEL, BLOCK, SELECTION, VIEW = "Input", "Model", "Block", "Selection", "View"


def option(panel: str, *names: str, help: str, **more: Any) -> Any:  # noqa: A002 (Typer's own word)
    """An option under a heading of the help; its default stands in the help text, where one is worth saying."""
    return typer.Option(*names, help=help, rich_help_panel=panel, show_default=more.pop("show_default", False), **more)


def _numbers(what: str) -> Any:
    """Completes ``--layer`` and ``--head`` with what the model has, as far as the line says."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        name = f"n_{what}s"
        n = ctx.params.get(name) or EncoderConfig.__dataclass_fields__[name].default
        return [choice for choice in ("all", *map(str, range(n)), "-1") if choice.startswith(incomplete)]

    return complete


@dataclass(frozen=True)
class CommonOptions:
    """What every command understands."""

    color: Annotated[
        Literal["auto", "always", "never"],
        option("General", "--color", help="Colour: auto, always or never. NO_COLOR and FORCE_COLOR are honoured."),
    ] = "auto"
    quiet: Annotated[bool, option("General", "-q", "--quiet", help="No notes, no progress.")] = False
    debug: Annotated[bool, option("General", "--debug", help="Show a traceback when something fails.")] = False


@dataclass(frozen=True)
class JsonOptions:
    """For commands that print data."""

    json: Annotated[bool, option(VIEW, "--json", help="Print JSON (`attnviz schema` describes it).")] = False


@dataclass(frozen=True)
class InputOptions:
    """What is looked at."""

    text: Annotated[
        str | None,
        typer.Argument(help="The text; - reads standard input, one text a line.", show_default=False, metavar="[TEXT]"),
    ] = None
    file: Annotated[Path | None, option(INPUT, "--file", help="A file of texts, one a line.")] = None
    pair: Annotated[str | None, option(INPUT, "--pair", help="A second segment.")] = None
    target: Annotated[
        str | None, option(INPUT, "--target", help="A target text, whose cross-attention looks at TEXT.")
    ] = None
    vectors: Annotated[
        Path | None, option(INPUT, "--vectors", help="Vectors instead of a text: .npy, .csv, .json; a row a token.")
    ] = None
    attention: Annotated[
        str | None,
        option(
            INPUT,
            "--attention",
            help="Attention computed elsewhere: .npy, .npz, .json, or attnviz's JSON; - for stdin.",
        ),
    ] = None
    tokens: Annotated[
        str | None, option(INPUT, "--tokens", help="Labels for --vectors or --attention, separated by spaces.")
    ] = None
    pad_to: Annotated[
        int | None, option(INPUT, "--pad-to", min=1, help="Fill the text up to N tokens, which nothing attends to.")
    ] = None


@dataclass(frozen=True)
class ModelOptions:
    """Where the weights come from."""

    weights: Annotated[
        Path | None,
        option(MODEL, "--weights", envvar="ATTNVIZ_WEIGHTS", help="A native checkpoint: .safetensors or .npz."),
    ] = None
    config: Annotated[
        Path | None,
        option(MODEL, "--config", envvar="ATTNVIZ_CONFIG", help="A TOML file of the block's fields."),
    ] = None
    tokenizer: Annotated[
        str | None,
        option(
            MODEL,
            "--tokenizer",
            envvar="ATTNVIZ_TOKENIZER",
            autocompletion=lambda incomplete: [
                name for name in ("word", "whitespace", "char") if name.startswith(incomplete)
            ],
            help="word, whitespace, char, or a tokenizers JSON file. [default: the checkpoint's own, else word]",
        ),
    ] = None


def _block_field(f: Any) -> tuple[str, Any, Any]:
    """One field of the block as an option: its flag, its ATTNVIZ_ variable, its default in the help."""
    kind: Any = f.metadata["type"]
    choices = f.metadata.get("choices")
    flag = "--" + f.name.replace("_", "-")
    names = (f"{flag}/--no-{flag[2:]}",) if kind is bool else (flag,)
    shown = {True: "on", False: "off"}.get(f.default, f.default) if kind is bool else f.default
    text = f.metadata["help"] + ("" if shown is None else f" [default: {shown}]")
    more = {"min": f.metadata["least"]} if kind is int and f.metadata.get("least") is not None else {}
    declared = option(BLOCK, *names, help=text, envvar=f"ATTNVIZ_{f.name.upper()}", **more)
    return f.name, Annotated[(Literal[choices] if choices else kind) | None, declared], field(default=None)


BlockOptions = make_dataclass("BlockOptions", [_block_field(f) for f in fields(EncoderConfig)], frozen=True)
BlockOptions.__doc__ = "The block's fields; None where neither a flag nor a variable gives one."


ColormapName = Annotated[
    Literal[COLORMAPS], option(VIEW, "--cmap", envvar="ATTNVIZ_CMAP", help="Colour map. [default: viridis]")
]


@dataclass(frozen=True)
class SelectionOptions:
    """Which matrices."""

    layer: Annotated[
        str | None,
        option(SELECTION, "--layer", "-L", autocompletion=_numbers("layer"), help="Layers: 0,2-3,-1 or all."),
    ] = None
    head: Annotated[
        str | None, option(SELECTION, "--head", "-H", autocompletion=_numbers("head"), help="Heads: 0,2-3,-1 or all.")
    ] = None
    kind: Annotated[
        Literal["encoder", "decoder", "cross"] | None,
        option(SELECTION, "--kind", help="With --target: only this attention. [default: all three]"),
    ] = None
    values: Annotated[
        Literal["weights", "scores"],
        option(SELECTION, "--values", help="weights (after softmax) or scores (before). [default: weights]"),
    ] = "weights"
    reduce: Annotated[
        Literal["none", "mean-heads", "mean", "max"],
        option(SELECTION, "--reduce", help="One matrix a layer (mean-heads), or in all (mean, max). [default: none]"),
    ] = "none"


def given(options: Any, names: Iterable[str] | None = None) -> dict[str, Any]:
    """The options that were given, by name."""
    return {
        f.name: value
        for f in fields(options)
        if (names is None or f.name in names) and (value := getattr(options, f.name)) is not None
    }
