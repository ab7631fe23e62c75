"""What is carried away: a drawing, a picture, a print, the terminal's command."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.browser.page import act, n_colors, picture, ready, state

pytestmark = pytest.mark.browser

SVG = "{http://www.w3.org/2000/svg}"


def saved(page, button: str) -> Path:
    """The file that a button of the page gives."""
    with page.expect_download() as download:
        page.locator(button).click()
    return download.value


def drawing(page) -> ET.Element:
    """The page's SVG file, read."""
    return ET.fromstring(Path(saved(page, "#svg").path()).read_text(encoding="utf-8"))  # noqa: S314


def cells(root: ET.Element) -> dict[str, str]:
    """The number in each cell of the matrix, by the words that a pointer on it shows."""
    found = {}
    for group in root.iter(f"{SVG}g"):
        title = group.find(f"{SVG}title")
        if title is not None and " -> " in title.text:
            text = group.find(f"{SVG}text")
            found[title.text] = "" if text is None else text.text
    return found


def table_of(page) -> list[list[str]]:
    """The numbers of the page's own table, row by row."""
    act(page, lambda: page.keyboard.press("4"))
    return page.evaluate(
        "[...document.querySelectorAll('#table tbody tr')].map(row => [...row.cells].map(cell => cell.textContent))"
    )


@pytest.mark.parametrize("name", ["sentence", "cross", "causal", "diff", "pieces", "scripts", "one token"])
def test_the_drawing_has_a_cell_for_each_number(opened, sample, name):
    page = opened(sample(name), "#view=matrix")
    found = cells(drawing(page))
    table = table_of(page)
    columns = page.locator("#table thead th").all_inner_texts()
    n_columns = len(columns) - (columns[-1] in ("special", "rest"))
    assert len(found) == len(table) * n_columns
    for row, texts in enumerate(table):
        for column in range(n_columns):
            said = list(found)[row * n_columns + column]
            exact = texts[1 + column]
            if exact == "masked":
                assert said.endswith(" masked")
                continue
            number = re.search(r"(\S+?)(%| points)?$", said)
            scale = 100 if number[2] else 1
            assert abs(float(exact) * scale - float(number[1])) <= 0.5 * scale / 100 + 0.001 * scale


def test_the_drawing_is_light_and_alone_in_any_theme(opened, sample):
    files = []
    for look in ("light", "dark"):
        page = opened(sample("sentence"), color_scheme=look)
        download = saved(page, "#svg")
        assert download.suggested_filename == "attnviz-L2H1.svg"
        files.append(Path(download.path()).read_text(encoding="utf-8"))
    assert files[0] == files[1]
    root = ET.fromstring(files[0])  # noqa: S314
    assert not [one for one in root.iter() if one.tag.endswith(("script", "foreignObject", "style"))]
    links = [value for one in root.iter() for name, value in one.attrib.items() if name.endswith("href")]
    assert all(link.startswith("data:") for link in links)
    assert root.find(f"{SVG}rect").get("fill") == "#ffffff"
    texts = [one.text for one in root.iter(f"{SVG}text")]
    assert any("L2H1 of tiny" in text for text in texts)
    assert any("animal" in text for text in texts)


def test_the_drawing_follows_the_view(opened, sample):
    page = opened(sample("sentence"), "#view=links")
    links = drawing(page)
    assert len(list(links.iter(f"{SVG}path"))) >= 10
    assert cells(links) == {}
    act(page, lambda: page.keyboard.press("1"))
    both = drawing(page)
    assert len(cells(both)) == 14 * 14
    assert float(both.get("width")) > float(links.get("width"))


def test_the_drawing_of_a_difference_of_heads_says_so(opened, sample):
    page = opened(sample("sentence"), "#view=matrix&head=L2H1&minus=L2H8")
    download = saved(page, "#svg")
    assert download.suggested_filename == "attnviz-L2H1-less-L2H8.svg"
    found = cells(ET.fromstring(Path(download.path()).read_text(encoding="utf-8")))  # noqa: S314
    table = table_of(page)
    one, other = (shown_numbers(opened, sample, head) for head in ("L2H1", "L2H8"))
    for row, texts in enumerate(table):
        for column, text in enumerate(texts[1:15]):
            assert float(text) == pytest.approx(one[row][column] - other[row][column], abs=1e-9)
    assert len(found) == 14 * 14
    assert {"+", "-"} <= {text[:1] for text in found.values()}


def shown_numbers(opened, sample, head: str) -> list[list[float]]:
    """The numbers of one head's table."""
    return [[float(text) for text in row[1:15]] for row in table_of(opened(sample("sentence"), f"#head={head}"))]


@pytest.mark.parametrize("fragment", ["#others=L0H2.L1H8", "#others=L0H2&query=&key="])
def test_the_drawing_has_the_colours_of_several_heads(opened, sample, fragment):
    page = opened(sample("sentence"), f"{fragment}&view=links")
    strokes = {path.get("stroke") for path in drawing(page).iter(f"{SVG}path")}
    assert len(strokes) == 1 + fragment.count("H")


@pytest.mark.parametrize("name", ["sentence", "long", "many heads", "hostile"])
def test_the_picture_is_light_and_not_empty_in_the_dark(opened, sample, name):
    page = opened(sample(name), color_scheme="dark")
    download = saved(page, "#png")
    assert re.fullmatch(r"attnviz-L\d+H\d+\.png", download.suggested_filename)
    shown = picture(Path(download.path()).read_bytes())
    assert min(shown.shape[:2]) > 200
    assert shown[0, 0].tolist() == [1, 1, 1]
    assert shown.mean() > 0.7
    assert n_colors(shown) > 20


@pytest.mark.parametrize("paper", ["A4", "Letter"])
@pytest.mark.parametrize("name", ["sentence", "long", "cross", "diff", "many heads", "hostile", "one token"])
def test_a_print_is_one_page(opened, sample, name, paper):
    page = opened(sample(name), color_scheme="dark")
    pdf = page.pdf(format=paper, print_background=False)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    assert len(pdf) > 4000


@pytest.mark.parametrize("view", ["both", "links", "matrix", "table"])
def test_every_view_is_printed_on_one_page(opened, sample, view):
    page = opened(sample("sentence"), f"#view={view}")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) == 1


def test_the_button_prints(opened, sample):
    page = opened(sample("sentence"), before="window.print = () => { window.prints = (window.prints || 0) + 1; }")
    page.locator("#print").click()
    assert page.evaluate("window.prints") == 1


def test_the_clipboard_gets_the_command_and_the_link(opened, sample):
    before = """window.copied = [];
    Object.defineProperty(navigator, "clipboard", {value: {writeText: async text => { window.copied.push(text); }}});"""
    page = opened(sample("sentence"), "#head=L0H2", before=before)
    page.locator("#command").click()
    page.locator("#link").click()
    command, link = page.evaluate("window.copied")
    assert command.startswith("attnviz show ")
    assert " -H L0H2" in command
    assert link.endswith("#head=L0H2")
    assert "link" in page.locator("#toast").inner_text()


def test_the_state_is_that_of_the_address_after_a_reload(opened, sample):
    page = opened(sample("sentence"), "#head=L0H2&view=table")
    before = state(page)
    page.reload()
    ready(page)
    assert state(page) == before
