"""How a notebook shows a result, by media type.

The library fills the table (``attnviz.api``): this room only says that a result can be shown, and renders nothing.
"""

from collections.abc import Callable, Container
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attnviz.trace.result import Result

DISPLAYS: "dict[str, Callable[[Result], str]]" = {}


def media_bundle(
    result: "Result", include: Container[str] | None = None, exclude: Container[str] | None = None
) -> dict[str, str]:
    """A result in every media type that a notebook wants; its ``repr`` where nothing can render it.

    Args:
        result: what is shown.
        include: the only media types that are wanted; None for all.
        exclude: media types that are not.
    """
    displays = DISPLAYS or {"text/plain": repr}
    return {
        name: display(result)
        for name, display in displays.items()
        if (include is None or name in include) and name not in (exclude or ())
    }
