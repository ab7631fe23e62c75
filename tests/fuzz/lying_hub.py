"""A hub on the loopback address that lies: about lengths, hashes, names, statuses, places and descriptions."""

import contextlib
import gc
import json
import os
import random
import threading
import time
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest import mock
from urllib.parse import unquote

from tests.fuzz.models import bert

_COMMIT = "a" * 40
_STATUSES = (100, 201, 204, 206, 301, 302, 304, 307, 400, 401, 403, 404, 416, 418, 429, 500, 502, 503, 504, 999)
_CODES = ("RepoNotFound", "GatedRepo", "EntryNotFound", "RevisionNotFound", "Odd")
_BODIES = (b"", b"null", b"[]", b"<html>", b'{"sha":{}}', b'{"sha":"a","siblings":null}', b"[" * 9999, b"\xff\xfe")
_HEADERS = (
    *("Content-Length", "ETag", "X-Repo-Commit", "X-Linked-ETag", "X-Linked-Size", "Retry-After", "Content-Encoding"),
    *("Transfer-Encoding", "Location", "Content-Range", "Content-Type", "Link", "X-Error-Code"),
)
_VALUES = (
    *(
        "",
        "../../x",
        "/abs/x",
        "a" * 40,
        "b" * 64,
        f'"{"c" * 64}"',
        'W/"d"',
        "\xe9",
        "x" * 300,
        "..",
        ".",
        "a b",
        "a;b",
    ),
    *("%2e%2e", "-1", "0", "9" * 20, "abc", "1e3", "chunked", "gzip"),
)
_PLACES = ("/", "//127.0.0.1:1/x", "http://127.0.0.1:1/", "file:///etc/passwd", "", "javascript:1", "http://[")


@contextlib.contextmanager
def answering(seed: int | None, folder: str) -> Iterator[None]:
    """A hub whose lies a seed gives, in place of the real one; its cache is in the folder. Nothing without a seed."""
    if seed is None:
        yield
        return
    from huggingface_hub import constants, file_download

    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"seed": seed}))
    server.handle_error = lambda *_: None  # a client that hangs up
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    changes = {
        "ENDPOINT": endpoint,
        "HUGGINGFACE_CO_URL_TEMPLATE": endpoint + "/{repo_id}/resolve/{revision}/{filename}",
        "HF_HUB_CACHE": os.path.join(folder, "hub"),
        "HF_HUB_OFFLINE": False,
        "HF_HUB_DOWNLOAD_TIMEOUT": 1,
    }
    _forget_connections()
    try:
        with contextlib.ExitStack() as stack:
            for module in (constants, file_download):  # older versions have some in both
                there = {name: value for name, value in changes.items() if hasattr(module, name)}
                if there:
                    stack.enter_context(mock.patch.multiple(module, **there))
            stack.enter_context(mock.patch("attnviz.checkpoints.huggingface.hub.PATIENCE", 1.0))
            stack.enter_context(mock.patch.object(time, "sleep"))  # before the client tries again
            yield
    finally:
        _forget_connections()
        server.shutdown()
        server.server_close()
    if others := [path.name for path in Path(folder).iterdir() if path.name != "hub"]:
        raise AssertionError(f"the hub wrote outside its cache: {others}")


def _forget_connections() -> None:
    from huggingface_hub import utils

    if hasattr(utils, "close_session"):
        utils.close_session()
        return
    utils.reset_sessions()  # of an older version, which leaves some open
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


class _Handler(BaseHTTPRequestHandler):
    seed = 0
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer in one packet: a second would wait 40 ms for the first

    def do_GET(self) -> None:
        path = unquote(self.path.partition("?")[0])
        is_api, name = path.startswith("/api/"), path.rpartition("/")[2]
        files = {name.removeprefix("bert/"): data for name, data in bert().items()}
        if is_api:
            body = json.dumps({"_id": "1", "id": "x", "sha": _COMMIT, "siblings": [{"rfilename": n} for n in files]})
            data = body.encode()
        else:
            data = files.get(name, b"")
        status = 200 if is_api or name in files else 404
        headers = {"Content-Length": str(len(data)), "ETag": f'"{name}"', "X-Repo-Commit": _COMMIT}
        rng = random.Random(f"{self.seed} {name}")  # noqa: S311 (not a secret)
        often = random.Random(self.seed).random()  # noqa: S311 (not a secret)
        if rng.random() < 0.6 * often:
            status, headers, data = self._lie(rng, status, headers, data)
        with contextlib.suppress(OSError, ValueError):  # a client that hangs up; a header that none can be
            self._answer(status, headers, data)

    do_HEAD = do_GET  # noqa: N815 (the name that http.server calls)

    def _lie(
        self, rng: random.Random, status: int, headers: dict[str, str], data: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """One of the answer's parts is another one."""
        kind = rng.randrange(8)
        if kind == 0:
            status = rng.choice(_STATUSES)
        elif kind == 1:
            headers[rng.choice(_HEADERS)] = rng.choice(_VALUES)
        elif kind == 2:
            data = data[: rng.randrange(len(data) + 1)]
        elif kind == 3:
            data += b"x" * rng.choice((1, 100))
        elif kind == 4:
            data = rng.choice((*_BODIES, rng.randbytes(50)))
            headers["Content-Length"] = str(len(data))
        elif kind == 5:
            del headers[rng.choice(tuple(headers))]
        elif kind == 6:
            status, headers["Location"] = rng.choice((302, 307)), rng.choice((self.path, *_PLACES))
        else:
            status, headers["X-Error-Code"] = rng.choice((401, 403, 404)), rng.choice(_CODES)
        return status, headers, data

    def _answer(self, status: int, headers: dict[str, str], data: bytes) -> None:
        self.close_connection = headers.get("Content-Length") != str(len(data))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Says nothing."""
