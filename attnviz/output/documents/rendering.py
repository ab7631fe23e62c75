"""Reports as documents: bytes in a stream, one JSON line or one CSV table per report."""

from collections.abc import Callable
from typing import Generic

from attnviz.output.rendering import ReportT


class DocumentsRendering(Generic[ReportT]):
    """Writes the document of each report.

    Args:
        write: takes the bytes of one document.
        encode: turns a report into bytes: ``dump`` of a mapping for JSON, an encoded text for CSV.
        finish: called after the last document, each of which is complete by itself.
    """

    def __init__(
        self,
        write: Callable[[bytes], object],
        encode: Callable[[ReportT], bytes],
        finish: Callable[[], object] = lambda: None,
    ):
        self._write, self._encode, self._finish = write, encode, finish

    def add(self, report: ReportT) -> None:
        """Writes one document."""
        self._write(self._encode(report))

    def end(self) -> None:
        """Says that the last document was written."""
        self._finish()
