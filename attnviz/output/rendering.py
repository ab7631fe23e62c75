"""One report, many renderings.

A report is what a library function returns, once per text or once per run. A rendering writes reports: as documents
(JSON, CSV), as views on a terminal, as picture files, later as a page. A command makes its reports, chooses a
rendering, and calls :func:`render`.

- A new view of a report is one file with a ``LinesView`` in ``output/terminal``, passed to ``ScreenRendering``.
- A new document is one file with a function from the report to a mapping in ``output/documents``, passed to
  ``DocumentsRendering``.
- A new output format is one folder in ``output`` with one class that has the two methods of :class:`Rendering`.

This module imports nothing of them: each format's libraries load only when its rendering is chosen.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar

Report_contra = TypeVar("Report_contra", contravariant=True)
ReportT = TypeVar("ReportT")
Document = Mapping[str, Any]
"""A JSON object. The shape of its values is that of ``documents/schema.json``, which tests hold; no type repeats it."""


class Rendering(Protocol[Report_contra]):
    """Writes reports in one format."""

    def add(self, report: Report_contra) -> None:
        """Writes the next report."""

    def end(self) -> None:
        """Writes what follows the last report. It is not called after an error."""


def render(reports: Iterable[ReportT], *renderings: Rendering[ReportT]) -> None:
    """Writes each report in every rendering, as soon as it is there."""
    for report in reports:
        for rendering in renderings:
            rendering.add(report)
    for rendering in renderings:
        rendering.end()
