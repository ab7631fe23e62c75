"""What each key does, and that the numbers it shows are those of the library."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz.errors import UsageError
from attnviz.explorer.actions import EFFECTS, at_text, clicked, pressed
from attnviz.explorer.canvas import Hit
from attnviz.explorer.effects import command_text, page_place
from attnviz.explorer.frame import screenful
from attnviz.explorer.keys import HELP
from attnviz.explorer.opening import at_question
from attnviz.explorer.panes.words import pointed_text
from tests.explorer.driving import SIZE, TEXT, after, seen, status_of, text_of

ARROWS = {"←": "left", "→": "right", "↑": "up", "↓": "down", "Tab": "tab", "Shift+Tab": "shift+tab", "Esc": "escape"}


@pytest.fixture(scope="module")
def people(model):
    """The attention as the explorer opens with it, from the library."""
    return attnviz.run(TEXT, model=model, words=True, hide_special=True).views["encoder"]


@pytest.fixture(scope="module")
def report(model):
    return attnviz.heads(TEXT, model=model)


def word(sight) -> str:
    return sight.subjects[sight.word].label


def partner(sight) -> str | None:
    return None if sight.partner is None else sight.others[sight.partner].label


def test_every_key_of_the_help_does_something(sight):
    for sign in (sign for entry in HELP for sign in entry.keys.split()):
        key = ARROWS.get(sign, sign.lower() if len(sign) > 1 else sign)
        assert key in EFFECTS or pressed(sight, key, screenful(sight, *SIZE)) is not None, key


def test_every_key_of_the_help_is_in_the_documentation():
    page = (Path(attnviz.__file__).parent / "docs" / "explore.md").read_text(encoding="utf-8")
    for key in (key for entry in HELP for key in entry.keys.split() if key not in "←→↑↓"):
        assert f"`{key}`" in page or f"`{key}," in page, key


def test_it_opens_at_the_head_that_says_most(sight, model):
    (first, *_) = attnviz.heads(TEXT, model=model, words=True, hide_special=True, sort="telling").places
    assert sight.place == first
    assert word(sight) == "it"


def test_the_status_has_the_numbers_of_the_library(sight, people):
    for keys in ("", "]", "right down", "j j", "k k k"):
        now = after(sight, *keys.split())
        row = people.matrices[now.place][now.word]
        rest = people.rest[now.place][now.word]
        best = np.argsort(-row, kind="stable")[:3]
        words = ", ".join(f"{people.keys[i].label} {row[i]:.3f}" for i in best)
        token = people.queries[now.word]
        expected = f"{token.label} ({token.position}) looks at {words}; special tokens {rest:.3f}"
        assert status_of(screenful(now, 200, 50)) == expected


def test_direction_shows_the_column(sight, people):
    now = after(sight, "d")
    column = people.matrices[now.place][:, now.word]
    best = int(column.argmax())
    expected = f"it (10) is looked at by {people.queries[best].label} {column[best]:.3f}"
    assert status_of(screenful(now, 200, 50)).startswith(expected)
    assert after(now, "d").state == sight.state
    assert after(sight, "t").state == now.state == after(now, "t").state
    assert after(now, "f").state == sight.state


def test_arrows_move_in_the_grid_and_stop_at_its_edge(sight):
    assert sight.head.name == "L2H1"
    assert after(sight, "left").head.name == after(sight, "left", "left").head.name == "L2H0"
    assert after(sight, "up").head.name == "L1H1"
    assert after(sight, *["up"] * 5).head.name == "L0H1"
    assert after(sight, "down").head.name == "L2H1"
    assert after(sight, *["right"] * 20).head.name == "L2H11"


def test_brackets_and_arrows_go_along_the_ranking(sight):
    order = [sight.heads[i].name for i in sight.ranking]
    assert order[:2] == ["L2H1", "L1H7"]
    assert after(sight, "]").head.name == after(sight, "tab", "down").head.name == "L1H7"
    assert after(sight, "]", "[", "[").head.name == "L2H1"
    assert after(sight, "tab", "down", "up").head.name == "L2H1"


def test_j_and_k_move_the_word_in_any_pane(sight):
    for panes in ([], ["tab"], ["tab", "tab"], ["shift+tab"]):
        assert word(after(sight, *panes, "j")) == "was"
        assert word(after(sight, *panes, "k", "k")) == "street"
    assert word(after(sight, "home")) == "The"
    assert word(after(sight, "end")) == "."


def test_arrows_in_the_sentence_go_to_words_and_lines(sight):
    there = after(sight, "tab", "tab")
    assert word(after(there, "left")) == "because"
    below = after(there, "down")
    lines = text_of(there).splitlines()
    assert word(below) in lines[3][34:]
    assert word(after(below, "up")) in lines[2][34:]


def test_the_matrix_has_a_link_under_the_cursor(sight, people):
    there = after(sight, "shift+tab", "left")
    assert (word(there), partner(there)) == ("it", "too")
    assert partner(after(there, "right")) == "tired"
    assert partner(after(there, "l")) == "tired"
    assert partner(after(there, "h", "h")) == "it"
    down = after(there, "down")
    assert (word(down), partner(down)) == ("was", "too")
    value = people.matrices[down.place][down.word, down.partner]
    rank = int((people.matrices[down.place][down.word] > value).sum()) + 1
    assert status_of(screenful(down, *SIZE)) == f"was (11) -> too (12) {value:.3f}, number {rank} of 14 keys"
    assert "[]" in text_of(down).splitlines()[16][34:]


def test_the_link_in_every_head(sight, people):
    now = after(sight, "l")
    query, key = now.cell(now.link)
    values = people.matrices[:, :, query, key].ravel()
    assert text_of(now).count("by it -> tired") == 1
    rows = [line[:32].split() for line in text_of(now).splitlines() if re.match(r"[ >]L\dH", line)]
    expected = [(f"L{i // 12}H{i % 12}", f"{values[i]:.2f}") for i in np.argsort(-values, kind="stable")]
    shown = [(row[0].lstrip(">"), row[-1]) for row in rows]
    assert shown == expected[: len(shown)]
    assert partner(after(now, "l")) == "."
    assert partner(after(now, "h")) == "too"
    for end in ("m", "escape", "L"):
        assert not after(now, end).state.link


def test_metrics_order_the_ranking(sight, report):
    names = []
    now = sight
    for _ in range(len(report.metrics.values)):
        now = after(now, "m")
        names.append(now.order)
        values = report.metrics.values[now.order].ravel()
        first = now.ranking[0]
        assert values[first] == np.nanmax(values)
        assert f"by {now.order}" in text_of(now)
        row = next(line for line in text_of(now).splitlines() if line.startswith(">"))
        assert row.split()[-1 if len(row) < 33 else 2] == f"{values[now.state.head]:.2f}"
    assert names == [name for name in report.metrics.values if name in names]
    assert after(now, "m").order == "telling"
    assert after(sight, "M").order == names[-1]


def test_relations_that_a_probe_found_are_labels(explored):
    sight = seen(explored(model=attnviz.load(labels="tiny")))
    place, relations = next(iter(sight.attention.model.labels.relations.items()))
    sight = replace(sight, state=replace(sight.state, head=sight.attention.every_head.index(place)))
    name = f"L{place[0]}H{place[1]}"
    assert f"{name}  {relations[0].label} {relations[0].rate:.2f}" in text_of(sight, (200, 50))
    row = next(line for line in text_of(sight).splitlines() if line.startswith(f">{name}"))
    assert relations[0].label in row


def test_patterns_come_first_where_they_fit(sight):
    assert "by entropy" in text_of(after(sight, "m", "m", size=(200, 50)), (200, 50))
    assert "▀" not in text_of(after(sight, "m", size=(200, 50)), (200, 50)).splitlines()[2]


def test_words_and_special_tokens(explored):
    sight = seen(explored("The telescope unwrapped itself"))
    assert len(sight.attention.queries) == 4
    pieces = after(sight, "w")
    assert len(pieces.attention.queries) > 4
    assert len(after(sight, "s").attention.queries) == 6
    assert "[CLS]" in text_of(after(sight, "s"))
    assert after(pieces, "w").state == sight.state


def test_values(sight, model):
    for n, values in ((1, "scores"), (2, "norms")):
        now = after(sight, *"v" * n)
        assert now.name.values == values
        words = values == "norms"
        other = attnviz.run(TEXT, model=model, values=values, words=words, hide_special=True).views["encoder"]
        assert np.array_equal(now.head.numbers, other.matrices[now.place])
        assert values in text_of(now)
    assert after(sight, "v", "v", "v").state.set == after(sight, "v", "V").state.set == 0


def test_compare_subtracts_the_head_before(sight, people):
    now = after(sight, "]", "c")
    assert "L1H7 minus L2H1" in text_of(now)
    there = after(now, "shift+tab", "h")
    query, key = there.cell(there.partner)
    one, other = people.matrices[1, 7, query, key], people.matrices[2, 1, query, key]
    end = f"L1H7 {one:.3f}, L2H1 {other:.3f}, difference {float(one) - float(other):+.3f}"
    assert status_of(screenful(there, 200, 50)).endswith(end)
    assert after(now, "c").state.compares is False
    assert after(sight, "c").last.name == "L1H7"


def test_escape_leaves_links_and_comparisons(sight):
    state = after(sight, "]", "c", "h", "l", "escape").state
    assert (state.partner, state.link, state.compares) == (None, False, False)


@pytest.mark.parametrize(
    ("typed", "label"), [("street", "street"), ("8", "street"), ("bec", "because"), ("THE:2", "the")]
)
def test_find(sight, typed, label):
    found = at_text(sight, typed)
    assert next(token.label for token in sight.subjects if token.position == found.word) == label


def test_a_word_that_is_not_there(sight):
    with pytest.raises(UsageError, match="find: no word is 'zebra'"):
        at_text(sight, "zebra")


def test_a_question_opens_as_show_prints_it(sight, model):
    from attnviz.analysis.one_word import WordQuestion

    now = at_question(sight, WordQuestion("street", "to", hide_special=True))
    assert (word(now), now.state.side, now.state.pane) == ("street", "to", "sentence")
    assert status_of(screenful(now, *SIZE)).startswith("street (8) is looked at by ")


# The mouse


def test_the_pointer_reads_numbers(sight, people, report):
    frame = screenful(sight, *SIZE)
    lines = frame.text.splitlines()
    y = next(i for i, line in enumerate(lines) if line[34:] == "it")
    hit = frame.area.at(42 + 2 * 12, y)
    assert hit == Hit("cell", 9, 12)
    assert pointed_text(sight, hit) == f"it -> tired {people.matrices[sight.place][9, 12]:.3f}"
    grid = frame.area.at(2 + 2 * 8, 4)
    assert grid == Hit("head", 2, 8)
    assert pointed_text(sight, grid).startswith("L2H8  subject -> verb 0.60, +3 · mixed: next 0.42 of 0.55")
    rank = frame.area.at(5, 8)
    assert pointed_text(sight, rank).startswith("L1H7")
    x = lines[3].index("tired")
    assert pointed_text(sight, frame.area.at(x, 3)) == f"it -> tired {people.matrices[sight.place][9, 12]:.3f}"
    assert frame.area.at(79, 23) is None


def test_a_click_chooses(sight):
    frame = screenful(sight, *SIZE)
    assert clicked(sight, frame.area.at(2 + 2 * 8, 4)).head == 32
    assert clicked(sight, Hit("rank", 1)).head == sight.ranking[1]
    state = clicked(sight, Hit("cell", 3, 5))
    assert (state.word, state.partner, state.pane) == (4, 6, "matrix")
    assert clicked(sight, Hit("other", 2)).word == 3


# What leaves the screen


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("", "-H L2H1"),
        ("s w", "--no-words --show-special -H L2H1"),
        ("v v", "--values norms -H L2H1"),
        ("l", "--from 10"),
        ("tab tab d", "--to 10 -H L2H1"),
        ("] c", "-H L2H1 --vs-head L1H7"),
    ],
)
def test_the_command_shows_the_same(sight, keys, words):
    command = command_text(after(sight, *keys.split()), "attnviz show TEXT")
    assert command == f"attnviz {'diff' if 'vs' in words else 'show'} TEXT {words}"


def test_there_is_not_always_a_command(sight):
    assert command_text(sight, "") == ""


def test_the_page_opens_at_the_same_place(sight):
    place = page_place(after(sight, "]", "shift+tab", "h"))
    assert place.startswith("set=0&head=L1H7&side=from&query=10&key=")
    assert place.endswith("&words=1&special=0")
