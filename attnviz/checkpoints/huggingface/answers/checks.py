"""Answers of a hub that the client would take as they are: names in headers, sizes, and how long to wait."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from attnviz.checkpoints.huggingface.answers.refusals import answered
from attnviz.errors import brief

COMMIT = re.compile("[0-9A-Za-z]{1,64}")
_MOST_BYTES = 64 << 20  # of a description
_MOST_SECONDS = 60  # that a hub may ask to wait for
# The client makes names of files of these.
_NAMES = {
    "ETag": re.compile(r'(?:W/)?"?\w[\w.+=:-]{0,127}"?', re.ASCII),
    "X-Linked-ETag": re.compile(r'(?:W/)?"?\w[\w.+=:-]{0,127}"?', re.ASCII),
    "X-Repo-Commit": COMMIT,
}


@contextmanager
def checked_answers(session: Any, where: str, host: str) -> Iterator[None]:
    """Looks at every answer to a session before the client does.

    Args:
        session: of httpx, or of requests in older versions of the client.
        where: the model's name.
        host: of the hub.
    """

    def check(answer: Any, *_: object, **__: object) -> None:
        _check(answer, where, host)

    hooks = session.event_hooks if hasattr(session, "event_hooks") else session.hooks
    before = hooks["response"]
    _set_hooks(session, [*before, check])
    try:
        yield
    finally:
        _set_hooks(session, before)


def _set_hooks(session: Any, functions: list[Any]) -> None:
    if hasattr(session, "event_hooks"):
        session.event_hooks = {**session.event_hooks, "response": functions}
    else:
        session.hooks["response"] = functions


def _check(answer: Any, where: str, host: str) -> None:
    """Checks one answer, whose content is not read yet.

    Raises:
        InputError: the hub asks to wait for longer than anybody would.
        ValueError: a header that is not a name, or a description without end.
    """
    for name, pattern in _NAMES.items():
        value = answer.headers.get(name)
        if value is not None and not pattern.fullmatch(value):
            raise ValueError(f"its header {name} is {brief(value)}, which is not a hash")
    wait = answer.headers.get("Retry-After", "")
    if answer.status_code in (429, 503) and wait.isdecimal() and (len(wait) > 9 or int(wait) > _MOST_SECONDS):
        raise answered(answer.status_code, host, where)
    if "/api/" in str(answer.url):
        _read(answer)


def _read(answer: Any) -> None:
    """Reads a description as far as one may reach, however much is sent: the client would read on."""
    body = bytearray()
    for chunk in answer.iter_bytes() if hasattr(answer, "iter_bytes") else answer.iter_content(1 << 16):
        body += chunk
        if len(body) > _MOST_BYTES:
            raise ValueError(f"its answer has more than {_MOST_BYTES >> 20} MB")
    answer._content = bytes(body)  # where both libraries keep what was read
