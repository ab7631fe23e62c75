"""A small hub on the loopback address: the requests that the client of the real one makes, answered as it answers."""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

Files = Mapping[str, bytes]


@dataclass
class Repository:
    """A model, with what is wrong with it.

    Attributes:
        revisions: the files of each branch; a commit is named by the hash of their content.
        api_error: status and ``X-Error-Code`` of every request to the API.
        file_error: the same for files.
        short: the files that end too early.
        silent: whether the API never answers.
        drips: whether the API sends a byte now and then, without end.
        description: what the API answers in place of a description.
        headers: of every file, over the right ones.
        moved: whether files are elsewhere on the same host, as the real hub's small ones are.
        siblings: whether the API names the files with the commit, not only in the tree.
    """

    revisions: dict[str, Files]
    api_error: tuple[int, str | None] | None = None
    file_error: tuple[int, str | None] | None = None
    short: tuple[str, ...] = ()
    silent: bool = False
    drips: bool = False
    description: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    moved: bool = False
    siblings: bool = True

    def resolve(self, revision: str) -> tuple[str, Files] | None:
        """The commit and the files of a branch, or of a commit."""
        for branch, files in self.revisions.items():
            if revision in (branch, commit(files)):
                return commit(files), files
        return None


@dataclass
class Hub:
    """The server, with what it was asked for."""

    models: dict[str, Repository]
    endpoint: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)
    arrived: threading.Event = field(default_factory=threading.Event)
    closing: threading.Event = field(default_factory=threading.Event)

    def downloads(self, model_id: str) -> list[str]:
        """The files of a model that were downloaded, in that order."""
        parts = (path.split("/resolve/") for method, path in self.asked if method == "GET" and "/resolve/" in path)
        return [rest.split("/", 1)[1] for own, rest in parts if own == f"/{model_id}"]


def commit(files: Files) -> str:
    """The hash that stands for a state of a repository."""
    return sha1(repr(sorted(files.items())).encode()).hexdigest()  # noqa: S324 (as git does)


@contextmanager
def serve(models: dict[str, Repository]) -> Iterator[Hub]:
    """A hub that runs for a while, on a port of its own."""
    hub = Hub(models)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        hub.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer in one packet: a second would wait 40 ms for the first

    def do_GET(self) -> None:
        path = unquote(self.path.partition("?")[0])
        self.hub.asked.append((self.command, path))
        self.hub.tokens.add(self.headers["Authorization"])
        self.hub.arrived.set()
        if path.startswith("/api/models/"):
            own, part, revision = re.fullmatch("/api/models/(.+?)(?:/(revision|tree)/(.+))?", path).groups()
            self._api(own, revision or "main", tree=part == "tree")
        elif "/resolve/" in path:
            own, _, rest = path.removeprefix("/moved").removeprefix("/").partition("/resolve/")
            revision, _, name = rest.replace("refs/pr/", "refs pr ").partition("/")
            self._file(own, revision.replace("refs pr ", "refs/pr/"), name)
        else:
            self._answer(404)

    do_HEAD = do_GET  # noqa: N815 (the name that http.server calls)

    def _api(self, model_id: str, revision: str, *, tree: bool) -> None:
        model = self.hub.models.get(model_id)
        if model is None:
            return self._answer(404, code="RepoNotFound")
        if model.silent or model.drips:
            return self._drip() if model.drips else self._wait()
        if model.api_error is not None:
            return self._answer(model.api_error[0], code=model.api_error[1])
        if model.description is not None:
            return self._answer(200, model.description)
        found = model.resolve(revision)
        if found is None:
            return self._answer(404, code="RevisionNotFound")
        if tree:
            body = [{"type": "file", "path": path, "size": len(data), "oid": "0"} for path, data in found[1].items()]
        else:
            body = {"_id": "1", "id": model_id, "sha": found[0], "tags": [], "downloads": 0}
            body |= {"siblings": [{"rfilename": name} for name in found[1]]} if model.siblings else {}
        return self._answer(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _file(self, model_id: str, revision: str, name: str) -> None:
        model = self.hub.models.get(model_id)
        found = model and model.resolve(revision)
        if not found:
            return self._answer(404, code="RevisionNotFound" if model else "RepoNotFound")
        if model.file_error is not None:
            return self._answer(model.file_error[0], code=model.file_error[1], headers=model.headers)
        if model.moved and not self.path.startswith("/moved/"):
            return self._answer(307, headers={"Location": f"/moved{self.path}"})
        hash_, files = found
        if name not in files:
            return self._answer(404, code="EntryNotFound")
        body = files[name]
        headers = {"ETag": f'"{sha1(body).hexdigest()}"', "X-Repo-Commit": hash_}  # noqa: S324 (as git does)
        if name in model.short and self.command == "GET":
            body = body[:-1]
        return self._answer(200, body, {**headers, **model.headers})

    def _wait(self) -> None:
        self.hub.closing.wait()
        self.close_connection = True

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        with suppress(OSError):  # nobody reads any more
            while not self.hub.closing.wait(0.05):
                self.wfile.write(b" ")
                self.wfile.flush()
        self.close_connection = True

    def _answer(
        self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None, code: str | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        if code is not None:
            self.send_header("X-Error-Code", code)
        # Shown by the real client, unless it is kept quiet.
        self.send_header("X-HF-Warning", "auth; You are sending unauthenticated requests.")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name in http.server)
        """Says nothing; ``Hub.asked`` has it all."""
