"""Every control, by mouse and by keyboard: what it changes, that this is seen, and that a link holds it."""

import numpy as np
import pytest

from tests.browser.controls import CONTROLS
from tests.browser.page import act, pixels, poll, settled, state

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("way", ["mouse", "keyboard"])
@pytest.mark.parametrize("name", CONTROLS)
def test_a_control_changes_what_is_shown(opened, sample, name, way):
    control = CONTROLS[name]
    page = opened(sample(control.sample))
    act(page, lambda: control.before(page))
    before, seen = state(page), pixels(page)
    act(page, lambda: getattr(control, way)(page))
    now = state(page)
    assert {field: now[field] for field in control.changes} == control.changes
    assert now != before
    assert not np.array_equal(pixels(page), seen)


@pytest.mark.parametrize("name", CONTROLS)
def test_a_link_holds_what_a_control_has_changed(opened, sample, name):
    control = CONTROLS[name]
    page = opened(sample(control.sample))
    act(page, lambda: control.before(page))
    act(page, lambda: control.mouse(page))
    fragment = link_of(page)
    again = opened(sample(control.sample), fragment)
    assert state(again) == state(page)
    assert np.abs(still(page) - still(again)).mean() < 1e-5


def link_of(page) -> str:
    """What the button Link gives, from # on; the clipboard is closed to a file, so a dialog shows it."""
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('closed')); }")
    page.locator("#link").click()
    text = page.locator("#copy-text").input_value()
    assert text.startswith(page.url.partition("#")[0])
    page.locator("#copy .close").click()
    return "#" + text.partition("#")[2]


def still(page) -> np.ndarray:
    """What is seen while nothing has the focus or the pointer."""
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    settled(page)
    return pixels(page)


def test_the_address_follows_and_leads(opened, sample):
    page = opened(sample("sentence"))
    act(page, lambda: page.keyboard.press("3"))
    assert poll(page, "location.hash") == "#view=matrix"
    page.evaluate("location.hash = '#view=links&head=L0H2'")
    poll(page, "window.attnviz.state().view === 'links'")
    settled(page)
    assert state(page)["head"] == 2
    assert page.locator("#head-title").inner_text() == "Layer 0, head 2"


@pytest.mark.parametrize(
    "fragment",
    [
        "#head=L9H9",
        "#head=",
        "#query=999999&key=-1",
        "#view=nothing&side=&mode=x",
        "#set=7&text=-3",
        "#least=99999&share=0&zoom=50",
        "#%E0%A4%A",
        "#others=L0H0.L9H9.L0H0&minus=L2H1",
        "#__proto__=1&constructor=2",
        "#" + "x" * 5000,
    ],
)
def test_a_link_that_fits_no_page_opens_it_as_it_is(opened, sample, fragment):
    page = opened(sample("sentence"), fragment)
    plain = opened(sample("sentence"))
    now, start = state(page), state(plain)
    assert now.keys() == start.keys()
    assert now["head"] in range(36)
    assert {field for field in now if now[field] != start[field]} <= {
        "least",
        "share",
        "zoom",
        "others",
        "query",
        "key",
    }
    assert page.locator("#status").inner_text().strip()


def test_a_click_on_a_cell_chooses_its_link_and_again_none(opened, sample):
    page = opened(sample("sentence"), "#view=matrix")
    act(page, lambda: page.keyboard.press("Escape"))
    canvas = page.locator("#matrix").bounding_box()
    point = (canvas["x"] + canvas["width"] * 0.4, canvas["y"] + canvas["height"] * 0.5)
    page.mouse.move(*point)
    hovered = page.locator("#hover").inner_text()
    act(page, lambda: page.mouse.click(*point))
    chosen = state(page)
    assert None not in (chosen["query"], chosen["key"])
    query, key = (page.locator(f"#sentence [data-number='{chosen[of]}']").inner_text() for of in ("query", "key"))
    assert query in hovered.split(" -> ")[0]
    assert key in hovered.split(" -> ")[1]
    act(page, lambda: page.mouse.click(*point))
    assert (state(page)["query"], state(page)["key"]) == (None, None)


def test_a_click_on_a_word_of_the_columns_chooses_it_and_then_its_partner(opened, sample):
    page = opened(sample("sentence"), "#view=links")
    act(page, lambda: page.keyboard.press("Escape"))
    pane = page.locator("#links").bounding_box()
    act(page, lambda: page.mouse.click(pane["x"] + 20, pane["y"] + pane["height"] * 0.3))
    chosen = state(page)
    assert chosen["side"] == "from"
    assert chosen["query"] is not None
    assert chosen["key"] is None
    act(page, lambda: page.mouse.click(pane["x"] + pane["width"] - 20, pane["y"] + pane["height"] * 0.3))
    assert state(page)["query"] == chosen["query"]
    assert state(page)["key"] is not None


def test_a_click_on_a_cell_of_the_table_chooses_its_link(opened, sample):
    page = opened(sample("sentence"), "#view=table")
    act(page, lambda: page.locator("#table td[data-i='2'][data-j='5']").click())
    assert (state(page)["query"], state(page)["key"]) == (3, 6)
    assert "didn looks at cross" in page.locator("#status").inner_text()


def test_the_pointer_on_a_word_says_what_it_looks_at(opened, sample):
    page = opened(sample("sentence"))
    page.locator("#sentence .word", has_text="because").hover()
    assert page.locator("#hover").inner_text().startswith("because looks at ")
    page.mouse.move(5, 5)
    assert page.locator("#hover").inner_text() == ""


def test_the_matrix_scrolls_to_what_is_chosen(opened, sample):
    page = opened(sample("long"), "#view=matrix&zoom=6&query=0&key=0")
    offset = "[document.getElementById('matrix').scrollLeft, document.getElementById('matrix').scrollTop]"
    assert page.evaluate(offset) == [0, 0]
    act(page, lambda: page.keyboard.press("End"))
    top = page.evaluate(offset)[1]
    assert top > 1000
    for _ in range(2):
        act(page, lambda: page.keyboard.press("ArrowRight"))
    assert page.evaluate(offset)[1] == top
