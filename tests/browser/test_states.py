"""States that do not fit what is shown, and states that change while numbers are on their way."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import attnviz
from tests.browser.page import act, pixels, settled, state
from tests.browser.samples import words

pytestmark = pytest.mark.browser

# Inflated bytes come when the test lets them.
SLOW = """
const inflated = Response.prototype.arrayBuffer;
Response.prototype.arrayBuffer = async function () {
  const bytes = await inflated.call(this);
  await window.arrival;
  return bytes;
};
"""
SHUT = "void (window.arrival = new Promise((done) => { window.arrive = done; }))"
FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"


def test_a_head_that_is_subtracted_is_dropped_where_no_control_shows_it(opened, sample):
    page = opened(sample("diff"), "#set=1&minus=L0H3")
    assert state(page)["minus"] == 3
    act(page, lambda: page.select_option("#set", "0"))
    assert state(page)["minus"] is None
    assert page.locator("#minus-field").is_hidden()


def test_heads_in_colours_are_several_and_different_and_none_is_subtracted(opened, sample):
    page = opened(sample("sentence"), "#others=L0H0.L0H0.L0H1")
    assert state(page)["others"] == [0, 1]
    page = opened(sample("sentence"), "#others=L0H0&minus=L0H2")
    assert (state(page)["others"], state(page)["minus"]) == ([], 2)


def test_other_values_keep_the_heads_that_they_have(opened, sample):
    page = opened(sample("values"), "#others=L0H1.L0H2")
    act(page, lambda: page.select_option("#set", label="norms"))
    assert state(page)["others"] == [1, 2]
    act(page, lambda: page.select_option("#set", label="mean of heads"))
    assert state(page)["others"] == []


@pytest.mark.parametrize("label", ["norms", "rollout"])
def test_values_without_metrics_show_no_metric(opened, sample, label):
    page = opened(sample("values"), "#mode=metric")
    act(page, lambda: page.select_option("#set", label=label))
    assert state(page)["mode"] == "patterns"
    assert page.locator("#mode option").all_inner_texts() == ["patterns", "one link"]
    act(page, lambda: page.locator("body").press("m"))
    assert state(page)["mode"] == "link"


def test_scores_have_no_share(opened, sample):
    page = opened(sample("values"), "#by=share")
    assert state(page)["by"] == "share"
    act(page, lambda: page.select_option("#set", label="scores"))
    assert state(page)["by"] == "weight"
    assert page.locator("#by option").all_inner_texts() == ["weight ≥"]


def test_a_difference_of_scores_has_no_points(opened, sample):
    page = opened(sample("values"), "#view=links")
    act(page, lambda: page.select_option("#set", label="scores"))
    act(page, lambda: page.select_option("#minus", "3"))
    assert re.search(r" links? ≥ \d+\.\d{3}$", page.locator("#link-count").inner_text())


def test_the_colours_of_a_difference_of_scores_reach_its_largest(opened, tmp_path):
    np.save(tmp_path / "scores.npy", np.array([[[[-8.0, 1], [0, 0]], [[9, 9], [0, 0]]]]))
    command = ["html", "--attention", "scores.npy", "--values", "scores", "-o", "scores.html"]
    subprocess.run([sys.executable, "-m", "attnviz", *command], cwd=tmp_path, check=True, capture_output=True)
    page = opened(tmp_path / "scores.html", "#head=L0H1&minus=L0H0&side=from&query=0")
    assert page.locator("#status").inner_text() == "x0: x0 17.00, x1 8.00"
    colors = page.locator("#sentence .word").evaluate_all("words => words.map(one => one.style.background)")
    assert len(set(colors)) == 2


def test_one_link_in_every_head_follows_the_pairs(opened, sample):
    page = opened(sample("pair"), "#mode=link&sort=link&query=1&key=")
    ranking = page.locator("#ranking")
    whole = ranking.inner_text()
    act(page, lambda: page.select_option("#pair", "across"))
    assert ranking.inner_text() != whole
    partners = {text for text in ranking.locator(".label").all_inner_texts() if text}
    first = {"The", "animal", "was", "tired"}
    assert partners
    assert not {re.sub("[₀-₉]+$", "", one) for one in partners} & first


def test_home_and_end_move_the_slider(opened, sample):
    page = opened(sample("sentence"))
    before = state(page)
    page.locator("#least").focus()
    act(page, lambda: page.keyboard.press("End"))
    assert state(page) == {**before, "least": 1000}
    act(page, lambda: page.keyboard.press("Home"))
    assert state(page) == {**before, "least": 0}


def test_a_page_that_is_laid_out_during_a_load_shows_the_new_text(opened, sample):
    page = opened(sample("texts"), before=SLOW)
    page.evaluate(SHUT)
    page.keyboard.press("n")
    page.evaluate("document.getElementById('main').style.width = '900px'")
    page.evaluate(FRAMES)
    page.evaluate("window.arrive()")
    settled(page)
    assert state(page)["text"] == 1
    assert page.locator("#sentence .word").all_inner_texts() == ["The", "cat", "sat", "on", "the", "table", "."]


def test_pictures_of_heads_are_those_of_the_state_that_was_asked_for_last(opened, tmp_path):
    file = tmp_path / "special.html"
    file.write_text(attnviz.html(words(40)), encoding="utf-8")
    page = opened(file, before=SLOW)
    before = pixels(page, "#grid")
    page.evaluate(SHUT)
    page.keyboard.press("s")
    page.keyboard.press("s")
    page.evaluate(FRAMES)
    page.evaluate("window.arrive()")
    page.evaluate(FRAMES)
    settled(page)
    assert (pixels(page, "#grid") == before).all()


def test_a_rank_names_all_that_are_stored_alike(opened, tmp_path):
    rows = [[0.4001, 0.4002, 0.1996, 0.0001], [0.25] * 4, [1, 0, 0, 0], [0.1, 0.2, 0.3, 0.4]]
    np.save(tmp_path / "alike.npy", np.array([[rows]]))
    command = ["html", "--attention", "alike.npy", "--tokens", "a b c d", "-o", "alike.html"]
    subprocess.run([sys.executable, "-m", "attnviz", *command], cwd=tmp_path, check=True, capture_output=True)
    file = tmp_path / "alike.html"
    places = [(0, 1, "number 1 to 2"), (0, 2, "number 3"), (1, 3, "number 1 to 4"), (3, 3, "its strongest")]
    for query, key, place in places:
        page = opened(file, f"#side=from&query={query}&key={key}")
        assert page.locator("#status").inner_text().endswith(f"), {place} of 4 keys")


def test_a_drawing_of_a_text_with_control_characters_is_xml(opened, tmp_path):
    file = tmp_path / "controls.html"
    file.write_text(attnviz.html("a\x01b c\x7f \ufffe \u202ed"), encoding="utf-8")
    page = opened(file)
    assert page.locator("#page-title").inner_text() == r"a\x01b c\x7f \ufffe \u202ed"
    root = ET.fromstring(page.evaluate("window.attnviz.svg()"))  # noqa: S314
    assert any("u202ed" in (one.text or "") for one in root.iter())
