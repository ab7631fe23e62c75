"""A tokenizer that is not trusted is tried in a process of its own first: what it does there, it does here as well.

The process may panic, crash or run for ever, and takes nothing along: it is the kernel that ends it in time.
"""

import json
import os
import signal
import sys
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from subprocess import DEVNULL, PIPE, Popen
from typing import TYPE_CHECKING, Any

from attnviz.text.engine.faults import EngineError, panics_as_errors

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

_MOST_SECONDS = 10  # of a processor, for one text
_PROGRAM = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from attnviz.text.engine.stage import play
play(int(sys.argv[2]))
"""


class Rehearsal:
    """Another process with the same tokenizer.

    Args:
        json_text: the tokenizer.
        settings: of its ``tokenizer_config.json``, which change it.
    """

    def __init__(self, json_text: str, settings: Mapping[str, Any]):
        self.json_text, self.settings = json_text, settings
        self._stage: _Stage | None = None

    def play(self, *words: object) -> None:
        """Does one thing in the other process, which starts where there is none yet.

        Args:
            words: a method of the tokenizer and its arguments; nothing to read the tokenizer alone.

        Raises:
            EngineError: it fails, ends, or needs too long.
        """
        if self._stage is None or self._stage.owner != os.getpid():  # a forked worker has one of its own
            self._stage = _Stage()
            weakref.finalize(self, self._stage.end)
            self._say(self._stage, [self.json_text, dict(self.settings)])
        if words:
            self._say(self._stage, words)

    def _say(self, stage: "_Stage", words: Sequence[object]) -> None:
        try:
            answer = stage.answer(words)
            fault = json.loads(answer) if answer else stage.death()
        except BaseException:  # also Ctrl-C: nothing runs on
            self._end()
            raise
        if not answer:
            self._end()
        if fault is not None:
            raise EngineError(fault)

    def _end(self) -> None:
        if self._stage is not None:
            self._stage.end()
        self._stage = None


class _Stage:
    """The process, isolated from the working folder and from variables of Python, with this one's modules."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        path = [os.path.abspath(folder) for folder in sys.path if folder]
        arguments = [sys.executable, "-I", "-c", _PROGRAM, json.dumps(path), str(_MOST_SECONDS)]
        try:
            self._process = Popen(arguments, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)  # noqa: S603 (no shell)
        except (OSError, ValueError) as error:
            raise EngineError(f"the process that tries it cannot be started: {error}") from error

    def answer(self, words: Sequence[object]) -> bytes:
        """What the process says to a line; nothing where it has ended."""
        if self._process.stdin is None or self._process.stdout is None:
            return b""
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(words).encode() + b"\n")
            self._process.stdin.flush()
        return self._process.stdout.readline()

    def death(self) -> str:
        """How it ended."""
        code = self._process.wait()
        if code == -getattr(signal, "SIGXCPU", 0):
            return f"the library needs more than {_MOST_SECONDS} seconds"
        how = f"exit code {code}"
        with suppress(ValueError):
            how = signal.Signals(-code).name
        return f"the library crashes: {how}"

    def end(self) -> None:
        """Ends it, in the process that started it."""
        if os.getpid() != self.owner:
            return
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if stream is not None:
                    stream.close()


class WatchedTokenizer:
    """The library's tokenizer, whose work is tried in another process before it is done here.

    Args:
        library: the tokenizer.
        rehearsal: the other process, with the same tokenizer.
    """

    def __init__(self, library: "Tokenizer", rehearsal: Rehearsal):
        self._library, self._rehearsal = library, rehearsal

    def __getattr__(self, name: str) -> Any:
        return getattr(self._library, name)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self._library, self._rehearsal.json_text, self._rehearsal.settings)

    def encode(self, text: str, pair: str | None = None, *, add_special_tokens: bool = True) -> "Encoding":
        """The tokens of one or two texts."""
        self._rehearsal.play("encode", text, pair, False, add_special_tokens)
        with panics_as_errors():
            return self._library.encode(text, pair, add_special_tokens=add_special_tokens)

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids."""
        self._rehearsal.play("decode", list(ids))
        with panics_as_errors():
            return self._library.decode(ids)


def _again(library: "Tokenizer", json_text: str, settings: Mapping[str, Any]) -> WatchedTokenizer:
    return WatchedTokenizer(library, Rehearsal(json_text, settings))
