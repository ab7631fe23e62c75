"""The options of probes."""

from pathlib import Path
from typing import Annotated, Literal

from attnviz.cli.block_options import BlockOptions, renamed_field
from attnviz.cli.command import OptionGroups, Options, option
from attnviz.cli.groups.many import ManyOptions, WorkerOptions
from attnviz.cli.help.pages import INPUT, MEASURES, OUTPUT, ROWS, SELECTION
from attnviz.cli.options import CommonOptions, ModelOptions, TerminalColormapName, Width

Seed = Annotated[int, option(MEASURES, "--seed", metavar="N", help="Seed of what is drawn. [default: 0]")]
Top = Annotated[
    int | None, option(ROWS, "--top", metavar="N", min=1, help="Only the first N heads. [default: 10 on a screen]")
]


class ProbedBlockOptions(BlockOptions):
    """``BlockOptions`` of a command whose ``--seed`` draws tokens or sentences."""

    __annotations__ = BlockOptions.__annotations__ | renamed_field("seed", "--block-seed")


class ProbeSource(OptionGroups):
    """Which model is probed."""

    models: ModelOptions
    block: ProbedBlockOptions = ProbedBlockOptions()
    common: CommonOptions


class ProbedTexts(OptionGroups):
    """How the texts of a probe are run."""

    many: ManyOptions
    workers: WorkerOptions


class TableOptions(Options):
    """How rows are printed."""

    csv: Annotated[bool, option(OUTPUT, "--csv", help="Print comma-separated values, numbers in full.")] = False
    cmap: TerminalColormapName = "amber"
    width: Width = None


class RepeatOptions(Options):
    """The random tokens, and what they are compared with."""

    length: Annotated[
        int, option(MEASURES, "--length", metavar="N", min=2, help="Random tokens of a copy. [default: 50]")
    ] = 50
    batch: Annotated[int, option(MEASURES, "--batch", metavar="N", min=1, max=100_000, help="Texts. [default: 10]")] = (
        10
    )
    draw_seed: Seed = 0
    null: Annotated[
        int,
        option(
            MEASURES,
            "--null",
            metavar="K",
            min=0,
            max=1000,
            help="Compare with the heads of K random-weight models of this shape; 0 for none. [default: 5]",
        ),
    ] = 5
    sort: Annotated[
        Literal["induction", "duplicate", "previous"] | None,
        option(ROWS, "--sort", help="The largest first. [default: the largest of all three]"),
    ] = None
    top: Top = None


class SyntaxOptions(Options):
    """The treebank, and how it is divided."""

    treebank: Annotated[
        Path,
        option(INPUT, "--treebank", metavar="PATH", help="Trees in CoNLL-U, plain or packed (.gz); - for stdin."),
    ]
    dev_share: Annotated[
        float,
        option(
            MEASURES,
            "--dev-share",
            metavar="X",
            help="Share of the sentences on which heads are chosen; the others score them. [default: 0.5]",
        ),
    ] = 0.5
    draw_seed: Seed = 0
    subtypes: Annotated[bool, option(MEASURES, "--subtypes", help="Keep subtypes such as nsubj:pass apart.")] = False
    least: Annotated[
        int,
        option(ROWS, "--least", metavar="N", min=1, help="Only relations with N scored pairs or more. [default: 20]"),
    ] = 20


class AlignOptions(Options):
    """The pairs of sentences, and the links of people."""

    pairs: Annotated[
        Path,
        option(
            INPUT, "--pairs", metavar="PATH", help="Pairs of sentences, a line each: SOURCE ||| TARGET; - for stdin."
        ),
    ]
    gold: Annotated[
        Path, option(INPUT, "--gold", metavar="PATH", help="Links by people, a line per pair: 0-0 sure, 1p2 possible.")
    ]
    one_based: Annotated[bool, option(INPUT, "--one-based", help="Words of --gold are counted from 1.")] = False
    row: Annotated[
        Literal["input", "output"],
        option(
            SELECTION,
            "--row",
            help="The row of a target word: input, of the step that reads it; output, of the step that predicts it. "
            "[default: input]",
        ),
    ] = "input"
    top: Top = None
