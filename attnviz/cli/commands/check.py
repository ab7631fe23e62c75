"""``attnviz check``: exits 1 unless the stated conditions hold."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

from attnviz.cli.command import Options, command, command_app
from attnviz.cli.head_options import HeadOptions, WidthOptions, request_of_heads
from attnviz.cli.options import CommonOptions, JsonOptions, SharedSource, option

if TYPE_CHECKING:
    from attnviz.api.check import CheckReport

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
    source: SharedSource,
    selection: HeadOptions,
    conditions: ConditionOptions,
    view: WidthOptions,
    output: JsonOptions,
) -> int:
    """Check conditions on heads: exit 0 if all hold, 1 if one does not.

    Each condition is printed with what was measured; of several texts each has to meet all, and -q prints only
    failures. Where nobody reads what is printed, the first text that fails is the last. Exit 2: a condition that cannot
    be parsed, or asks for a head that is not there.
    """
    from attnviz.api.check import check as checked
    from attnviz.cli.inputs import corpus_of, peeked
    from attnviz.cli.streams import print_view, still_read

    common = source.common
    request = request_of_heads(selection, source.inputs.target)
    reports = checked(corpus_of(source), conditions.that or [], request=request)
    several, reports = (True, reports) if source.inputs.is_stream else peeked(reports)
    printed = _Report(view, common, is_json=output.json, several=several)
    n, failed, is_read = 0, 0, True
    for n, report in enumerate(reports, start=1):  # noqa: B007 (counted for the last line)
        failed += not report.holds
        is_read = is_read and still_read(partial(printed.add, report))
        if failed and not is_read:
            return 1
    if several and not output.json and not (common.quiet and not failed):
        last = f"{failed} of {n} text{'s' * (n != 1)} fail{'s' * (1 in (failed, n))}"
        still_read(partial(print_view, last, printed.screen))
    return 1 if failed else 0


class _Report:
    """Prints each text's outcomes as they come."""

    def __init__(self, view: WidthOptions, common: CommonOptions, *, is_json: bool, several: bool):
        from attnviz.cli.streams import screen_of

        self.screen = screen_of(common, view.width)
        self._is_json, self._quiet, self._several = is_json, common.quiet, several
        self._origin = None

    def add(self, report: "CheckReport") -> None:
        """Prints the conditions of one text: with ``-q`` only failures, as JSON all."""
        from attnviz.cli.streams import print_view, write_bytes
        from attnviz.output.documents.results import dump
        from attnviz.output.terminal.lines import kind_line, provenance_line
        from attnviz.output.terminal.tables.check import CheckView

        result, kind = report.result, report.attention.kind
        where = report.where if self._several else ""
        if self._is_json:
            write_bytes(dump(replace(report, where=where).as_dict()))
            return
        conditions = [one for one in report.conditions if not (self._quiet and one.holds)]
        if not conditions:
            return
        origin = (result.model.provenance, kind, result.target)
        if not self._quiet and self._origin != origin:
            self._origin = origin
            print_view(provenance_line(result.model, self.screen), self.screen)
            if kind != "encoder":
                print_view(kind_line(kind, result.target, self.screen), self.screen)
        title = (where, result.text or "") if where else ("", "")
        rows = [(one.holds, str(one.fields["condition"]), one.words) for one in conditions]
        print_view(CheckView(rows, self.screen, title), self.screen)
