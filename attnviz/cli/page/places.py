"""Where pages go: a file, a folder with one per text, or standard output; and the browser that opens them."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

import orjson

from attnviz.cli.streams import write_bytes
from attnviz.errors import UsageError, one_line
from attnviz.files import is_special
from attnviz.output.signatures import is_written_by_attnviz
from attnviz.outputs import check_file, check_folder, write_atomically
from attnviz.records import dataclass
from attnviz.turns import turn_in

_ENDINGS = (".html", ".htm")
_DEFAULT = "attnviz.html"
_TEXT_BROWSERS = frozenset(("www-browser", "links", "elinks", "lynx", "w3m"))
_HEAD = re.compile(rb'<script type="application/json" id="head">(.*?)</script>', re.DOTALL)
_HEAD_NAME = re.compile(r"L\d+H\d+")


@dataclass(frozen=True)
class PagePlace:
    """Where the pages of a run go.

    Attributes:
        path: a file or a folder; None for standard output.
        is_folder: whether it is a folder with one page per text.
        force: replace files that attnviz did not write.
    """

    path: Path | None
    is_folder: bool = False
    force: bool = False

    @classmethod
    def of(cls, name: str, *, force: bool) -> "PagePlace":
        """The place that ``-o`` names; what cannot be written is refused before anything is computed.

        Raises:
            UsageError: a name that is neither that of a page nor of a folder.
            OutputError: a file that attnviz did not write, or one in a folder that is missing.
        """
        if not name.strip():
            raise UsageError("out: the name is empty; expected FILE.html, DIR/, or - for standard output")
        if name == "-":
            return cls(None)
        path = Path(name)
        if name.endswith(("/", os.sep)) or os.path.isdir(path):
            check_folder(path)
            return cls(path, is_folder=True, force=force)
        if path.suffix.lower() not in _ENDINGS and not is_special(path):
            page = f"{path.with_suffix('.html') if path.suffix else name + '.html'}"
            raise UsageError(
                f"out: {one_line(name)} is not the name of a page; expected {one_line(page)}, or {one_line(name)}/ for "
                "a folder"
            )
        check_file(path, is_replaceable=lambda file: force or is_written_by_attnviz(file))
        return cls(path, force=force)

    def write(self, page: str) -> list[Path]:
        """Writes the page of all texts.

        Returns:
            its path; nothing for standard output.

        Raises:
            OutputError: it cannot be written.
        """
        data = page.encode()
        if self.path is None:
            write_bytes(data)
            return []
        self._save(self.path, data)
        return [self.path]

    def write_each(self, pages: Iterable[str], *, several: bool) -> list[Path]:
        """Writes one page per text into the folder, which is made where it is missing.

        Args:
            pages: of one text each.
            several: whether there are several, which are numbered as the folders of ``heatmap`` are.

        Raises:
            OutputError: one cannot be written.
        """
        paths: list[Path] = []
        with turn_in(self.path or "") as folder:
            for number, page in enumerate(pages, start=1):
                paths.append(folder / (f"text-{number:03d}.html" if several else _DEFAULT))
                self._save(paths[-1], page.encode())
        return paths

    def _save(self, path: Path, data: bytes) -> None:
        write_atomically(path, data, overwrite=self.force or is_written_by_attnviz(path))


def written_line(place: PagePlace, paths: list[Path]) -> str:
    """What was written: the name, the size, the number of texts and of heads.

    Args:
        place: where to.
        paths: the files, at least one.
    """
    n_bytes = sum(path.stat().st_size for path in paths)
    size = f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 1e6 else f"{n_bytes / 1e3:.0f} KB"
    if len(paths) > 1:
        return f"{one_line(place.path)}: {len(paths)} pages written, {size}; open them in a browser"
    if not paths[0].is_file():
        return f"{one_line(paths[0])}: written"
    return f"{one_line(paths[0])}: {size}, {_content(paths[0])}; open it in a browser"


def _content(path: Path) -> str:
    """The number of texts, where there are several, and of heads of a page."""
    found = _HEAD.search(path.read_bytes())
    if found is None:
        return "one page"
    texts = orjson.loads(found[1])["texts"]
    heads = max((one["heads"] for one in texts[0]["sets"]), key=len)
    names = [head["name"] for head in heads]
    nouns = ("head", "heads") if all(map(_HEAD_NAME.fullmatch, names)) else ("matrix", "matrices")
    return f"{len(texts)} texts, " * (len(texts) > 1) + f"{len(names)} {nouns[len(names) > 1]}"


def open_in_browser(path: Path) -> bool:
    """Opens a page in the default browser; False where there is none that draws pages."""
    return open_address(path.resolve().as_uri())


def open_address(address: str) -> bool:
    """Opens an address in the default browser; False where there is none that draws pages."""
    import webbrowser

    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    # One that runs in the terminal would take it over and draw nothing, unless it was asked for.
    if getattr(browser, "basename", "") in _TEXT_BROWSERS and not os.environ.get("BROWSER"):
        return False
    return browser.open(address)
