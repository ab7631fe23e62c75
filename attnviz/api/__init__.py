"""attnviz as a library: one function per command, with plain arguments and frozen results.

>>> import attnviz
>>> result = attnviz.run("The cat sat", seed=0)
>>> result.attention.shape
(2, 4, 3, 3)

Importing it lets a notebook show results: as the page of ``html``, and as the text of ``attnviz show``.
"""

from typing import TYPE_CHECKING

from attnviz.trace.displays import DISPLAYS

if TYPE_CHECKING:
    from attnviz.trace.result import Result


def _as_text(result: "Result") -> str:
    from attnviz.api.pages.notebook import text_display

    return text_display(result)


def _as_page(result: "Result") -> str:
    from attnviz.api.pages.notebook import html_display

    return html_display(result)


DISPLAYS.update({"text/plain": _as_text, "text/html": _as_page})
