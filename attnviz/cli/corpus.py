"""Many texts: read as they arrive, run in batches, perhaps in several processes, and handed on in their order."""

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter
from typing import Any, BinaryIO, NamedTuple

from attnviz.analysis.matrices.selection import Request
from attnviz.cli.options import CommonOptions, InputOptions, ManyOptions
from attnviz.cli.streams import note, sweep_progress
from attnviz.errors import AttnvizError, CheckpointError, InputError, one_line, some
from attnviz.model import Model, load
from attnviz.numbers import spans
from attnviz.sweeps.preparation import prepare
from attnviz.sweeps.runs import Prepared, runs
from attnviz.text.reading import open_lines, read_lines

_LONG_WORD = 40  # characters of a word that a note shows


class Placed(NamedTuple):
    """A text, or why there is none, and where it stands: ``texts.txt, line 3``; nowhere for the command line's own.

    ``end``: of its line, in bytes from the start.
    """

    where: str
    text: str | AttnvizError
    end: int = 0


class Window(NamedTuple):
    """Texts that are looked at together."""

    texts: list[Placed]

    @property
    def where(self) -> str:
        """The place of the first, and the line of the last."""
        first, last = self.texts[0].where, self.texts[-1].where
        if first == last:
            return first
        name, _, line = first.rpartition(", line ")
        return f"{name}, lines {line} to {last.rpartition(' ')[2]}"


class Outcome(NamedTuple):
    """What became of one text: a value, or an error; and what there is to note of it.

    ``skips``: whether the error is the text's own, so that the others may be better. ``end``: as of ``Placed``.
    """

    where: str
    value: Any
    notes: tuple[str, ...] = ()
    error: AttnvizError | None = None
    skips: bool = False
    end: int = 0


@dataclass(frozen=True, eq=False)
class Work:
    """What is done with each text of a window.

    Attributes:
        model: what runs them.
        inputs: what else belongs to each text: a pair, a target, padding.
        each: makes a value of a text's run, or of the prepared text where there is no request. It prints nothing, and
            where several processes share the work its value is sent from one to the other.
        request: what is wanted of the runs.
        besides: given the model and all texts of a window together, what ``each`` is to have of each text besides.
        before: told the longest text's tokens before a window is run.
        loading: what the model was loaded with: a process that does not inherit it loads it again.
    """

    model: Model
    inputs: InputOptions
    each: Callable[[Any], Any]
    request: Request | None = None
    besides: Callable[[Model, list[Prepared]], Iterable[Any]] | None = None
    before: Callable[[int], None] | None = None
    loading: Mapping[str, Any] | None = None

    def __reduce__(self) -> tuple[Callable[..., "Work"], tuple]:
        return _loaded_again, (self.loading, self.inputs, self.each, self.request, self.besides, self.before)

    def __call__(self, window: Window) -> Iterator[Outcome]:
        """What becomes of each of its texts."""
        notes: dict[int, list[str]] = {i: [] for i in range(len(window.texts))}
        prepared = [self._prepared(where, text, notes[i]) for i, (where, text, _) in enumerate(window.texts)]
        good = [one for one in prepared if isinstance(one, Prepared)]
        if self.before is not None and good:
            self.before(max(one.n_tokens for one in good))
        given = self.given(good)
        for i, (one, (where, _, end)) in enumerate(zip(prepared, window.texts, strict=True)):
            error, value, skips = None, None, True
            if isinstance(one, Prepared):
                found = next(given)
                try:
                    value = self.each(*found)
                except AttnvizError as raised:
                    skips = isinstance(raised, InputError) and not isinstance(raised, CheckpointError)
                    error = raised.at(where) if skips else raised
            else:
                error = one
            yield Outcome(where, value, tuple(notes[i]), error, skips and where != "", end)

    def given(self, texts: list[Prepared]) -> Iterator[tuple]:
        """What ``each`` is given of each text."""
        found = texts if self.request is None else runs(self.model, texts, self.request)
        return zip(found) if self.besides is None else zip(found, self.besides(self.model, texts), strict=True)

    def _prepared(self, where: str, text: str | AttnvizError, notes: list[str]) -> Prepared | AttnvizError:
        if isinstance(text, AttnvizError):
            return text
        inputs, tokenizer = self.inputs, self.model.tokenizer
        try:
            prepared = prepare(self.model, text, pair=inputs.pair, target=inputs.target, pad_to=inputs.pad_to)
        except AttnvizError as error:
            return error.at(where)
        unknown = getattr(tokenizer, "unknown", None)
        read = [t for t in (*prepared.tokens, *prepared.target_tokens) if t.piece == unknown and not t.special]
        if unknown is not None and read:
            words = some([_shortened(one_line(t.text)) for t in read])
            notes.append(f"{f'{where}: ' if where else ''}not in the vocabulary of {self.model.info.name}: {words}")
        return replace(prepared, where=where)


def _loaded_again(loading: Mapping[str, Any], *rest: Any) -> Work:
    return Work(load(**loading), *rest, loading)


class Windows:
    """The texts of a command line, as many at a time as have arrived.

    Attributes:
        name: what to call them all.
        size: how many bytes there are to read; None where that is not known.
    """

    def __init__(self, name: str, stream: BinaryIO | None, *, most: int, text: str | None = None):
        self.name = name
        self.size = None if stream is None else _size(stream)
        self._lines = None if stream is None else read_lines(stream, name)
        self._most, self._text = most, text

    @classmethod
    @contextmanager
    def of(cls, inputs: InputOptions, *, most: int = 256) -> "Iterator[Windows]":
        """Those of a file, of standard input, or the one text that was given.

        Args:
            inputs: say which.
            most: texts in a window: the more there are, the more of them have equal length, and the more wait for it.

        Raises:
            InputError: the file cannot be opened.
        """
        if inputs.file is not None:
            with open_lines(inputs.file) as stream:
                yield cls(str(inputs.file), stream, most=most)
        elif inputs.text is None or inputs.text == "-":
            yield cls("standard input", sys.stdin.buffer, most=most)
        else:
            yield cls("text", None, most=1, text=inputs.text)

    def __iter__(self) -> Iterator[Window]:
        if self._lines is None:
            yield Window([Placed("", self._text)])
            return
        for window in self._lines.windows(self._most):
            yield Window([Placed(f"{self.name}, line {number}", text, end) for number, text, end in window])

    @property
    def are_lines(self) -> bool:
        """Whether they come from a file or a pipe: perhaps many."""
        return self._lines is not None

    def ready(self) -> bool:
        """Whether the next ones can be read without waiting for whoever writes them."""
        return self._lines is None or self._lines.ready()

    def notes(self) -> Iterator[str]:
        """What there is to say of them all when they have been read."""
        if self._lines is not None and self._lines.blank:
            blank, n = self._lines.blank, self._lines.n_blank
            more = f" and {n - len(blank):,} more" if n > len(blank) else ""
            yield f"{self.name}: skipped blank line{'s' * (n > 1)} {spans(tuple(blank))}{more}"


def swept(
    work: Work, windows: Windows, common: CommonOptions, many: ManyOptions, *, workers: int, prints: bool
) -> Iterator[tuple[str, Any]]:
    """Each text's value, in order, with where the text stands.

    Args:
        work: what is done with each text.
        windows: of texts.
        common: whether notes and progress are wanted.
        many: what becomes of a text that cannot be used.
        workers: processes; with more than one the values are sent between them.
        prints: whether the values are printed as they come, so that a terminal has no room for progress besides.

    Raises:
        AttnvizError: a text that cannot be used, unless such are to be skipped; or every text was.
    """
    n = skipped = 0
    # Processes are started before the progress bar, which has a thread of its own.
    progress = sweep_progress(common, windows.size, prints=prints) if windows.are_lines else nullcontext()
    with _outcomes(work, windows, workers) as outcomes, progress as step:
        for outcome in outcomes:
            n += 1
            for text in outcome.notes:
                note(common, text)
            if outcome.error is None:
                yield outcome.where, outcome.value
            elif many.on_error == "stop" or not outcome.skips:
                raise outcome.error
            else:
                skipped += 1
                note(common, f"{outcome.error}; skipped")
            if step is not None:
                step(n, outcome.end)
    for text in windows.notes():
        note(common, text)
    if skipped:
        if skipped == n:
            raise InputError(f"{windows.name}: none of its {n} texts can be used; expected at least one")
        note(common, f"{windows.name}: {skipped} of {n} texts skipped")


@contextmanager
def _outcomes(work: Work, windows: Windows, workers: int) -> Iterator[Iterator[Outcome]]:
    """What became of each text."""
    if workers == 1:
        yield (outcome for window in windows for outcome in work(window))
        return
    from attnviz.sweeps.workers import ordered_map

    mapped = ordered_map(
        partial(_whole, work),
        windows,
        workers=workers,
        where=attrgetter("where"),
        ready=windows.ready,
        before=lambda: work.model.info,  # for which a thread may be reading the weights
    )
    with mapped as found:
        yield (outcome for outcomes in found for outcome in outcomes)


def _whole(work: Work, window: Window) -> list[Outcome]:
    return list(work(window))


def _shortened(word: str) -> str:
    return word if len(word) <= _LONG_WORD else f"{word[:_LONG_WORD]}…"


def _size(stream: BinaryIO) -> int | None:
    """Bytes of a file; None of a pipe, or of what is no file at all."""
    try:
        found = os.fstat(stream.fileno())
    except OSError:  # io.UnsupportedOperation is one
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None
