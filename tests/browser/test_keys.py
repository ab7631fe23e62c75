"""Every key of the page: what it changes, that the change is seen, and that the page lists it."""

import numpy as np
import pytest

from tests.browser.page import act, pixels, settled, state

pytestmark = pytest.mark.browser

# A page, what is pressed before, the key, and what it changes. The sentence opens in L2H1, at "it" and "tired".
KEYS = [
    ("sentence", "", "ArrowDown", {"query": 11}),
    ("sentence", "", "ArrowUp", {"query": 9}),
    ("sentence", "", "ArrowRight", {"key": 14}),
    ("sentence", "", "ArrowLeft", {"key": 12}),
    ("sentence", "", "Home", {"query": 1, "key": None}),
    ("sentence", "", "End", {"query": 14, "key": None}),
    ("sentence", "", "]", {"head": 19}),
    ("sentence", "]", "[", {"head": 25}),
    ("sentence", "", "Escape", {"query": None, "key": None}),
    ("sentence", "", "t", {"side": "to", "key": 10, "query": None}),
    ("sentence", "t", "f", {"side": "from", "query": 10, "key": None}),
    ("sentence", "2", "1", {"view": "both"}),
    ("sentence", "", "2", {"view": "links"}),
    ("sentence", "", "3", {"view": "matrix"}),
    ("sentence", "", "4", {"view": "table"}),
    ("pieces", "", "w", {"words": False}),
    ("pieces", "w", "w", {"words": True}),
    ("sentence", "", "s", {"special": True}),
    ("sentence", "s", "s", {"special": False}),
    ("sentence", "", "m", {"mode": "metric"}),
    ("sentence", "m", "m", {"mode": "link"}),
    ("sentence", "mm", "m", {"mode": "patterns"}),
    ("sentence", "", "c", {"others": [25], "head": 19}),
    ("values", "", "v", {"set": 1}),
    ("sentence", "", "+", {"zoom": 1}),
    ("sentence", "++", "-", {"zoom": 1}),
    ("sentence", "++", "0", {"zoom": 0}),
    ("sentence", "", ".", {"least": 29}),
    ("sentence", "", ",", {"least": 12}),
    ("by share", "", ".", {"share": 85}),
    ("by share", "", ",", {"share": 95}),
    ("sentence", "e", "ArrowUp", {"query": 14}),
    ("sentence", "e", "ArrowDown", {"query": 1}),
    ("sentence", "e", "ArrowRight", {"query": 1}),
    ("texts", "", "n", {"text": 1}),
    ("texts", "n", "p", {"text": 0}),
    ("sentence", "d", "d", {"theme": "dark"}),
]
BEFORE = {"e": "Escape"}
OPENED = {"by share": ("sentence", "#by=share")}  # pages that open in a state
ELSEWHERE = {"G", "?"}  # tests of their own, below
LISTED = {"ArrowUp": "↑", "ArrowDown": "↓", "ArrowLeft": "←", "ArrowRight": "→", "Escape": "Esc"}


@pytest.mark.parametrize(("name", "before", "key", "changes"), KEYS, ids=[f"{n} {b}{k}" for n, b, k, _ in KEYS])
def test_a_key_changes_what_is_shown(opened, sample, name, before, key, changes):
    page = opened(sample(*OPENED.get(name, (name,))[:1]), *OPENED.get(name, ())[1:])
    for one in before:
        act(page, lambda one=one: page.keyboard.press(BEFORE.get(one, one)))
    old, seen = state(page), pixels(page)
    act(page, lambda: page.keyboard.press(key))
    new = state(page)
    assert {field: new[field] for field in changes} == changes
    assert not np.array_equal(pixels(page), seen)
    same = old.keys() - changes.keys() - {"head", "query", "key", "sort"}
    assert {field: new[field] for field in same} == {field: old[field] for field in same}


def test_the_page_lists_every_key_and_no_other(opened, sample):
    page = opened(sample("sentence"))
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    listed = {key for text in page.locator("#help-keys th").all_inner_texts() for key in text.split()}
    tested = {LISTED.get(key, key.upper() if len(key) == 1 else key) for _, _, key, _ in KEYS}
    assert listed == tested | ELSEWHERE


def test_keys_do_nothing_while_the_help_is_open_and_escape_closes_it(opened, sample):
    page = opened(sample("sentence"))
    before = state(page)
    page.keyboard.press("?")
    page.keyboard.press("2")
    assert state(page) == before
    page.keyboard.press("Escape")
    assert not page.locator("#help").is_visible()
    settled(page)
    assert state(page) == before


def test_a_key_with_control_is_the_browser_s(opened, sample):
    page = opened(sample("sentence"))
    before = state(page)
    for key in ("Control+m", "Alt+2", "Meta+w"):
        act(page, lambda key=key: page.keyboard.press(key))
    assert state(page) == before


def test_g_goes_to_the_heads_where_arrows_choose_one(opened, sample):
    page = opened(sample("sentence"))
    page.keyboard.press("g")
    name = "document.activeElement.getAttribute('aria-label')"
    assert page.evaluate(name).startswith("L2H1")
    for key, head in (("ArrowRight", "L2H2"), ("ArrowUp", "L1H2"), ("ArrowLeft", "L1H1"), ("ArrowDown", "L2H1")):
        act(page, lambda key=key: page.keyboard.press(key))
        assert page.evaluate(name).startswith(head)
        assert page.locator("#grid [aria-pressed=true]").get_attribute("aria-label").startswith(head)
    for _ in range(3):  # the grid's edge holds
        act(page, lambda: page.keyboard.press("ArrowDown"))
    assert page.evaluate(name).startswith("L2H1")


def test_arrows_in_the_ranking_choose_the_head_before_and_after(opened, sample):
    page = opened(sample("sentence"))
    names = [text.split("\n")[0] for text in page.locator("#ranking .rank").all_inner_texts()]
    page.locator("#ranking [aria-pressed=true]").focus()
    for key, place in (("ArrowDown", 1), ("ArrowDown", 2), ("ArrowUp", 1)):
        act(page, lambda key=key: page.keyboard.press(key))
        assert page.evaluate("document.activeElement.innerText").startswith(names[place])


def test_arrows_in_the_sentence_choose_words(opened, sample):
    page = opened(sample("sentence"))
    page.locator("#sentence [aria-pressed=true]").focus()
    for key, word in (("ArrowRight", "was"), ("ArrowRight", "too"), ("ArrowLeft", "was")):
        act(page, lambda key=key: page.keyboard.press(key))
        assert page.evaluate("document.activeElement.textContent") == word


@pytest.mark.parametrize("name", ["sentence", "cross", "causal", "one token", "many heads", "diff", "scores"])
def test_any_keys_in_any_order_break_nothing(opened, sample, name):
    page = opened(sample(name))
    keys = sorted({key for _, _, key, _ in KEYS} - {"d"})
    order = np.random.default_rng(3).permutation(keys)
    for key in order:
        page.keyboard.press(str(key))
    settled(page)
    assert page.locator("#status").inner_text().strip()
