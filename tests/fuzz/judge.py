"""What must hold of every run, whatever it was given: the faults of one that breaks it."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from attnviz.errors import LONGEST_LINE, LONGEST_PATH, LONGEST_QUOTE
from tests.fuzz.case import Case

CODES = (0, 1, 2, 3, 130)
_ERROR, _HINT, _NOTE = "attnviz: error: ", "hint: ", "attnviz: note: "
_MOST_LINES, _MOST_NOTES = 4, 30  # of an error: itself, the place in a condition (two lines), and a hint
_SLACK = 20  # characters around a quotation that may happen to be the input's as well
_TEMPORARY = re.compile(r"^\.attnviz-|\.tmp$|^tmp|~$")


class Outcome(NamedTuple):
    """How a run ended: ``raised`` is what escaped it, ``warned`` the warnings that would be printed."""

    code: int | None
    out: bytes
    err: str
    raised: str = ""
    warned: tuple[str, ...] = ()


def faults(case: Case, outcome: Outcome, folder: str | Path) -> list[str]:
    """What is wrong with a run, in words; nothing of one that ended well."""
    plain = outcome._replace(err=outcome.err.replace(f"\x1b[1;31m{_ERROR.strip()}\x1b[0m", _ERROR.strip()))
    return [*_faults_of_end(plain), *_faults_of_lines(case, plain.err), *_faults_of_files(case, Path(folder))]


def _faults_of_end(outcome: Outcome) -> Iterator[str]:
    if outcome.raised:
        yield f"raised {outcome.raised[-2000:]}"
    elif outcome.code not in CODES:
        yield f"exit code {outcome.code}"
    if outcome.warned:
        yield f"warned: {outcome.warned[0]}"
    if "Traceback" in outcome.err or "panicked at" in outcome.err or "Warning:" in outcome.err:
        yield f"a trace on standard error: {outcome.err[-1000:]!r}"
    if f"{_ERROR}internal: " in outcome.err:
        yield f"an internal error: {outcome.err[-1000:]!r}"
    if outcome.code in (2, 3) and _ERROR not in outcome.err:
        yield f"exit code {outcome.code} without an error line: {outcome.err[:500]!r}"


def _faults_of_lines(case: Case, err: str) -> Iterator[str]:
    lines = err.splitlines()
    first = next((i for i, line in enumerate(lines) if line.startswith(_ERROR)), len(lines))
    after = lines[first:]
    if len(after) > _MOST_LINES:
        yield f"{len(after)} lines of an error: {after[:6]!r}"
    if first > _MOST_NOTES and "skip" not in case.argv:  # a note for each line that is skipped
        yield f"{first} notes"
    content = b"\n".join((*case.files.values(), case.stdin)).decode("utf-8", "replace")
    for line in lines:
        if len(line) > LONGEST_LINE + len(_ERROR):
            yield f"a line of {len(line)} characters: {line[:300]!r}"
        if any(not c.isprintable() for c in line):
            yield f"a control character in a line: {line[:300]!r}"
        # A word of the command line may be a path, whose whole name a user needs.
        words = "\n".join(case.argv).replace(" ", "\n")
        for given, most in ((content, LONGEST_QUOTE), (words, LONGEST_PATH)):
            if _is_quoted(line, given, most + _SLACK):
                yield f"more than {most} characters of the input are quoted: {line[:300]!r}"


def _is_quoted(line: str, given: str, size: int) -> bool:
    return any(line[i : i + size] in given for i in range(len(line) - size + 1))


def _faults_of_files(case: Case, folder: Path) -> Iterator[str]:
    for name, data in case.files.items():
        path = folder / name
        if name in case.replaceable:
            continue
        if not path.is_file():
            yield f"the file {name[:80]!r} is gone"
        elif path.stat().st_size != len(data) or path.read_bytes() != data:
            yield f"the file {name[:80]!r} was changed"
    for place, _, names in os.walk(folder):
        left = [name for name in names if _TEMPORARY.search(name)]
        left = [name for name in left if os.path.relpath(os.path.join(place, name), folder) not in case.files]
        if left:
            yield f"a temporary file is left: {left[0]!r}"
