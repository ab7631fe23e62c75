"""``attnviz check``: exits 1 unless the stated conditions hold."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, NamedTuple

from attnviz.cli.command import Options, command, command_app
from attnviz.cli.head_options import HeadOptions, WidthOptions
from attnviz.cli.options import (
    BlockOptions,
    CommonOptions,
    InputOptions,
    JsonOptions,
    ManyOptions,
    ModelOptions,
    WorkerOptions,
    option,
)

if TYPE_CHECKING:
    from attnviz.analysis.conditions.expressions import Expression
    from attnviz.sweeps.runs import Run
    from attnviz.trace.attention import Attention
    from attnviz.trace.result import Result

_EXAMPLES = """
attnviz check "The cat sat on the mat" --that "L0H1.previous >= 0.8"
attnviz check "The cat sat on the mat" --that "max(entropy) < 2.5" --that "any(label == previous)"
attnviz check --file sentences.txt --that @conditions.txt
attnviz check --attention weights.npy --that "all(first < 0.9)"
"""


class ConditionOptions(Options):
    """What has to hold."""

    that: Annotated[
        list[str] | None,
        option(
            "Conditions",
            "--that",
            metavar="CONDITION",
            help="L0H1.previous >= 0.8; max, min, mean, any, all over heads; and, or, not. @FILE: one a line, "
            "# comments. Repeatable.",
        ),
    ] = None


app = command_app()


@command(app, "check", examples=_EXAMPLES)
def check(
    inputs: InputOptions,
    models: ModelOptions,
    block: BlockOptions,
    selection: HeadOptions,
    conditions: ConditionOptions,
    view: WidthOptions,
    output: JsonOptions,
    many: ManyOptions,
    workers: WorkerOptions,
    common: CommonOptions,
) -> int:
    """Check conditions on heads: exit 0 if all hold, 1 if one does not.

    Each condition is printed with what was measured; of several texts each has to meet all, and -q prints only
    failures. Where nobody reads what is printed, the first text that fails is the last. Exit 2: a condition that cannot
    be parsed, or asks for a head that is not there.
    """
    from attnviz.cli.conditions import stated
    from attnviz.cli.head_options import request_of_heads
    from attnviz.cli.inputs import peeked, swept_runs
    from attnviz.cli.streams import print_view, still_read

    expressions = list(stated(conditions.that or []))
    request = request_of_heads(selection, inputs)
    each = partial(_checked, expressions)
    sweep = partial(swept_runs, inputs, models, block, common, request, each, many)
    found = sweep(workers=workers.workers, beside=True)
    several, found = (True, found) if inputs.is_stream else peeked(found)
    report = _Report(view, common, is_json=output.json, several=several)
    n, failed, is_read = 0, 0, True
    for n, (where, checked) in enumerate(found, start=1):  # noqa: B007 (counted for the last line)
        failed += not all(outcome["holds"] for outcome in checked.outcomes)
        is_read = is_read and still_read(partial(report.add, where, checked))
        if failed and not is_read:
            return 1
    if several and not output.json and not (common.quiet and not failed):
        last = f"{failed} of {n} text{'s' * (n != 1)} fail{'s' * (1 in (failed, n))}"
        still_read(partial(print_view, last, report.screen))
    return 1 if failed else 0


class _Checked(NamedTuple):
    """What is kept of one text: what it is, without matrices, and each condition as JSON has it.

    ``measured``: likewise, in words.
    """

    result: "Result"
    attention: "Attention"
    outcomes: list[dict[str, object]]
    measured: list[str]


def _checked(expressions: "list[tuple[str, Expression]]", run: "Run") -> _Checked:
    """One text's outcomes."""
    from attnviz.analysis.heads.measures import head_table
    from attnviz.cli.conditions import pointed
    from attnviz.cli.head_measures import metrics_of

    attention, metrics = metrics_of(run)
    table = head_table(metrics)
    outcomes, measured = [], []
    for where, expression in expressions:
        with pointed(expression.text, where):
            outcome = expression.outcome(table)
        outcomes.append({"condition": expression.text.strip(), **outcome.fields})
        measured.append(outcome.words)
    bare = replace(run.bare, tokens=(), target_tokens=())  # what nobody prints need not be sent by a worker
    return _Checked(bare, replace(attention, queries=(), keys=()), outcomes, measured)


class _Report:
    """Prints each text's outcomes as they come."""

    def __init__(self, view: WidthOptions, common: CommonOptions, *, is_json: bool, several: bool):
        from attnviz.cli.streams import screen_of

        self.screen = screen_of(common, view.width)
        self._is_json, self._quiet, self._several = is_json, common.quiet, several
        self._origin = None

    def add(self, where: str, checked: _Checked) -> None:
        """Prints those of one text: with ``-q`` only failures, as JSON all."""
        from attnviz.cli.streams import print_view, write_bytes
        from attnviz.output.documents.check import check_document
        from attnviz.output.documents.results import dump
        from attnviz.output.terminal.lines import kind_line, provenance_line
        from attnviz.output.terminal.tables.check import CheckView

        result, attention, outcomes, measured = checked
        if not self._several:
            where = ""
        if self._is_json:
            write_bytes(dump(check_document(result, attention, outcomes, where)))
            return
        said = zip(outcomes, measured, strict=True)
        shown = [(one["holds"], one["condition"], words) for one, words in said if not (self._quiet and one["holds"])]
        if not shown:
            return
        origin = (result.model.provenance, attention.kind, result.target)
        if not self._quiet and self._origin != origin:
            self._origin = origin
            print_view(provenance_line(result.model, self.screen), self.screen)
            if attention.kind != "encoder":
                print_view(kind_line(attention.kind, result.target, self.screen), self.screen)
        title = (where, result.text or "") if where else ("", "")
        print_view(CheckView(shown, self.screen, title), self.screen)
