"""Results of a corpus in a folder, one file a window of texts, so that a run that ended early can go on."""

import hashlib
import os
import re
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import count, islice
from pathlib import Path

from attnviz.errors import OutputError, one_line
from attnviz.outputs import own_folder, write_atomically
from attnviz.sweeps.texts import Texts, Window
from attnviz.trace.model_info import ModelInfo

_NAME = re.compile(r"(window-\d{7,}-[0-9a-f]{16})(?:-([0-9a-f]{16}))?(\.\w+)")
LINES, TOTALS = ".ndjson", ".npz"  # the endings of the files: a line for each text, or one total of all
MOST_TEXTS = 256  # in a window
_DIGITS = 16  # of a digest in a name


class WindowFolder:
    """The files of a run's windows: ``window-0000012-3f2a…-9c41….ndjson``.

    The first digest is that of all that the window follows from: its texts, the weights, and what is asked of them. The
    second is that of the file, the start of what ``sha256sum`` prints. A file is written whole or not at all, when its
    window is done. So a window whose file is there is finished, unless the file was damaged or replaced since.

    Totals of windows are needed in their order, also those of finished ones. Then the first window is run in each
    run: it says what all texts have in common.

    Args:
        folder: made if it is not there; no other run may write to it meanwhile.
        asked: what is asked of each text, in words that are the same in each run.
        ending: ``LINES`` or ``TOTALS``.
        resume: skip the windows that are finished.
        force: remove the windows of an earlier run.

    Attributes:
        n_written: how many windows were written.
        finished: the files of windows that were finished before, in order.

    Raises:
        OutputError: the folder has windows already, or it cannot be written to.
    """

    def __init__(self, folder: str | Path, asked: Sequence[object], ending: str, *, resume: bool, force: bool):
        self._folder, self._ending = own_folder(folder), ending
        self._asked = repr((*asked, ending)).encode()
        self._earlier = _windows(self._folder, ending)
        if self._earlier and not (resume or force):
            n = sum(map(len, self._earlier.values()))
            raise OutputError(
                f"{one_line(folder)}: it has {_counted(n)} of an earlier run; expected an empty "
                "folder, --resume to go on, or --force to begin anew"
            )
        self._resume = resume
        self._waiting: deque[tuple[int, str]] = deque()  # numbers and names of the windows that run, in order
        self._passed: deque[tuple[int, Path]] = deque()  # finished windows whose totals nobody has read
        self._names: set[str] = set()  # of this run's files
        self._data: list[bytes] = []  # of the window whose texts are run now
        self.n_written = 0
        self.finished: list[Path] = []

    @property
    def has_totals(self) -> bool:
        """Whether each file is one total of its window, not lines."""
        return self._ending == TOTALS

    @property
    def is_new_window(self) -> bool:
        """Whether the next data are the first of their window."""
        return not self._data

    def add(self, data: bytes) -> None:
        """The next data of the window whose texts are run now; also what a rendering does with a report."""
        self._data.append(data)

    def unfinished(self, texts: Texts, model: ModelInfo, most: int) -> "UnfinishedTexts":
        """The windows of texts that are not finished, of so many texts each, for a model."""
        return UnfinishedTexts(texts, self, repr((model.weights, sorted(model.config.items()))).encode(), most)

    def is_finished(self, number: int, window: Window, model: bytes) -> bool:
        """Whether a window's file is there; if not, it is expected to be run next."""
        digest = hashlib.sha256(self._asked + model)
        for one in window.texts:
            digest.update(repr((str(one.text), one.pair, one.target)).encode("utf-8", "surrogatepass"))
        start = f"window-{number:07d}-{digest.hexdigest()[:_DIGITS]}"
        there = self._earlier.get(start, []) if self._resume else []
        name = next((name for name in there if _is_whole(self._folder / name)), None)
        if name is not None and (number or not self.has_totals):
            self._names.add(name)
            self.finished.append(self._folder / name)
            self._passed.append((number, self._folder / name))
            return True
        self._waiting.append((number, start))
        return False

    def passed(self, *, end: bool = False) -> Iterator[Path]:
        """The finished windows before the one whose texts are run now, or, at the end, all; each once."""
        while self._passed and (end or self._passed[0][0] < self._waiting[0][0]):
            yield self._passed.popleft()[1]

    def end_window(self) -> None:
        """Writes the window whose texts have been run.

        Raises:
            OutputError: it cannot be written.
        """
        _, start = self._waiting.popleft()
        data = b"".join(self._data)
        name = f"{start}-{hashlib.sha256(data).hexdigest()[:_DIGITS]}{self._ending}"
        self._names.add(name)
        path = self._folder / name
        write_atomically(path, data, overwrite=not path.is_symlink())  # which may lead to a file of others
        self._data = []
        self.n_written += 1

    def end(self) -> str:
        """Removes windows of an earlier run that are none of this one, and says in a sentence what was done."""
        others = {name for names in self._earlier.values() for name in names} - self._names
        for name in others:
            (self._folder / name).unlink(missing_ok=True)
        n = len(self.finished)
        parts = [f"{_counted(self.n_written)} written to {one_line(self._folder)}"]
        parts += [f"{n:,} {'was' if n == 1 else 'were'} finished"] if n else []
        parts += [f"{len(others):,} of an earlier run removed"] if others else []
        return ", ".join(parts)


def _counted(n: int) -> str:
    return f"{n:,} window{'s' * (n != 1)}"


def _windows(folder: Path, ending: str) -> dict[str, list[str]]:
    """The names of a folder's windows, by what they follow from. Folders and links are none of them."""
    windows: dict[str, list[str]] = {}
    for entry in os.scandir(folder):
        name = _NAME.fullmatch(entry.name)
        if name and name[3] == ending and entry.is_file(follow_symlinks=False):
            windows.setdefault(name[1], []).append(name[0])
    return windows


def _is_whole(path: Path) -> bool:
    """Whether a file is as it was written: its digest is that in its name."""
    name = _NAME.fullmatch(path.name)
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256")
    except OSError:
        return False
    return name is not None and digest.hexdigest()[:_DIGITS] == name[2]


class UnfinishedTexts:
    """The windows of texts that are not finished; each has the same number of texts, however they arrive.

    Attributes:
        name: see ``StreamedTexts``.
        size: see ``StreamedTexts``.
        are_lines: see ``StreamedTexts``.
    """

    def __init__(self, texts: Texts, folder: WindowFolder, model: bytes, most: int):
        self.name, self.size, self.are_lines = texts.name, texts.size, texts.are_lines
        self._texts, self._folder, self._model = texts, folder, model
        self._most = min(most, MOST_TEXTS)

    def __iter__(self) -> Iterator[Window]:
        each = (text for window in self._texts for text in window.texts)
        for number in count():
            window = Window(list(islice(each, self._most)))
            if not window.texts:
                return
            if not self._folder.is_finished(number, window, self._model):
                yield window

    def ready(self) -> bool:
        """Whether the next window can be read without waiting for its writer."""
        return self._texts.ready()

    def notes(self) -> Iterator[str]:
        """Notes on all texts, once they have been read."""
        return self._texts.notes()
