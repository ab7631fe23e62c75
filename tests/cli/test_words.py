"""``--words`` and ``--hide-special`` from the command line: tables, JSON, pictures, and attention read again."""

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from attnviz.output.terminal.styles import STYLES

BERT = Path(__file__).parents[1] / "checkpoints" / "golden" / "bert"
TEXT = "The dog read unbelievable letters."


def document(ran):
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


@pytest.fixture
def show(cli):
    """``show`` of a sentence through a small BERT whose tokenizer splits its words."""
    return lambda *more: cli("show", TEXT, "--model", BERT, *more)


def test_the_model_splits_words_and_says_which(show):
    found = document(show("--json"))
    assert found["tokens"][0] == "[CLS]"
    assert found["special"][0]
    assert found["word_ids"][0] is None
    counts = np.bincount([word for word in found["word_ids"] if word is not None])
    assert counts.max() > 1
    assert "words" not in found


def test_words_are_the_words_of_the_text(show):
    found = document(show("--words", "--json"))
    assert found["words"] is True
    assert found["tokens"] == ["[CLS]", "The", "dog", "read", "unbelievable", "letters", ".", "[SEP]"]
    assert [TEXT[start:end] for start, end in found["offsets"]][1:-1] == found["tokens"][1:-1]
    assert found["token_ids"] is None
    plain = document(show("--json"))
    assert [piece for pieces in found["pieces"] for piece in pieces] == plain["tokens"]
    np.testing.assert_allclose(np.sum(found["attention"], axis=-1), 1, atol=1e-6)


def test_what_is_hidden_is_told(show):
    plain, found = document(show("--json")), document(show("--hide-special", "--json"))
    assert found["hidden"] == "special"
    assert not any(found["special"])
    assert found["tokens"] == plain["tokens"][1:-1]
    np.testing.assert_array_equal(found["attention"], np.array(plain["attention"])[:, :, 1:-1, 1:-1])
    lost = np.array(plain["attention"])[:, :, 1:-1][..., [0, -1]].sum(axis=-1)
    np.testing.assert_allclose(found["rest"], lost, atol=1e-6)
    whole = document(show("--hide-special", "--renormalize", "--json"))
    assert "rest" not in whole
    np.testing.assert_allclose(np.sum(whole["attention"], axis=-1), 1, atol=1e-6)


def test_renormalized_rows_are_told(cli, show):
    options = ("--hide-special", "--renormalize", "-L", "0", "-H", "0")
    found = document(show(*options, "--json"))
    assert found["renormalized"] is True
    assert "renormalized" not in document(show("--hide-special", "--json"))
    assert "in percent, special tokens hidden, rows renormalized" in " ".join(show(*options).out.split())
    again = cli("show", "--attention", "-", "--hide-special", "--json", stdin=json.dumps(found))
    assert document(again) == found


@pytest.mark.parametrize("style", STYLES)
def test_nothing_is_said_of_a_maximum_that_holds_only_before_it(show, style):
    options = ("--hide-special", "--reduce", "max", "--style", style)
    plain = " ".join(show(*options).out.split())
    assert "special tokens hidden" in plain
    assert "rest" not in plain.replace("strongest", "")
    assert "hidden, rows renormalized before the maximum" in " ".join(show(*options, "--renormalize").out.split())
    mean = " ".join(show(*options[:1], "--reduce", "mean", "--renormalize", "--style", style).out.split())
    assert "rows renormalized" in mean
    assert "maximum" not in mean


@pytest.mark.parametrize(
    ("reduce", "options", "name"),
    [
        ("max", ("--words",), "words"),
        ("max", ("--hide-special", "--renormalize"), "renormalize"),
        ("mean", ("--hide-special", "--renormalize"), "renormalize"),
        ("mean-heads", ("--hide-special", "--renormalize"), "renormalize"),
    ],
)
def test_what_comes_before_a_reduction_is_refused_after_it(cli, show, reduce, options, name):
    ran = cli("show", "--attention", "-", *options, stdin=show("--reduce", reduce, "--json").out)
    message = f"attnviz: error: {name}, reduce: the file holds a {reduce}, which comes after it; expected none\n"
    assert (ran.code, ran.out, ran.err) == (2, "", message)


def test_words_of_a_mean_are_the_mean_of_words(cli, show):
    later = cli("show", "--attention", "-", "--words", "--json", stdin=show("--reduce", "mean", "--json").out)
    now = show("--words", "--reduce", "mean", "--json")
    np.testing.assert_allclose(document(later)["attention"], document(now)["attention"], atol=1e-6)


def test_a_row_that_sees_only_hidden_keys_has_all_of_it_in_the_rest(cli):
    held = {
        "tokens": ["s", "b"],
        "special": [True, False],
        "attention": [[1, 0], [1, 0]],
        "masked": [[False, True], [False, True]],
    }
    ran = cli("show", "--attention", "-", "--hide-special", "--style", "top", stdin=json.dumps(held))
    assert ran.out.splitlines()[-1] == "1 b -> rest 1.00"


OPTIONS = [
    (),
    ("--words",),
    ("--hide-special",),
    ("--words", "--hide-special"),
    ("--words", "--hide-special", "--renormalize"),
    ("--words", "--hide-special", "--reduce", "mean"),
    ("--hide-special", "--reduce", "mean-heads"),
    ("--no-words", "--hide-special", "--reduce", "max"),
    ("--words", "--pair", "A slow river", "--pad-to", "31"),
]


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_what_was_printed_is_valid_and_can_be_shown_again(cli, show, options):
    schema = jsonschema.Draft202012Validator(json.loads(cli("schema").out))
    piped = show(*options, "--json")
    schema.validate(document(piped))
    assert cli("show", "--attention", "-", "--json", stdin=piped.out).out == piped.out
    direct = [line for line in show(*options).out.splitlines() if line]
    again = [line for line in cli("show", "--attention", "-", stdin=piped.out).out.splitlines() if line]
    assert len(direct) == len(again)


@pytest.mark.parametrize("options", OPTIONS[1:-1], ids=" ".join)
def test_attention_that_is_read_again_can_be_merged_and_hidden_later(cli, show, options):
    later = cli("show", "--attention", "-", *options, "--json", stdin=show("--json").out)
    now, then = document(show(*options, "--json")), document(later)
    assert then["tokens"] == now["tokens"]
    for name in ("attention", "rest"):
        if name in now:
            np.testing.assert_allclose(then[name], now[name], atol=1e-6)
    assert then.get("pieces") == now.get("pieces")


def test_edges_count_words(show):
    found = document(show("--words", "--hide-special", "--top", "1", "--json"))
    assert max(edge["key"] for edge in found["edges"]) < len(found["tokens"]) == 6


def test_a_target_has_words_of_its_own(cli):
    tokenizer = BERT / "tokenizer.json"
    argv = ("show", TEXT, "--target", "unbelievable", "--tokenizer", tokenizer, "--words", "--hide-special", "--json")
    found = document(cli(*argv))
    assert found["target_tokens"] == ["unbelievable"]
    assert np.shape(found["cross_attention"]) == (2, 4, 1, 6)
    assert np.shape(found["cross_rest"]) == (2, 4, 1)
    assert cli("show", "--attention", "-", "--json", stdin=json.dumps(found)).code == 0
    whole = cli(*argv[:6], "--json")
    assert document(whole)["target_special"] == [True, *[False] * 8, True]
    later = document(cli("show", "--attention", "-", "--words", "--hide-special", "--json", stdin=whole.out))
    assert later["target_tokens"] == ["unbelievable"]
    np.testing.assert_allclose(later["cross_rest"], found["cross_rest"], atol=1e-6)


def test_pictures_have_a_column_for_what_is_hidden(cli):
    ran = cli(
        "heatmap",
        TEXT,
        "--model",
        BERT,
        "--words",
        "--hide-special",
        "-L",
        "0",
        "-H",
        "0",
        "--format",
        "svg",
        "-o",
        "out",
    )
    assert ran.code == 0
    drawn = Path("out/L00H00.svg").read_text(encoding="utf-8")
    assert "6 queries × 6 keys (words), special tokens hidden" in drawn
    assert "(rest)" not in drawn


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rest": [1.0]}, "rest is not a list of numbers from 0 of the shape (3, 3, 6); expected that"),
        ({"rest": "x"}, 'rest is "x"; expected lists of numbers'),
        ({"hidden": "all"}, "hidden 'all' is not known; expected one of nothing, special"),
        ({"words": "yes"}, "words 'yes' is not known; expected one of false, true"),
        ({"words": 1}, "words '1' is not known; expected one of false, true"),
        ({"pieces": [1]}, "pieces is not a list of lists of texts; expected one"),
        ({"word_ids": [0.5]}, "word_ids is not a list of whole numbers from 0, and nulls; expected one"),
        ({"word_ids": [0]}, "1 word_ids, and the matrices have 6; expected 6"),
    ],
)
def test_a_document_that_is_wrong_about_words_is_refused(cli, show, change, message):
    found = document(show("--words", "--hide-special", "--json")) | change
    ran = cli("show", "--attention", "-", stdin=json.dumps(found))
    assert (ran.code, ran.err) == (3, f"attnviz: error: standard input: {message}\n")


def test_rows_and_what_they_lost_must_make_one(cli, show):
    found = document(show("--hide-special", "--json"))
    found["rest"][0][0][0] += 0.3
    ran = cli("show", "--attention", "-", stdin=json.dumps(found))
    assert ran.code == 3
    assert "L0H0, row 0 sums to 1.3; expected 1" in ran.err
