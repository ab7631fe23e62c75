"""The options of results that are kept in a folder, one file a window of texts."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from attnviz.cli.command import Options, option
from attnviz.cli.help.pages import OUTPUT
from attnviz.errors import UsageError

if TYPE_CHECKING:
    from attnviz.cli.options import SharedSource
    from attnviz.sweeps.corpus import Corpus

_PLACES = ("text", "file", "model", "weights", "revision", "config")  # what is read there counts, not where it is

Resume = Annotated[
    bool, option(OUTPUT, "--resume", help="With --out: go on with an earlier run, whose finished windows are kept.")
]


class SavingOptions(Options):
    """Where results are kept."""

    out: Annotated[
        str | None,
        option(OUTPUT, "-o", "--out", metavar="DIR", help="With --json: a folder, one file a window of texts."),
    ] = None
    resume: Resume = False
    force: Annotated[bool, option(OUTPUT, "--force", help="With --out: remove the windows of an earlier run.")] = False


class ResumeOptions(Options):
    """How results are kept, for a command whose ``--out`` and ``--force`` are also those of a picture."""

    resume: Resume = False


def check_saving(saving: SavingOptions, source: "SharedSource", *, json: bool) -> None:
    """Refuses a folder of windows where there are none.

    Raises:
        UsageError: no lines of JSON, or no lines of texts.
    """
    if saving.out is None:
        for name in saving.changed():
            raise UsageError(f"{name}: it is about windows of texts; expected --out DIR too")
        return
    if not json:
        raise UsageError("out: windows of texts are kept as JSON; expected --json too")
    if not source.inputs.is_stream:
        raise UsageError("out: there is one text; expected a file of texts, or text on standard input")
    if saving.resume and saving.force:
        raise UsageError("resume, force: both are given; expected one of them")


def saving_corpus(
    corpus: "Corpus", saving: SavingOptions, source: "SharedSource", *groups: Options, totals: bool = False
) -> "Corpus":
    """The corpus, whose results are kept in a folder if there is one.

    Args:
        corpus: of the source.
        saving: the folder.
        source: the options of the texts and of the model.
        groups: the options of what is asked of each text.
        totals: whether a file is one total of its window, not a line for each text.

    Raises:
        OutputError: the folder has windows already, it cannot be written to, or another run writes to it.
    """
    if saving.out is None:
        return corpus
    from attnviz.cli.main import until_end
    from attnviz.sweeps.saved.windows import LINES, TOTALS, WindowFolder
    from attnviz.turns import turn_in

    options = {"command": source.inputs.command, "on_error": source.many.on_error}
    for group in (source.inputs, source.texts, source.models, source.elsewhere, *groups):
        options |= group.values_by_name()
    asked = sorted((name, str(value)) for name, value in options.items() if name not in _PLACES)
    ending = TOTALS if totals else LINES
    folder = until_end(turn_in(saving.out))
    return replace(corpus, saving=WindowFolder(folder, asked, ending, resume=saving.resume, force=saving.force))
