"""The README's picture of the page shows what its words say."""

import re
from pathlib import Path

import pytest

import attnviz

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.browser


def test_the_readme_says_in_words_what_the_page_says_when_it_opens(opened, tmp_path):
    readme = (ROOT / "README.md").read_text("utf-8")
    (words,) = re.findall(r"!\[A page in a browser: (.*)\]\(samples/pictures/page.png\)", readme)
    (text,) = re.findall(r'^attnviz html "(.*)" --open$', readme, re.MULTILINE)
    path = tmp_path / "page.html"
    path.write_text(attnviz.html(text), "utf-8")
    assert opened(path).locator("#status").inner_text().startswith(f"{words} (")
