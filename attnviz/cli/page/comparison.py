"""The two sides that a page compares."""

from typing import TYPE_CHECKING

from attnviz.cli.head_options import HeadOptions
from attnviz.cli.options import AttentionSource
from attnviz.cli.page.options import PageSelectionOptions, VersusOptions
from attnviz.cli.page.terminal_command import diff_command
from attnviz.cli.sides import SidesOptions, results_of_sides
from attnviz.errors import UsageError

if TYPE_CHECKING:
    from attnviz.api.diff import DiffReport

_ONE_SIDED = ("file", "vectors", "pad_to")


def compared_sides(
    source: AttentionSource, selection: PageSelectionOptions, versus: VersusOptions
) -> "tuple[DiffReport, str]":
    """Both sides run and compared, and the command that prints it.

    Raises:
        UsageError: options that a comparison does not have, or sides that do not fit.
    """
    from attnviz.api.diff import diff

    _check(source, selection, versus)
    inputs = source.inputs
    shared = {name: getattr(inputs, name) for name in ("text", "pair", "target", "attention", "tokens", "truncate")}
    sides = SidesOptions(**shared, **{name: getattr(versus, name) for name in versus.names()})
    # Words are merged and special tokens are left out once the sides are compared, as ``attnviz diff`` does it.
    heads = HeadOptions(
        layer=selection.layer,
        head=selection.head,
        kind=selection.kind,
        words=False,
        hide_special=selection.renormalize,
        renormalize=selection.renormalize,
    )
    report = diff(*results_of_sides(sides, source.elsewhere, source.models, source.block, heads, source.common))
    return report, diff_command(sides, source.elsewhere, source.models, source.block, selection, report.a)


def _check(source: AttentionSource, selection: PageSelectionOptions, versus: VersusOptions) -> None:
    """Refuses what is of one text, or of other values than weights."""
    name = versus.changed()[0].replace("_", "-")
    for option in _ONE_SIDED:
        if getattr(source.inputs, option) is not None:
            raise UsageError(f"{option.replace('_', '-')}, {name}: a comparison is of two texts; expected one of them")
    values, reduce = selection.values_listed, selection.reduce_listed
    if values not in ((), ("weights",)) or reduce != ("none",):
        option = "values" if reduce == ("none",) else "reduce"
        raise UsageError(f"{option}, {name}: a comparison is of the weights of each head; expected one of them")
