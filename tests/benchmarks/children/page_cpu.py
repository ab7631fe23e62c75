"""What a page costs the main thread of Chromium.

``page_cpu.py CHROMIUM SCRIPTS ROUNDS FOLDER`` opens attnviz.html, head.html and model.html of FOLDER in turn. It prints
JSON: for each the milliseconds of CPU until it is ready, of another head and of the pointer on another token, and its
nodes. SCRIPTS is a node_modules with d3, jquery and requirejs: BertViz's pages take them from the network otherwise.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Error, Page, Route, sync_playwright

LIMIT = 120  # seconds that a page may take until it is ready
REPEATS = 8  # of what is done on a page
LOOP = "() => { let x = 0; for (let i = 0; i < 1e8; i++) x = Math.imul(x + i, 1664525) | 0; return x; }"
FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))"
SCRIPTS = {  # those that BertViz's pages ask for, but for jQuery, which npm has from 2.1 on and not as 2.0.0
    "require.min.js": "requirejs/require.js",
    "d3.min.js": "d3/dist/d3.min.js",
    "jquery.min.js": "jquery/dist/jquery.min.js",
}


class Tab:
    """A new page, and the CPU of its main thread."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.session = page.context.new_cdp_session(page)
        self.session.send("Performance.enable", {"timeDomain": "threadTicks"})  # else TaskDuration is wall time

    def milliseconds(self) -> float:
        """CPU since the page began."""
        metrics = self.session.send("Performance.getMetrics")["metrics"]
        return next(one["value"] for one in metrics if one["name"] == "TaskDuration") * 1000

    def until(self, expression: str) -> None:
        """Waits until the expression is true, and painted."""
        end = time.monotonic() + LIMIT
        while not self.page.evaluate(expression):
            if time.monotonic() > end:
                raise TimeoutError(f"not ready within {LIMIT} s")
            time.sleep(0.05)
        self.page.evaluate(FRAMES)

    def cost(self, act) -> float:
        """CPU of an act, until it is painted."""
        before = self.milliseconds()
        act()
        self.page.evaluate(FRAMES)
        return self.milliseconds() - before


class Ours:
    """attnviz's page: a click on a head of the grid shows it, the pointer on a cell its row and column."""

    file = "attnviz.html"
    ready = "document.body.dataset.ready === '1'"

    @staticmethod
    def heads(page: Page):
        """Acts that each choose another head."""
        return [lambda box=box: page.mouse.click(*box) for box in centres(page, "#grid [data-head]")]

    @staticmethod
    def tokens(page: Page):
        """Acts that each put the pointer on another token: of the words of the text, and of the cells of the matrix."""
        box = page.locator("#matrix").bounding_box()
        places = [0.3 + 0.6 * k / REPEATS for k in range(REPEATS)]
        cells = [(box["x"] + box["width"] * place, box["y"] + box["height"] * place) for place in places]
        return [lambda box=box: page.mouse.move(*box) for box in (*centres(page, "#sentence .word"), *cells)]


class HeadView:
    """BertViz's head view: a double click on a colour shows one head, the pointer on a token its lines."""

    file = "head.html"
    ready = "document.querySelectorAll('#attention line').length > 0"

    @staticmethod
    def heads(page: Page):
        colours = centres(page, "#vis > svg > g:last-of-type > rect")
        return [lambda box=box: page.mouse.dblclick(*box) for box in colours]

    @staticmethod
    def tokens(page: Page):
        return [lambda box=box: page.mouse.move(*box) for box in centres(page, "#left text")]


class ModelView:
    """BertViz's model view: a click on a thumbnail shows one head, the pointer on a token its lines."""

    file = "model.html"
    ready = "document.querySelectorAll('#vis line').length > 0"

    @staticmethod
    def heads(page: Page):
        return [lambda box=box: page.mouse.click(*box) for box in centres(page, ".attn_background")]

    @staticmethod
    def tokens(page: Page):
        return [lambda box=box: page.mouse.move(*box) for box in centres(page, ".detail .token[style*=end]")]


PAGES = {"attnviz": Ours, "BertViz's head view": HeadView, "BertViz's model view": ModelView}


def centres(page: Page, selector: str) -> list[tuple[float, float]]:
    """The centres of elements in the window, so many of them, far apart."""
    found = page.evaluate(
        """selector => [...document.querySelectorAll(selector)].map(one => one.getBoundingClientRect())
             .map(box => [box.x + box.width / 2, box.y + box.height / 2])
             .filter(([x, y]) => x > 0 && y > 0 && x < innerWidth && y < innerHeight)""",
        selector,
    )
    step = max(1, len(found) // REPEATS)
    return [tuple(box) for box in found[::step][:REPEATS]]


@contextmanager
def tab(browser: Browser, scripts: Path) -> Iterator[Tab]:
    """A tab whose only network is the folder of scripts."""

    def serve(route: Route) -> None:
        name = urlsplit(route.request.url).path.rpartition("/")[2]
        if name in SCRIPTS:
            route.fulfill(path=scripts / SCRIPTS[name], content_type="text/javascript")
        else:
            route.abort()

    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        context.route("https://**/*", serve)
        page = context.new_page()
        page.set_default_timeout(LIMIT * 1000)
        yield Tab(page)


def opened(browser: Browser, scripts: Path, folder: Path, kind) -> dict[str, object]:
    """The figures of one page, each a median of the acts; without them, why there are none."""
    try:
        with tab(browser, scripts) as one:
            one.page.goto((folder / kind.file).as_uri(), wait_until="commit")
            one.until(kind.ready)
            figures = {"ready": one.milliseconds()}
            figures["nodes"] = one.page.evaluate("document.getElementsByTagName('*').length")
            figures["head"] = median(one.cost(act) for act in kind.heads(one.page))
            figures["hover"] = median(one.cost(act) for act in kind.tokens(one.page))
            return figures
    except (Error, TimeoutError) as error:
        return {"why": str(error).strip().splitlines()[0]}


def loop(browser: Browser, scripts: Path) -> float:
    """Milliseconds of CPU of the loop of arithmetic: the least of five."""
    with tab(browser, scripts) as one:
        one.page.goto("about:blank")
        return min(one.cost(lambda: one.page.evaluate(LOOP)) for _ in range(5))


def main() -> None:
    """Each page once a round, in turn; a page that failed is not tried again."""
    chromium, scripts, rounds, folder = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    report = {name: {"ready": [], "nodes": [], "head": [], "hover": [], "why": None} for name in PAGES}
    loops = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(rounds):
            loops.append(loop(browser, scripts))
            for name, kind in PAGES.items():
                if report[name]["why"] is None and (folder / kind.file).exists():
                    figures = opened(browser, scripts, folder, kind)
                    report[name]["why"] = figures.pop("why", None)
                    for figure, value in figures.items():
                        report[name][figure].append(value)
        browser.close()
    json.dump({**report, "loop_ms": min(loops)}, sys.stdout)


if __name__ == "__main__":
    main()
