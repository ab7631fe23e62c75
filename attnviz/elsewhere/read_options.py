"""What the user says about a file of attention, where the file does not say it."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from attnviz.records import dataclass


def _no_note(text: str) -> None:
    """Drops a note."""


@dataclass(frozen=True)
class ReadOptions:
    """What the user says about a file, and where notes on it go.

    Attributes:
        token_labels: labels for the tokens, instead of the file's; where queries and keys differ in number, for the
            axis that has as many tokens.
        query_labels: labels for the queries, instead of the file's.
        key_labels: labels for the keys, instead of the file's.
        axes: what each axis of an array counts: ``batch``, ``layer``, ``head``, ``query``, ``key``, or ``-`` for one
            to drop; None where the shape says it.
        kind: the kind of attention of a file that does not say it: ``encoder``, ``decoder`` or ``cross``.
        scores: whether numbers are scores (before softmax), unless the file says what they are.
        partial: whether rows may sum to less than 1, and what they miss is their ``rest``.
        padding: which tokens of the text only fill the length: ``auto`` (also those at its ends whose labels say so),
            ``none``, or how many at its start and its end; None for what the file says.
        special: the labels of special tokens; None for what the file, or else their spelling, says.
        skip_errors: whether a text that cannot be read is left out with a note.
        note: called with each remark on how the file was read, without the name of the file; the same remark is
            printed once a file.
    """

    token_labels: Sequence[str] | None = None
    query_labels: Sequence[str] | None = None
    key_labels: Sequence[str] | None = None
    axes: tuple[str, ...] | None = None
    kind: str | None = None
    scores: bool = False
    partial: bool = False
    padding: str | tuple[int, int] | None = None
    special: Sequence[str] | None = None
    skip_errors: bool = False
    note: Callable[[str], None] = _no_note

    def note_skipped(self, error: Exception, where: str) -> None:
        """Notes the error of a text, or raises it where texts are not skipped."""
        if not self.skip_errors:
            raise error
        self.note(f"{str(error).removeprefix(where).lstrip(',: ')}; skipped")

    def of_target(self, *, has_source: bool) -> "ReadOptions":
        """The options for the target's tokens: numbers of padding tokens are about the source, if there is one."""
        return replace(self, padding=None) if has_source and isinstance(self.padding, tuple) else self
