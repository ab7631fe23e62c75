"""The page for those who do not see it, or use no mouse: names, order, focus, contrast, and a live sentence."""

import pytest

from tests.browser.page import PHONE, act

pytestmark = pytest.mark.browser

NAMED = {"button", "checkbox", "combobox", "dialog", "group", "image", "img", "link", "listbox", "navigation", "option"}
NAMED |= {"region", "slider", "table", "textbox"}
PAGES = ["sentence", "values", "pair", "cross", "diff", "texts", "long"]


def tree(page) -> list[dict]:
    """What a screen reader is given."""
    session = page.context.new_cdp_session(page)
    return [node for node in session.send("Accessibility.getFullAXTree")["nodes"] if not node["ignored"]]


def named(nodes: list[dict]) -> list[tuple[str, str]]:
    """The role and the name of each node that needs one."""
    roles = [(node["role"]["value"], node.get("name", {}).get("value", "").strip()) for node in nodes]
    return [(role, name) for role, name in roles if role in NAMED]


@pytest.mark.parametrize("name", PAGES)
def test_every_control_has_a_name(opened, sample, name):
    page = opened(sample(name))
    for view in "1234":
        act(page, lambda view=view: page.keyboard.press(view))
        found = named(tree(page))
        assert [role for role, name in found if not name] == []
        assert len([role for role, _ in found if role == "button"]) >= 20


@pytest.mark.parametrize("dialog", ["help", "copy"])
def test_dialogs_have_names(opened, sample, dialog):
    page = opened(sample("sentence"))
    if dialog == "help":
        page.locator("#help-button").click()
    else:
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('closed')); }")
        page.locator("#command").click()
    found = dict(named(tree(page)))
    assert found["dialog"]
    assert all(name for role, name in found.items() if role in ("button", "textbox"))
    assert page.evaluate("document.activeElement.closest('dialog') !== null")


def test_each_head_and_word_says_what_it_is(opened, sample):
    found = named(tree(opened(sample("sentence"))))
    names = [name for role, name in found if role == "button"]
    assert len([name for name in names if name.startswith("L2H8")]) >= 2  # in the grid and in the ranking
    assert {"animal 4", "street 7", "tired 72"} <= set(names)  # what "it" looks at, in percent


def test_the_page_has_landmarks_a_title_and_a_language(opened, sample):
    page = opened(sample("sentence"))
    roles = {node["role"]["value"] for node in tree(page)}
    assert {"banner", "main", "navigation", "heading", "status"} <= roles
    assert "animal" in page.title()
    assert page.evaluate("document.documentElement.lang") == "en"


@pytest.mark.parametrize("name", ["sentence", "cross", "diff", "causal", "long"])
def test_the_live_sentence_says_what_is_selected(opened, sample, name):
    page = opened(sample(name))
    assert page.locator("#status").get_attribute("aria-live") == "polite"
    said = [page.locator("#status").inner_text()]
    for key in ("ArrowUp", "ArrowLeft", "t", "Escape"):
        act(page, lambda key=key: page.keyboard.press(key))
        said.append(page.locator("#status").inner_text())
    assert len(set(said)) == len(said)
    assert all(said)


def test_another_head_changes_the_live_sentence(opened, sample):
    page = opened(sample("sentence"))
    before = page.locator("#status").inner_text()
    act(page, lambda: page.keyboard.press("]"))
    after = page.locator("#status").inner_text()
    assert after.split(":")[0] == before.split(":")[0]
    assert after != before


STOP = """() => { const one = document.activeElement;
  if (one === document.body) return null;
  const style = getComputedStyle(one);
  const box = one.getBoundingClientRect();
  const isSeen = box.width > 0 && box.height > 0;
  const isMarked = parseFloat(style.outlineWidth) > 0 && style.outlineStyle !== "none";
  return {name: one.id || one.dataset.view || one.dataset.side || one.className || one.tagName, isSeen, isMarked}; }"""
STOPS = {"theme", "link", "command", "png", "svg", "print", "help-button", "mode", "sort", "minus", "both", "links"}
STOPS |= {"matrix", "table"}
STOPS |= {"from", "to", "hide-special", "by", "least"}


@pytest.mark.parametrize("viewport", [None, PHONE])
@pytest.mark.parametrize("name", ["sentence", "texts"])
def test_tab_reaches_every_control_once_and_shows_where_it_is(opened, sample, name, viewport):
    page = opened(sample(name), **({"viewport": viewport} if viewport else {}))
    stops = []
    for _ in range(80):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if stop is None or stop in stops[:1]:
            break
        stops.append(stop)
    names = [stop["name"] for stop in stops]
    assert [stop["name"] for stop in stops if not (stop["isSeen"] and stop["isMarked"])] == []
    expected = STOPS | ({"text"} if name == "texts" else set())
    assert expected <= set(names)
    assert len([one for one in names if one == "head"]) == 1  # one stop for all heads
    assert len([one for one in names if one.split()[0] == "word"]) == 1
    assert len([one for one in names if one.startswith("rank")]) == 1


CONTRAST = """() => {
  const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const linear = x => x <= .04045 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4;
  const light = rgb => [.2126, .7152, .0722].reduce((sum, share, k) => sum + share * linear(rgb[k] / 255), 0);
  const ground = one => { for (; one; one = one.parentElement) {
    const color = parse(getComputedStyle(one).backgroundColor);
    if (color.length === 3 || color[3] > .99) return color; }
    return [255, 255, 255]; };
  const faint = [];
  for (const one of document.querySelectorAll("body *")) {
    const own = [...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!own || !one.checkVisibility() || one.closest("dialog:not([open]), option")) continue;
    const [a, b] = [light(parse(getComputedStyle(one).color)), light(ground(one))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    const said = `${one.tagName} ${one.id || one.className} ${one.textContent.slice(0, 20)} ${ratio.toFixed(2)}`;
    if (ratio < 4.5) faint.push(said);
  }
  return faint; }"""


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("name", ["sentence", "diff", "cross", "special"])
def test_all_text_can_be_read(opened, sample, name, look):
    page = opened(sample(name), color_scheme=look)
    assert page.evaluate(CONTRAST) == []
    page.keyboard.press("4")
    act(page, lambda: page.locator("#help-button").click())
    assert page.evaluate(CONTRAST) == []
