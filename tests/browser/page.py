"""A page in a real browser that records whatever a page must never do."""

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.image import imread

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
ZOOMED = {"width": 640, "height": 400}  # what 1280 x 800 leaves at 200 %

REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", event =>
  reportViolation(`${event.effectiveDirective}: ${event.blockedURI} ${event.sample}`));
"""


@dataclass
class Recorded:
    """What a page said and asked for, apart from its own file.

    Attributes:
        address: of the file, without the part from ``#`` on.
        faults: console messages, uncaught errors, violations of the security policy, requests, unexpected dialogs.
    """

    address: str
    faults: list[str] = field(default_factory=list)

    def watch(self, page: Any) -> None:
        """Listens to a page of playwright, before it opens the file."""
        page.expose_function("reportViolation", lambda text: self.faults.append(f"violation: {text}"))
        page.add_init_script(REPORT_VIOLATIONS)
        page.on("console", lambda message: self.faults.append(f"console {message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.faults.append(f"uncaught error: {error}"))
        page.on("crash", lambda _: self.faults.append("the page crashed"))
        page.on("request", lambda request: self.request(request.url))
        page.on("dialog", self.dialog)

    def request(self, url: str) -> None:
        """A request is a fault unless it is the file itself, or data that the page made."""
        if url.partition("#")[0] != self.address and not url.startswith(("data:", "blob:")):
            self.faults.append(f"request: {url}")

    def dialog(self, dialog: Any) -> None:
        """No control uses alert, confirm or prompt."""
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@contextmanager
def recorded(
    browser: Any, file: Path, fragment: str = "", *, before: str = "", **context: Any
) -> Iterator[tuple[Any, Recorded]]:
    """The file in a browser context of its own, and what it did.

    ``before`` is run in the page before its script; ``context`` are playwright's settings of a browser context.
    """
    context = {"viewport": DESKTOP, "color_scheme": "light", "accept_downloads": True, **context}
    record = Recorded(file.resolve().as_uri())
    with browser.new_context(**context) as made:
        page = made.new_page()
        record.watch(page)
        if before:
            page.add_init_script(before)
        page.goto(record.address + fragment)
        yield page, record


def poll(page: Any, expression: str, seconds: float = 20) -> Any:
    """The value of a JavaScript expression as soon as it is truthy.

    ``page.wait_for_function`` evaluates text in the page, which the security policy refuses.

    Raises:
        AssertionError: it was not within the time.
    """
    end = time.monotonic() + seconds
    while not (value := page.evaluate(expression)):
        assert time.monotonic() < end, f"not true within {seconds} s: {expression}"
        page.wait_for_timeout(10)
    return value


def ready(page: Any) -> None:
    """Waits for the first paint of attnviz's page."""
    poll(page, "document.body.dataset.ready === '1'")


def settled(page: Any) -> None:
    """Waits until the page has shown what it was asked for last, and painted it."""
    page.evaluate(
        """async () => {
          await window.attnviz?.ready();
          await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())));
          await window.attnviz?.ready();
        }"""
    )


def act(page: Any, action: Callable[[], object]) -> None:
    """Does something on attnviz's page, and waits until it is shown."""
    action()
    settled(page)


def state(page: Any) -> dict[str, Any]:
    """What is chosen on attnviz's page."""
    return page.evaluate("window.attnviz.state()")


def pixels(page: Any, selector: str = "body") -> np.ndarray:
    """A picture of an element as it is seen: rows, columns, and red, green and blue from 0 to 1."""
    return picture(page.locator(selector).first.screenshot(animations="disabled", caret="hide"))


def picture(png: bytes) -> np.ndarray:
    """The colours of a PNG file, without its transparency."""
    return imread(io.BytesIO(png))[..., :3]


def n_colors(seen: np.ndarray) -> int:
    """How many colours a picture has."""
    bytes_ = np.rint(seen * 255).astype(np.uint32)
    return len(np.unique(bytes_ @ np.array([65536, 256, 1], np.uint32)))
