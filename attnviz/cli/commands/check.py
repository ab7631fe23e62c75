"""``attnviz check``: exits 1 unless the stated conditions hold."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

from attnviz.cli.command import Options, command, command_app, option
from attnviz.cli.groups.saving import SavingOptions, check_saving
from attnviz.cli.head_options import HeadOptions, WidthOptions, request_of_heads
from attnviz.cli.help.pages import CONDITIONS, OUTPUT
from attnviz.cli.options import ModelJsonOptions, SharedSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attnviz.api.check import CheckReport
    from attnviz.cli.renderings import Views

_EXAMPLES = """
attnviz check "The cat sat on the table" --where "L0H2.previous >= 0.8"
attnviz check "The cat sat on the table" --where "any(label == previous)"
attnviz check --file sentences.txt --where @conditions.txt
attnviz check --attention weights.npy --where "all(first < 0.9)"
"""


class ConditionOptions(Options):
    """What has to hold."""

    where: Annotated[
        list[str] | None,
        option(
            CONDITIONS,
            "--where",
            metavar="CONDITION",
            help="L0H2.previous >= 0.8; max, min, mean, any, all over heads; and, or, not. @FILE: one per line, "
            "# comments. Repeatable.",
        ),
    ] = None
    that: Annotated[
        list[str] | None, option(CONDITIONS, "--that", metavar="CONDITION", help="As --where.", hidden=True)
    ] = None


class OutcomeOptions(Options):
    """How outcomes are printed."""

    per_text: Annotated[
        bool, option(OUTPUT, "--per-text", help="One line per text, not per condition; --json has one object per text.")
    ] = False


app = command_app()


@command(
    app,
    "check",
    examples=_EXAMPLES,
    main="text where file model attention layer head kind hide_special json quiet",
    topic="check",
)
def check(
    source: SharedSource,
    selection: HeadOptions,
    conditions: ConditionOptions,
    outcomes: OutcomeOptions,
    view: WidthOptions,
    output: ModelJsonOptions,
    saving: SavingOptions,
) -> int:
    """Check conditions on heads: exit 0 if all hold, 1 if one does not.

    Each condition is printed with what was measured; every text must meet every condition, and -q prints only
    failures. Where nobody reads what is printed, the first text that fails is the last. Exit 2: a condition that cannot
    be parsed, or asks for a head that is not there.
    """
    from attnviz.api.check import CheckReport, Tally
    from attnviz.api.check import check as checked
    from attnviz.cli.groups.saving import saving_corpus
    from attnviz.cli.inputs import corpus_of, peeked
    from attnviz.cli.renderings import WhileRead, json_or_screen
    from attnviz.output.rendering import render

    check_saving(saving, source, json=output.json)
    common, tally = source.common, Tally()
    corpus = saving_corpus(corpus_of(source, prints=saving.out is None), saving, source, selection, conditions, output)
    request = request_of_heads(selection, target=corpus.has_target)
    reports = checked(corpus, [*(conditions.where or []), *(conditions.that or [])], request=request)
    several, reports = (True, reports) if source.inputs.is_stream else peeked(reports)
    if not several:
        reports = (replace(report, where="") for report in reports)

    document = partial(CheckReport.as_dict, model_info=output.model_info)

    def last() -> "Iterator[str]":
        if several and (tally.failed or not common.quiet):
            yield tally.in_words()

    def load_views() -> "Views[CheckReport]":
        from attnviz.output.terminal.tables.check import CheckViews

        return CheckViews(quiet=common.quiet, per_text=outcomes.per_text).of

    printed = json_or_screen(
        common, document, load_views, json=output.json, width=view.width, last=last, saving=corpus.saving
    )
    rendering = WhileRead(printed)
    render(tally.counted(reports, lambda: rendering.is_read), rendering)
    for path in () if corpus.saving is None else corpus.saving.finished:
        tally.add_file(path)
    return 1 if tally.failed else 0
