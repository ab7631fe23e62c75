"""The option groups, each declared once. Importing this loads Typer and nothing heavier."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from attnviz.cli.block_options import BlockOptions, DrawnBlockOptions
from attnviz.cli.command import OptionGroups, Options, option
from attnviz.cli.groups.attention import AttentionOptions
from attnviz.cli.groups.generation import Generate, Stop
from attnviz.cli.groups.many import ManyOptions, WorkerOptions
from attnviz.cli.groups.text_files import DrawnTextFileOptions, TextFileOptions
from attnviz.cli.help.pages import INPUT, MODEL, OUTPUT, SELECTION, VIEW
from attnviz.encoder.config.given import default_of
from attnviz.errors import UsageError
from attnviz.names import VALUES_IN_WORDS
from attnviz.output.colormaps import TERMINAL_COLORMAPS

if TYPE_CHECKING:
    TerminalColormap = str  # the names are known only when the tables are read
else:
    TerminalColormap = Literal[TERMINAL_COLORMAPS]


def complete_numbers(axis: str) -> Any:
    """Completes ``--layer`` or ``--head`` with the numbers of the model, as far as the line says."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        name = f"n_{axis}s"
        n = ctx.params.get(name) or default_of(name)
        return [choice for choice in ("all", *map(str, range(n)), "-1") if choice.startswith(incomplete)]

    return complete


def numbers_option(axis: str, text: str) -> Any:
    """``--layer`` (``-L``) or ``--head`` (``-H``), completed with the numbers of the model."""
    initial = axis[0].upper()
    names = (f"-{initial}", f"--{axis}")
    return option(SELECTION, *names, metavar=initial, autocompletion=complete_numbers(axis), help=text)


def place_option(text: str) -> Any:
    """``-o``, where the pictures of a command go."""
    return option(OUTPUT, "-o", "--out", metavar="PATH", help=text)


# Options of several groups.
Pair = Annotated[str | None, option(INPUT, "--pair", metavar="TEXT", help="A second segment.")]
Target = Annotated[
    str | None,
    option(INPUT, "--target", metavar="TEXT", help="Target text; its tokens attend to TEXT."),
]
AttentionPath = Annotated[
    str | None,
    option(
        INPUT,
        "--attention",
        metavar="PATH",
        help="Attention computed elsewhere: .npy, .npz, .safetensors, JSON, or attnviz's JSON; - for stdin.",
    ),
]
TokenLabels = Annotated[
    str | None,
    option(
        INPUT,
        "--tokens",
        metavar="TEXT",
        help="Labels for --vectors or --attention: words, a JSON list, or @FILE, one per line.",
    ),
]
Revision = Annotated[
    str | None, option(MODEL, "--revision", metavar="NAME", help="Branch, tag or commit of the hub's model.")
]
Variant = Annotated[
    str | None,
    option(MODEL, "--variant", metavar="NAME", help="Variant of the model's weights: fp16 is model.fp16.safetensors."),
]
FamilyName = Annotated[
    str | None,
    option(MODEL, "--as", metavar="TYPE", help="Read a model of an unknown model_type as one of this: llama."),
]
ConfigPath = Annotated[
    Path | None,
    option(MODEL, "--config", metavar="PATH", envvar="ATTNVIZ_CONFIG", help="A TOML file of the block's fields."),
]
TokenizerName = Annotated[
    str | None,
    option(
        MODEL,
        "--tokenizer",
        metavar="NAME",
        envvar="ATTNVIZ_TOKENIZER",
        autocompletion=lambda incomplete: [
            name for name in ("word", "whitespace", "char") if name.startswith(incomplete)
        ],
        help="word, whitespace, char, regex:PATTERN (with a model's vocab.txt), or a tokenizers JSON file. "
        "[default: the model's own, else word]",
    ),
]
SourceLang = Annotated[
    str | None,
    option(MODEL, "--source-lang", metavar="CODE", help="Language of the text, for a translator: en_XX, eng_Latn."),
]
TargetLang = Annotated[
    str | None,
    option(MODEL, "--target-lang", metavar="CODE", help="Language of --target. [default: the text's own]"),
]
Truncate = Annotated[
    bool, option(INPUT, "--truncate", help="Cut a text that is too long for the model; a note says what is left.")
]
Layers = Annotated[str | None, numbers_option("layer", "Layers: 0,2-3,-1 or all.")]
Heads = Annotated[str | None, numbers_option("head", "Heads: L2H8,L1H7, or with --layer numbers: 0,2-3,-1 or all.")]
Kind = Annotated[
    Literal["encoder", "decoder", "cross"] | None,
    option(
        SELECTION,
        "--kind",
        help="Only this attention, with --target; of --attention also what an unnamed array is. "
        "[default: cross; all in JSON and in folders]",
    ),
]
_IN_VIEWS = "[default: {} in what people see, not in JSON and metrics]"
Words = Annotated[
    bool | None,
    option(SELECTION, "--words/--no-words", help=f"Merge the pieces of words. {_IN_VIEWS.format('merged')}"),
]
HideSpecial = Annotated[
    bool | None,
    option(
        SELECTION,
        "--hide-special/--show-special",
        help=f"Leave out special tokens; one column says what they got. {_IN_VIEWS.format('left out')}",
    ),
]
Renormalize = Annotated[
    bool, option(SELECTION, "--renormalize", help="With --hide-special: let what is left of each row sum to 1.")
]
TerminalColormapName = Annotated[
    TerminalColormap,
    option(VIEW, "--cmap", envvar="ATTNVIZ_CMAP", help="Colour map. [default: amber]"),
]
RawTokens = Annotated[bool, option(VIEW, "--raw-tokens", help="Label tokens in the tokenizer's own spelling (##ing).")]
Force = Annotated[bool, option(OUTPUT, "--force", help="Overwrite files attnviz did not create.")]
Json = Annotated[bool, option(OUTPUT, "--json", help="Print JSON (`attnviz schema` describes it).")]
Width = Annotated[
    int | None,
    option(
        VIEW, "-w", "--width", metavar="N", min=20, help="Columns to print in. [default: the terminal's; 80 in a pipe]"
    ),
]


class CommonOptions(Options):
    """What every command understands."""

    color: Annotated[
        Literal["auto", "always", "never"],
        option(OUTPUT, "--color", help="Colour: auto, always or never. NO_COLOR and FORCE_COLOR are honoured."),
    ] = "auto"
    quiet: Annotated[bool, option(OUTPUT, "-q", "--quiet", help="No notes, no progress.")] = False
    debug: Annotated[bool, option(OUTPUT, "--debug", help="Show a traceback when something fails.")] = False


class JsonOptions(Options):
    """For commands that print data."""

    json: Json = False


class ModelJsonOptions(Options):
    """For commands that print data which a model made."""

    json: Json = False
    model_info: Annotated[
        bool,
        option(
            OUTPUT,
            "--model-info",
            help="With --json: all fields of the model in every object, not only name and sizes.",
        ),
    ] = False

    def begin(self) -> None:
        """Refuses all fields of the model where nothing prints them.

        Raises:
            UsageError: ``--model-info`` without ``--json``.
        """
        if self.model_info and not self.json:
            raise UsageError("model-info: it adds the model's fields to JSON; expected --json too")


class InputOptions(Options):
    """What is looked at."""

    text: Annotated[
        str | None,
        typer.Argument(
            help="The text; - reads standard input, one text per line.",
            show_default=False,
            metavar="[TEXT]",
            rich_help_panel=INPUT,
        ),
    ] = None
    file: Annotated[
        str | None,
        option(
            INPUT,
            "-f",
            "--file",
            metavar="PATH",
            help="A file of texts, one per line; or .jsonl, .csv, .tsv; a folder, '*.txt', s3://...; - for stdin.",
        ),
    ] = None
    whole: Annotated[bool, option(INPUT, "--whole", help="Read the whole file as one text.")] = False
    pair: Pair = None
    target: Target = None
    generate: Generate = None
    stop: Stop = None
    vectors: Annotated[
        Path | None,
        option(
            INPUT,
            "--vectors",
            metavar="PATH",
            help="Vectors instead of text, one row per token: .npy, .npz, .csv, .json.",
        ),
    ] = None
    attention: AttentionPath = None
    tokens: TokenLabels = None
    truncate: Truncate = False
    pad_to: Annotated[
        int | None,
        option(INPUT, "--pad-to", metavar="N", min=1, help="Pad to N tokens; padding is masked.", hidden=True),
    ] = None

    @property
    def is_stream(self) -> bool:
        """Whether texts are read a line at a time, from a file or from standard input."""
        if self.whole:
            return False
        return self.file is not None or (self.text in (None, "-") and self.vectors is None and self.attention is None)


class ModelOptions(Options):
    """Where the weights come from."""

    model: Annotated[
        str | None,
        option(
            MODEL,
            "-m",
            "--model",
            metavar="DIR|FILE|ID",
            envvar="ATTNVIZ_MODEL",
            help="A model folder (Hugging Face), a GGUF file, ollama:NAME, tiny, or the id of a model on the hub. "
            "[default: tiny]",
        ),
    ] = None
    revision: Revision = None
    variant: Variant = None
    family: FamilyName = None
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
    config: ConfigPath = None
    tokenizer: TokenizerName = None
    source_lang: SourceLang = None
    target_lang: TargetLang = None

    def begin(self) -> None:
        """Begins the digest of the weights, which takes longest and needs nothing else."""
        from attnviz.checkpoints.digest import begin_ahead

        for path in (self.model, self.weights):
            if path is not None:
                begin_ahead(Path(path))


class SelectionOptions(Options):
    """Which matrices."""

    layer: Layers = None
    head: Heads = None
    kind: Kind = None
    values: Annotated[
        Literal["weights", "scores", "norms", "zeroing"] | None,
        option(
            SELECTION,
            "--values",
            help=f"{VALUES_IN_WORDS}. [default: weights]",
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
    words: Words = None
    hide_special: HideSpecial = None
    renormalize: Renormalize = False


class Source(OptionGroups):
    """Which text, through which model."""

    inputs: InputOptions
    texts: TextFileOptions = TextFileOptions()
    models: ModelOptions
    block: BlockOptions
    common: CommonOptions


class AttentionSource(Source):
    """Which text, through which model; or which attention from elsewhere."""

    elsewhere: AttentionOptions = AttentionOptions()


class ManySource(AttentionSource):
    """Which texts, through which model."""

    many: ManyOptions


class DrawnSource(ManySource):
    """Which texts, through which model, for a command whose ``--format`` and ``--norm`` are those of its pictures."""

    texts: DrawnTextFileOptions = DrawnTextFileOptions()  # with its annotation: it is the group's kind
    block: DrawnBlockOptions = DrawnBlockOptions()


class SharedSource(ManySource):
    """Which texts, through which model, in how many processes."""

    workers: WorkerOptions
