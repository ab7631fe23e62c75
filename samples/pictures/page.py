"""Draws the README's picture of a page, by ``CHROMIUM=/usr/bin/chromium python samples/pictures/page.py``.

It needs the extra ``browser`` and Debian's package ``chromium``. ``page.png`` is what ``attnviz html`` writes, light
and in few colours, so that it is small.
"""

import os
import tempfile
from io import BytesIO
from pathlib import Path

from make import HERE, TEXT, printed
from PIL import Image
from playwright.sync_api import sync_playwright

SIZE = {"width": 1280, "height": 800}
COLORS = 192


def page_picture(chromium: str) -> Image.Image:
    """What the browser shows of the page when it is opened."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "page.html"
        printed("html", TEXT, "--out", str(path))
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto(path.as_uri())
        while page.evaluate("document.body.dataset.ready") != "1":  # the page's policy forbids wait_for_function
            page.wait_for_timeout(20)
        image = Image.open(BytesIO(page.screenshot())).convert("RGB")
        browser.close()
    return image.quantize(COLORS, dither=Image.Dither.NONE)


if __name__ == "__main__":
    page_picture(os.environ["CHROMIUM"]).save(HERE / "page.png", optimize=True)
