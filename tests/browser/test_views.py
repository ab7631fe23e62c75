"""Every kind of page, in every view, size and theme: nothing is printed or asked for, and nothing sticks out."""

import re

import numpy as np
import pytest

from tests.browser.page import DESKTOP, PHONE, ZOOMED, act, n_colors, pixels, settled, state
from tests.browser.samples import HOSTILE, SAMPLES

pytestmark = pytest.mark.browser

SIZES = {"desktop": DESKTOP, "phone": PHONE, "200 %": ZOOMED}
LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced colours": {"forced_colors": "active"},
    "reduced motion": {"reduced_motion": "reduce"},
}
VIEWS = {"both": "1", "links": "2", "matrix": "3", "table": "4"}
STICKS_OUT = """() => [...document.querySelectorAll("body *")].filter(one => {
  const box = one.getBoundingClientRect();
  if (!box.width || !box.height || box.right <= innerWidth + 1 && box.left >= -1) return false;
  for (let outer = one.parentElement; outer && outer !== document.body; outer = outer.parentElement)
    if (getComputedStyle(outer).overflowX !== "visible") return false;
  return true;
}).map(one => `${one.tagName} ${one.id} ${one.className} ${Math.round(one.getBoundingClientRect().right)}`)"""


@pytest.mark.parametrize("name", SAMPLES)
def test_every_page_shows_every_view(opened, sample, name):
    page = opened(sample(name))
    for view, key in VIEWS.items():
        act(page, lambda key=key: page.keyboard.press(key))
        assert state(page)["view"] == view
        assert page.evaluate(STICKS_OUT) == [], view
        assert page.locator("#status").inner_text().strip()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["sentence", "long", "cross", "diff", "hostile", "many heads", "pair", "texts"])
def test_nothing_sticks_out_at_any_size(opened, sample, name, size):
    page = opened(sample(name), viewport=SIZES[size])
    for view, key in VIEWS.items():
        act(page, lambda key=key: page.keyboard.press(key))
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
        assert page.evaluate(STICKS_OUT) == [], view


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", ["sentence", "diff"])
def test_the_matrix_is_seen_in_every_look(opened, sample, name, look):
    page = opened(sample(name), **LOOKS[look])
    assert n_colors(pixels(page, "#matrix")) > 20


def test_the_system_s_theme_is_followed_while_the_page_is_open(opened, sample):
    page = opened(sample("sentence"))
    light = pixels(page)
    page.emulate_media(color_scheme="dark")
    settled(page)
    dark = pixels(page)
    assert light.mean() > 0.8
    assert dark.mean() < 0.3
    page.emulate_media(color_scheme="light")
    settled(page)
    assert np.abs(pixels(page) - light).mean() < 1e-4  # corners of buttons are smoothed anew


def test_hostile_tokens_are_text(opened, sample):
    page = opened(sample("hostile"))
    shown = page.locator("#sentence .word").all_text_contents()
    assert len(shown) == len(HOSTILE)
    assert shown[0] == HOSTILE[0]
    assert shown[4] == HOSTILE[4]
    assert shown[6:9:2] == ["{{data}}", "&lt;"]
    assert not any(character in "".join(shown) for character in "\0\n\t\u2028\N{RIGHT-TO-LEFT OVERRIDE}")
    assert page.locator("img").count() == 0
    assert page.evaluate("Math.max(...[...document.querySelectorAll('.word')].map(w => w.offsetWidth))") < 400


def test_words_of_right_to_left_scripts_are_isolated(opened, sample):
    page = opened(sample("scripts"))
    words = page.locator("#sentence .word")
    assert words.first.evaluate("word => getComputedStyle(word).unicodeBidi") == "isolate"
    first, second = words.nth(0).bounding_box(), words.nth(1).bounding_box()
    assert first["x"] > second["x"]  # the line runs from right to left, as its first word does


def test_a_long_text_has_few_nodes(opened, sample):
    page = opened(sample("long"))
    for key in "1234":
        act(page, lambda key=key: page.keyboard.press(key))
        assert page.evaluate("document.getElementsByTagName('*').length") <= 3000
    assert sample("long").stat().st_size <= 2.5e6


def test_a_browser_without_streams_gets_one_sentence(records, sample):
    page, record = records(sample("sentence"), before="delete window.DecompressionStream")
    settled(page)
    assert page.locator("#old").is_visible()
    assert "2023" in page.locator("#old").inner_text()
    assert record.faults == []


def test_without_scripts_there_is_a_table(records, sample):
    page, record = records(sample("sentence"), java_script_enabled=False)
    assert page.locator("noscript table td").count() >= 14 * 14
    assert record.faults == []


def test_the_table_of_a_long_text_lists_its_strongest_links(opened, sample):
    page = opened(sample("long"), "#view=table&query=&key=&least=0")
    assert re.match(r"the 250 strongest of \d+ links; ", page.locator("#table caption").inner_text())
    numbers = [float(text) for text in page.locator("#table tbody td:last-child").all_inner_texts()]
    assert len(numbers) == 250
    assert numbers == sorted(numbers, reverse=True)
    act(page, lambda: page.locator("#table tbody td:last-child").nth(3).click())
    assert f"({numbers[3]:.2f})" in page.locator("#status").inner_text()


def test_one_link_of_many_heads_is_in_every_cell(opened, sample):
    page = opened(sample("causal"), "#mode=link&sort=link&query=3&key=1")
    values = page.locator("#ranking .rank").all_inner_texts()
    assert len(values) == 8
    act(page, lambda: page.keyboard.press("Escape"))
    assert page.locator("#ranking .rank").count() == 8
