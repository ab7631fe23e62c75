"""One Chromium for all tests of the page, and a page for each test that may say nothing and ask for nothing."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.browser.page import Recorded, ready, recorded
from tests.browser.samples import command, environment, write_inputs

# As root there is no sandbox. The other switches keep the browser itself from asking for anything.
SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, headless, which ``CHROMIUM`` names, driven by playwright."""
    path = os.environ.get("CHROMIUM", "")
    if not os.access(path, os.X_OK):
        pytest.fail("CHROMIUM names no program; expected Debian's /usr/bin/chromium: see attnviz/docs/contributing.md")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.fail('playwright is not installed; expected pip install -e ".[browser]"')
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=list(SWITCHES))
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """``sample("sentence")`` gives the file of a page of ``SAMPLES``, which is written once."""
    folder = tmp_path_factory.mktemp("pages")
    write_inputs(folder)

    def page_file(name: str) -> Path:
        file = folder / f"{name.replace(' ', '-')}.html"
        if not file.exists():
            words = command(name, file.name)
            done = subprocess.run(words, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
        return file

    return page_file


@pytest.fixture
def records(browser: Any) -> Iterator[Callable[..., tuple[Any, Recorded]]]:
    """``records(file)`` opens a file: the page, and what it did wrong so far."""
    with ExitStack() as stack:
        yield lambda *args, **context: stack.enter_context(recorded(browser, *args, **context))


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """``opened(file, "#state", color_scheme="dark", ...)`` gives a page that has painted.

    At the end of the test none of its pages may have printed to the console, failed, or asked for anything.
    """
    kept: list[Recorded] = []
    with ExitStack() as stack:

        def open_file(file: Path, fragment: str = "", **context: Any) -> Any:
            page, record = stack.enter_context(recorded(browser, file, fragment, **context))
            kept.append(record)
            ready(page)
            return page

        yield open_file
    faults = [fault for record in kept for fault in record.faults]
    assert not faults, "\n".join(faults)
