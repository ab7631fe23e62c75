"""A tokenizer that is not trusted is tried in a process of its own first: what it does there, it does here as well.

The process may panic, crash or run for ever, and takes nothing along: it is the kernel that ends it in time.
"""

import json
import os
import signal
import subprocess
import sys
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from attnviz.text.engine.faults import MOST_SECONDS, EngineFault, panics_as_errors

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

_PROGRAM = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from attnviz.text.engine.stage import play; play()"


class Rehearsal:
    """Another process with the same tokenizer.

    Args:
        json_text: the tokenizer.
        settings: of its ``tokenizer_config.json``, which change it.
    """

    def __init__(self, json_text: str, settings: Mapping[str, Any]):
        self.json_text, self.settings = json_text, settings
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def play(self, *words: object) -> None:
        """Does one thing in the other process, which starts where there is none yet.

        Args:
            words: a method of the tokenizer and its arguments; nothing to read the tokenizer alone.

        Raises:
            EngineFault: it fails, ends, or needs too long.
        """
        if self._process is None or self._owner != os.getpid():  # a forked worker has a process of its own
            self._process, self._owner = _started(), os.getpid()
            weakref.finalize(self, _end, self._process, self._owner)
            self._say(self._process, [self.json_text, dict(self.settings)])
        if words:
            self._say(self._process, words)

    def _say(self, process: subprocess.Popen[bytes], words: Sequence[object]) -> None:
        fault = None
        try:
            answer = _answer(process, words)
            fault = json.loads(answer) if answer else _death(process)
        except BaseException:  # also Ctrl-C: nothing runs on
            _end(process, self._owner)
            self._process = None
            raise
        if not answer:
            _end(process, self._owner)
            self._process = None
        if fault is not None:
            raise EngineFault(fault)


def _answer(process: subprocess.Popen[bytes], words: Sequence[object]) -> bytes:
    """What the process says to a line; nothing where it has ended."""
    assert process.stdin is not None and process.stdout is not None
    with suppress(BrokenPipeError):
        process.stdin.write(json.dumps(words).encode() + b"\n")
        process.stdin.flush()
    return process.stdout.readline()


def _started() -> subprocess.Popen[bytes]:
    """The process, isolated from the working folder and from variables of Python, with this one's modules."""
    path = [os.path.abspath(folder) for folder in sys.path if folder]
    try:
        return subprocess.Popen(
            [sys.executable, "-I", "-c", _PROGRAM, json.dumps(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except (OSError, ValueError) as error:
        raise EngineFault(f"the process that tries it cannot be started: {error}") from error


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    if os.getpid() != owner:
        return
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        with suppress(OSError):
            if stream is not None:
                stream.close()


def _death(process: subprocess.Popen[bytes]) -> str:
    code = process.wait()
    if code == -getattr(signal, "SIGXCPU", 0):
        return f"the library needs more than {MOST_SECONDS} seconds"
    how = f"exit code {code}"
    if code < 0:
        with suppress(ValueError):
            how = signal.Signals(-code).name
    return f"the library crashes: {how}"


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
        self._rehearsal.play("encode", text, pair, add_special_tokens)
        with panics_as_errors():
            return self._library.encode(text, pair, add_special_tokens=add_special_tokens)

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids."""
        self._rehearsal.play("decode", list(ids))
        with panics_as_errors():
            return self._library.decode(ids)


def _again(library: "Tokenizer", json_text: str, settings: Mapping[str, Any]) -> WatchedTokenizer:
    return WatchedTokenizer(library, Rehearsal(json_text, settings))
