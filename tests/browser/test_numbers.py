"""Every number of the page is the terminal's: the page's own command is run, and what it prints is compared."""

import re
import shlex
import subprocess
import sys

import pytest

from tests.browser.page import act, state
from tests.browser.samples import SENTENCE, environment

pytestmark = pytest.mark.browser

TABLE = "[...document.querySelectorAll('#table tbody tr')].map(row => [...row.cells].map(cell => cell.textContent))"


def printed(sample, command: str, *more: str) -> str:
    """What a command of the page prints in the terminal, in the folder of the pages."""
    program, *words = shlex.split(command)
    assert program == "attnviz"
    run = [sys.executable, "-m", "attnviz", *words, *more]
    wide = environment() | {"COLUMNS": "400"}
    done = subprocess.run(
        run, cwd=sample("sentence").parent, env=wide, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def cells(text: str, n_columns: int) -> list[list[str]]:
    """The numbers of a table of the style ``numbers``, row by row; masked ones as the page says it."""
    rows = [line.replace("*", " ").split()[-n_columns:] for line in text.splitlines() if re.match(r"\W*\d+ \S", line)]
    return [["masked" if cell == "·" else cell for cell in row] for row in rows]


def shown(page) -> list[list[str]]:
    """The numbers of the page's table, without the labels."""
    act(page, lambda: page.keyboard.press("4"))
    return [row[1:] for row in page.evaluate(TABLE)]


@pytest.mark.parametrize(
    ("name", "fragment"),
    [
        ("sentence", ""),
        ("sentence", "#head=L0H2"),
        ("sentence", "#special=1"),
        ("pieces", ""),
        ("pieces", "#words=0&special=1&head=L1H3"),
        ("pair", ""),
        ("cross", ""),
        ("cross", "#set=1"),
        ("causal", ""),
        ("values", "#set=1"),
        ("values", "#set=2&head=L1mean"),
        ("values", "#set=3"),
        ("values", "#set=5"),
        ("texts", "#text=2"),
        ("one head", ""),
        ("named heads", "#head=L0H2"),
        ("special", ""),
        ("renormalized", ""),
        ("scores", "#head=L2H7"),
        ("scripts", ""),
        ("many heads", "#head=L31H31"),
    ],
)
def test_the_table_has_the_numbers_of_the_terminal(opened, sample, name, fragment):
    page = opened(sample(name), fragment)
    table = shown(page)
    command = re.sub(r" --(from|to) \d+$", "", page.evaluate("window.attnviz.command()"))
    out = printed(sample, command, "--style", "numbers", "--precision", "3")
    assert cells(out, len(table[0])) == table


def test_two_decimals_are_those_of_the_terminal(opened, sample):
    page = opened(sample("two decimals"))
    out = printed(sample, page.evaluate("window.attnviz.command()"), "--style", "numbers", "--precision", "2")
    table = shown(page)
    n = len(table[0])
    terminal = [["0" + cell if cell.startswith(".") else cell for cell in row] for row in cells(out, n)]
    assert terminal == table


def test_the_percents_of_the_matrix_are_those_of_the_terminal(opened, sample):
    page = opened(sample("sentence"), "#view=matrix")
    svg = page.evaluate("window.attnviz.svg()")
    found = re.findall(r"<g><title>[^<]* -&gt; [^<]*</title>(.*?)</g>", svg)
    numbers = [re.search(r">(\d+)</text>", one) for one in found]
    command = re.sub(r" --from \d+$", "", page.evaluate("window.attnviz.command()"))
    out = printed(sample, command, "--style", "percent")
    lines = [line.replace("*", " ").split() for line in out.splitlines() if re.match(r" *\d+ \S", line)]
    assert len(found) == 14 * 14
    assert [one[1] for one in numbers if one] == [number for line in lines for number in line[2:-1]]


@pytest.mark.parametrize("side", ["from", "to"])
def test_the_live_sentence_has_the_numbers_of_the_terminal(opened, sample, side):
    page = opened(sample("sentence"), f"#side={side}&query=&key=")
    name = "query" if side == "from" else "key"
    act(page, lambda: page.keyboard.press("Home"))
    for _ in range(14):
        said = page.locator("#status").inner_text()
        number = state(page)[name]
        out = printed(sample, f"attnviz show {shlex.quote(SENTENCE)}", "-H", "L2H1", f"--{side}", str(number))
        strongest = re.search(r"(\S+) (\d+)%", said)
        assert f"{strongest[1]} {strongest[2]}%" in out
        act(page, lambda: page.keyboard.press("ArrowDown"))


def test_a_difference_has_the_changes_that_diff_lists(opened, sample):
    page = opened(sample("diff"))
    out = printed(sample, page.evaluate("window.attnviz.command()"), "-H", "L1H9")
    changes = re.findall(r"^([+-]\d\.\d{3}) +\S+ +\S+ +L1H9 +(\d+) .*-> (\d+) ", out, re.MULTILINE)
    assert len(changes) == 10
    for change, query, key in changes:
        page.evaluate(f"location.hash = '#head=L1H9&query={query}&key={key}'")
        act(page, lambda: page.wait_for_timeout(50))
        assert f"({change})" in page.locator("#status").inner_text()


def test_the_ranking_has_the_order_and_the_numbers_of_heads(opened, sample):
    page = opened(sample("sentence"))
    for metric in ("entropy", "previous", "special"):
        act(page, lambda metric=metric: page.select_option("#sort", metric))
        out = printed(sample, f"attnviz heads {shlex.quote(SENTENCE)} --columns {metric} --sort {metric}")
        terminal = re.findall(r"^(L\d+H\d+) .* (-?\d+\.\d+)$", out, re.MULTILINE)
        rows = [tuple(text.split("\n")) for text in page.locator("#ranking .rank").all_inner_texts()]
        assert [(row[0], row[-1]) for row in rows] == terminal


def test_one_link_in_every_head_is_that_of_each_matrix(opened, sample):
    page = opened(sample("sentence"), "#mode=link&sort=link")
    rows = [text.split("\n") for text in page.locator("#ranking .rank").all_inner_texts()]
    out = printed(sample, f"attnviz show {shlex.quote(SENTENCE)}", "-H", "all", "--from", "10")
    assert len(rows) == 36
    numbers = [int(row[-1]) for row in rows]
    assert numbers == sorted(numbers, reverse=True)
    assert rows[0][0] in out


@pytest.mark.parametrize("before", ["delete Uint8Array.fromBase64", ""])
def test_the_numbers_are_those_of_older_browsers_too(opened, sample, before):
    page = opened(sample("sentence"), before=before)
    assert page.locator("#status").inner_text() == "it looks at tired: 72% (0.715), its strongest of 14 keys"
