"""The option groups, each declared once. Importing this loads Typer and nothing heavier."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from attnviz.cli.command import INPUT, MANY, SELECTION, OptionGroups, Options
from attnviz.encoder.config.given import default_of, field_table
from attnviz.errors import UsageError
from attnviz.output.colormaps import COLORMAPS, TERMINAL_COLORMAPS

MODEL, VIEW = "Model", "View"
BLOCK = "Model shape (also ATTNVIZ_* environment variables, or keys in --config)"
SHOWN_FIELDS = (
    *("n_layers", "n_heads", "n_kv_heads", "d_model", "d_head", "d_ff", "score", "mask", "window", "position"),
    *("norm", "norm_placement", "activation", "gated", "bias", "seed"),
)


def option(panel: str, *names: str, help: str, **more: Any) -> Any:  # noqa: A002 (Typer's own word)
    """An option under a heading of the help; its default stands in the help text, where one is worth saying."""
    return typer.Option(*names, help=help, rich_help_panel=panel, show_default=False, show_envvar=False, **more)


def folder_name(text: str) -> Path:
    """The folder that an option names.

    Raises:
        UsageError: the name is empty, which would be the folder we are in.
    """
    if not text.strip():
        raise UsageError("out: the name is empty; expected a folder")
    return Path(text)


def complete_numbers(what: str) -> Any:
    """Completes ``--layer`` and ``--head`` with what the model has, as far as the line says."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        name = f"n_{what}s"
        n = ctx.params.get(name) or default_of(name)
        return [choice for choice in ("all", *map(str, range(n)), "-1") if choice.startswith(incomplete)]

    return complete


def numbers_option(what: str, text: str) -> Any:
    """``--layer`` (``-L``) or ``--head`` (``-H``), completed with what the model has."""
    initial = what[0].upper()
    names = (f"--{what}", f"-{initial}")
    return option(SELECTION, *names, metavar=initial, autocompletion=complete_numbers(what), help=text)


def folder_option(text: str) -> Any:
    """``-o``, the folder of a command's pictures."""
    return option(VIEW, "-o", "--out", metavar="PATH", parser=folder_name, help=text)


class CommonOptions(Options):
    """What every command understands."""

    color: Annotated[
        Literal["auto", "always", "never"],
        option("General", "--color", help="Colour: auto, always or never. NO_COLOR and FORCE_COLOR are honoured."),
    ] = "auto"
    quiet: Annotated[bool, option("General", "-q", "--quiet", help="No notes, no progress.")] = False
    debug: Annotated[bool, option("General", "--debug", help="Show a traceback when something fails.")] = False


class JsonOptions(Options):
    """For commands that print data."""

    json: Annotated[bool, option(VIEW, "--json", help="Print JSON (`attnviz schema` describes it).")] = False


class InputOptions(Options):
    """What is looked at."""

    text: Annotated[
        str | None,
        typer.Argument(
            help="The text; - reads standard input, one text a line.",
            show_default=False,
            metavar="[TEXT]",
            rich_help_panel=INPUT,
        ),
    ] = None
    file: Annotated[Path | None, option(INPUT, "--file", metavar="PATH", help="A file of texts, one a line.")] = None
    pair: Annotated[str | None, option(INPUT, "--pair", metavar="TEXT", help="A second segment.")] = None
    target: Annotated[
        str | None,
        option(INPUT, "--target", metavar="TEXT", help="A target text, whose cross-attention looks at TEXT."),
    ] = None
    vectors: Annotated[
        Path | None,
        option(
            INPUT,
            "--vectors",
            metavar="PATH",
            help="Vectors, a row a token, instead of a text: .npy, .npz, .csv, .json.",
        ),
    ] = None
    attention: Annotated[
        str | None,
        option(
            INPUT,
            "--attention",
            metavar="PATH",
            help="Attention computed elsewhere: .npy, .npz, .json, or attnviz's JSON; - for stdin.",
        ),
    ] = None
    tokens: Annotated[
        str | None,
        option(INPUT, "--tokens", metavar="TEXT", help="Labels for --vectors or --attention, separated by spaces."),
    ] = None
    pad_to: Annotated[
        int | None,
        option(INPUT, "--pad-to", metavar="N", min=1, help="Pad to N tokens; padding is masked.", hidden=True),
    ] = None

    @property
    def is_stream(self) -> bool:
        """Whether texts are read a line at a time, from a file or from standard input."""
        return self.file is not None or (self.text in (None, "-") and self.vectors is None and self.attention is None)


class ManyOptions(Options):
    """What becomes of texts that cannot be used, and how fast the others go."""

    on_error: Annotated[
        Literal["stop", "skip"],
        option(MANY, "--on-error", help="At a line that cannot be used: stop, or skip it with a note. [default: stop]"),
    ] = "stop"
    threads: Annotated[
        int | None,
        option(
            MANY,
            "--threads",
            metavar="N",
            min=1,
            help="Threads of a matrix product. [default: 1; of long texts all CPUs there are]",
        ),
    ] = None


class WorkerOptions(Options):
    """For commands whose texts can be shared out."""

    workers: Annotated[
        int | None,
        option(
            MANY,
            "--workers",
            metavar="N",
            min=1,
            help="Processes that share the lines of a file or a pipe. [default: the CPUs there are]",
        ),
    ] = None


class ModelOptions(Options):
    """Where the weights come from."""

    model: Annotated[
        str | None,
        option(
            MODEL,
            "--model",
            metavar="DIR|ID",
            envvar="ATTNVIZ_MODEL",
            help="A Hugging Face model folder, tiny, or the id of a model on the hub. [default: tiny, unless a seed, "
            "a tokenizer or a field of the block is given]",
        ),
    ] = None
    revision: Annotated[
        str | None,
        option(MODEL, "--revision", metavar="NAME", help="Branch, tag or commit of the hub's model."),
    ] = None
    weights: Annotated[
        Path | None,
        option(
            MODEL,
            "--weights",
            metavar="PATH",
            envvar="ATTNVIZ_WEIGHTS",
            help="A native checkpoint: .safetensors or .npz.",
        ),
    ] = None
    config: Annotated[
        Path | None,
        option(MODEL, "--config", metavar="PATH", envvar="ATTNVIZ_CONFIG", help="A TOML file of the block's fields."),
    ] = None
    tokenizer: Annotated[
        str | None,
        option(
            MODEL,
            "--tokenizer",
            metavar="NAME",
            envvar="ATTNVIZ_TOKENIZER",
            autocompletion=lambda incomplete: [
                name for name in ("word", "whitespace", "char") if name.startswith(incomplete)
            ],
            help="word, whitespace, char, or a tokenizers JSON file. [default: the model's own, else word]",
        ),
    ] = None

    def begin(self) -> None:
        """Begins the digest of the weights, which takes longest and needs nothing else."""
        from attnviz.checkpoints.digest import begin_ahead

        for path in (self.model, self.weights):
            if path is not None:
                begin_ahead(Path(path))


def _block_field(f: Any) -> Any:
    """One field of the block as an option: its flag, its ATTNVIZ_ variable, its default in the help."""
    kind: Any = f.metadata["type"]
    default = f.metadata["default"]
    choices = f.metadata.get("choices")
    flag = "--" + f.name.replace("_", "-")
    names = (f"{flag}/--no-{flag[2:]}",) if kind is bool else (flag,)
    shown = {True: "on", False: "off"}.get(default, default) if kind is bool else default
    text = f.metadata["help"] + ("" if shown is None else f" [default: {shown}]")
    metavar = {int: "N", float: "X"}.get(kind)  # the field's own check says which numbers are too small
    hidden = f.name not in SHOWN_FIELDS
    declared = option(BLOCK, *names, help=text, envvar=f"ATTNVIZ_{f.name.upper()}", metavar=metavar, hidden=hidden)
    return Annotated[(Literal[choices] if choices else kind) | None, declared]


class BlockOptions(Options):
    """The block's fields; None where neither a flag nor a variable gives one."""

    __annotations__ = {f.name: _block_field(f) for f in field_table()} | {
        "set": Annotated[
            list[str] | None,
            option(BLOCK, "--set", metavar="NAME=VALUE", help="Set any field, such as rotary_base=5e5. Repeatable."),
        ]
    }

    def begin(self) -> None:
        """Takes over what ``--set`` gives, as if it were given by flags.

        Raises:
            UsageError: a text that sets no field, or a field with another value as a flag.
        """
        texts = getattr(self, "set", None) or []
        self.set = None
        if not texts:
            return
        from attnviz.encoder.config.spelling import assigned

        for name, value in assigned(texts).items():
            flag = None if name in self.from_variables else getattr(self, name)
            if flag is not None and flag != value:
                raise UsageError(f"set, {name.replace('_', '-')}: {value} and {flag}; expected one value")
            setattr(self, name, value)
            self.from_variables -= {name}


for _name in BlockOptions.names():
    setattr(BlockOptions, _name, None)


ColormapName = Annotated[
    Literal[COLORMAPS], option(VIEW, "--cmap", envvar="ATTNVIZ_CMAP", help="Colour map. [default: viridis]")
]


TerminalColormapName = Annotated[
    Literal[TERMINAL_COLORMAPS], option(VIEW, "--cmap", envvar="ATTNVIZ_CMAP", help="Colour map. [default: amber]")
]


RawTokens = Annotated[bool, option(VIEW, "--raw-tokens", help="Label tokens in the tokenizer's own spelling (##ing).")]


Force = Annotated[bool, option(VIEW, "--force", help="Replace files of these names that attnviz did not write, too.")]


Width = Annotated[
    int | None,
    option(VIEW, "--width", metavar="N", min=20, help="Columns to print in. [default: the terminal's; 80 in a pipe]"),
]


class SelectionOptions(Options):
    """Which matrices."""

    layer: Annotated[str | None, numbers_option("layer", "Layers: 0,2-3,-1 or all.")] = None
    head: Annotated[str | None, numbers_option("head", "Heads: 0,2-3,-1 or all.")] = None
    kind: Annotated[
        Literal["encoder", "decoder", "cross"] | None,
        option(SELECTION, "--kind", help="With --target: only this attention. [default: all three]"),
    ] = None
    values: Annotated[
        Literal["weights", "scores", "norms", "zeroing"] | None,
        option(
            SELECTION,
            "--values",
            help="weights (after softmax), scores (before), norms (weights times what is moved), zeroing (what a layer "
            "loses without a key). [default: weights]",
        ),
    ] = None
    reduce: Annotated[
        Literal["none", "mean-heads", "mean", "max", "rollout", "flow"],
        option(
            SELECTION,
            "--reduce",
            help="One matrix a layer (mean-heads), or in all (mean, max; rollout, flow: from the last layer to the "
            "input). [default: none]",
        ),
    ] = "none"
    words: Annotated[
        bool | None,
        option(SELECTION, "--words/--no-words", help="Whole words, or tokens. [default: words; in JSON, tokens]"),
    ] = None
    hide_special: Annotated[
        bool | None,
        option(SELECTION, "--hide-special/--show-special", help="Special tokens. [default: hidden; in JSON, shown]"),
    ] = None
    renormalize: Annotated[
        bool, option(SELECTION, "--renormalize", help="With --hide-special: let what is left of each row sum to 1.")
    ] = False


class Source(OptionGroups):
    """Which text, through which model."""

    inputs: InputOptions
    models: ModelOptions
    block: BlockOptions
    common: CommonOptions


class ManySource(OptionGroups):
    """Which texts, through which model."""

    inputs: InputOptions
    models: ModelOptions
    block: BlockOptions
    many: ManyOptions
    common: CommonOptions


class SharedSource(OptionGroups):
    """Which texts, through which model, in how many processes."""

    inputs: InputOptions
    models: ModelOptions
    block: BlockOptions
    many: ManyOptions
    workers: WorkerOptions
    common: CommonOptions
