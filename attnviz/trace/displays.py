"""How a notebook shows a result, by media type.

The library fills the table (``attnviz.api``): this room only says that a result can be shown, and renders nothing.
"""

from collections.abc import Callable, Container, Mapping
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from attnviz.trace.result import Result

DISPLAYS: "dict[str, Callable[[Result], str]]" = {}

ValueT = TypeVar("ValueT")


def media_bundle(
    report: ValueT,
    displays: Mapping[str, Callable[[ValueT], str]],
    include: Container[str] | None = None,
    exclude: Container[str] | None = None,
) -> dict[str, str]:
    """A report in every media type that a notebook wants; its ``repr`` where nothing can render it.

    Args:
        report: what is shown.
        displays: what renders it, by media type.
        include: the only media types that are wanted; None for all.
        exclude: media types that are not.
    """
    return {
        name: display(report)
        for name, display in (displays or {"text/plain": repr}).items()
        if (include is None or name in include) and name not in (exclude or ())
    }
