"""Files of attention as people save them: their numbers, masks, padding and labels, on the command line."""

import json
from pathlib import Path

import numpy as np
import pytest

PADDED = {
    "attention": [[0.5, 0.5, 0, 0, 0, 0, 0, 0]] * 8,
    "tokens": ["a", "b", *["<pad>"] * 6],
}
REAL = [True, True, *[False] * 6]
PADDING = [not real for real in REAL]
ROUNDED = [[0.33, 0.33, 0.33], [0.5, 0.25, 0.25], [0.2, 0.3, 0.5]]
PIECES = {
    "attention": [[0.25, 0.25, 0.25, 0.25], [0.4, 0.2, 0.2, 0.2], [0.1, 0.3, 0.5, 0.1], [0.7, 0.1, 0.1, 0.1]],
    "tokens": ["[CLS]", "un", "##icy", "[SEP]"],
}
THREE = [[0.5, 0.25, 0.25], [0.125, 0.625, 0.25], [0.25, 0.25, 0.5]]


def document(ran):
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def mirrored(fields):
    """The text with its padding on the other side."""
    rows = np.array(fields["attention"])[::-1, ::-1].tolist()
    return {**{key: value[::-1] for key, value in fields.items()}, "attention": rows}


@pytest.mark.parametrize("side", [dict, mirrored], ids=["right", "left"])
@pytest.mark.parametrize(
    "stated",
    [
        {"padding": PADDING, "special": PADDING},
        {"padding": PADDING},
        {"special": PADDING},
        {"attention_mask": [int(real) for real in REAL]},
    ],
)
def test_heads_of_a_padded_text_are_those_of_its_tokens(cli, side, stated):
    file = json.dumps(side({**PADDED, **stated}))
    (head,) = document(cli("heads", "--attention", "-", "--json", stdin=file))["heads"]
    assert head["entropy_ratio"] == pytest.approx(1)
    assert (head["label"]["name"], head["label"]["value"]) == ("broad", pytest.approx(1))
    assert head["first"] == pytest.approx(0.5)
    assert "broad 1.00, 2 rows" in cli("heads", "--attention", "-", stdin=file).out
    assert "pad" not in cli("show", "--attention", "-", "--style", "numbers", stdin=file).out


def test_padding_of_labels_is_noted_and_masked_when_asked(cli):
    file = json.dumps(PADDED)
    ran = cli("heads", "--attention", "-", "--json", stdin=file)
    assert "6 tokens at the ends are <pad>, read as part of the text; --padding auto masks them" in ran.err
    assert document(ran)["heads"][0]["entropy_ratio"] == pytest.approx(1 / 3)
    for said in ("auto", "0,6"):
        ran = cli("heads", "--attention", "-", "--json", "--padding", said, stdin=file)
        assert document(ran)["heads"][0]["entropy_ratio"] == pytest.approx(1)
        assert "--padding" not in ran.err
    ran = cli("heads", "--attention", "-", "--tokens", "a b c d e f g [PAD]", stdin=json.dumps(PADDED["attention"]))
    assert "a token at the end is [PAD], read as part of the text; --padding auto masks it" in ran.err


def test_stated_padding_is_read_as_tokens_when_asked(cli):
    file = json.dumps({**PADDED, "padding": PADDING})
    ran = cli("heads", "--attention", "-", "--json", "--padding", "none", stdin=file)
    assert document(ran)["heads"][0]["entropy_ratio"] == pytest.approx(1 / 3)


@pytest.mark.parametrize("said", ["3", "left", "1,2,3", "-1,2", ""])
def test_other_padding_is_wrong_usage(cli, said):
    ran = cli("heads", "--attention", "-", f"--padding={said}", stdin=json.dumps(PADDED))
    assert (ran.code, ran.err.splitlines()[0]) == (
        2,
        f"attnviz: error: padding: {said!r} is not known; expected auto, none, or LEFT,RIGHT such as 0,2",
    )


def test_padding_comes_back_from_json(cli):
    file = json.dumps({**PADDED, "padding": PADDING})
    direct = document(cli("heads", "--attention", "-", "--json", stdin=file))["heads"]
    piped = cli("show", "--attention", "-", "--json", stdin=file).out
    assert document(cli("heads", "--attention", "-", "--json", stdin=piped))["heads"] == direct


@pytest.mark.parametrize("low", [-1e9, np.finfo(np.float32).min])
def test_masked_scores_are_hatched_and_leave_the_scale(cli, tmp_path, low):
    scores = np.float32([[0.3, -np.inf, -np.inf], [0.4, 0.2, -np.inf], [0.4, -0.9, 0.1]])
    for name, array in (("inf", scores), ("low", np.where(np.isinf(scores), np.float32(low), scores))):
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "scores.npy", array)
        argv = ("--values", "scores", "--overview-only", "--format", "svg", "-o", f"{name}/out")
        assert cli("heatmap", "--attention", f"{name}/scores.npy", *argv).code == 0
    pictures = [Path(name, "out/overview.svg").read_text() for name in ("inf", "low")]
    assert pictures[0] == pictures[1]
    assert "−0.9 to 0.4" in pictures[0]


def test_rounded_rows_are_accepted_with_a_note(cli, tmp_path):
    np.save(tmp_path / "rounded.npy", np.float32(ROUNDED))
    for ran in (
        cli("show", "--attention", "rounded.npy"),
        cli("show", "--attention", "-", stdin=json.dumps({"attention": ROUNDED})),
    ):
        assert ran.code == 0
        assert "weights are rounded to 2 decimals: rows sum to 0.99 to 1" in ran.err


def test_partial_rows_show_their_rest(cli):
    file = json.dumps([[0.5, 0.25, 0.125], [0.125, 0.25, 0.25], [0.25, 0.25, 0.123]])
    refused = cli("show", "--attention", "-", stdin=file)
    assert refused.code == 3
    assert "--partial shows it as rest" in refused.err
    ran = cli("show", "--attention", "-", "--partial", "--json", stdin=file)
    assert document(ran)["rest"] == [[pytest.approx([0.125, 0.375, 0.377])]]
    people = cli("show", "--attention", "-", "--partial", stdin=file).out
    assert people.splitlines()[2].split() == ["x0", "x1", "x2", "rest"]
    assert "special tokens hidden" not in people
    missing = document(cli("heads", "--attention", "-", "--partial", "--json", stdin=file))["missing"]
    assert missing["entropy"] == "a part of each row is its rest, and goes to no key"


def test_a_rest_that_is_not_of_special_tokens_is_not_called_so(cli):
    rows = [[0.5, 0.25, 0.125], [0.125, 0.25, 0.25], [0.25, 0.25, 0.123]]
    file = json.dumps({"attention": rows, "tokens": ["[CLS]", "a", "b"]})
    people = cli("show", "--attention", "-", "--partial", stdin=file).out
    assert [line.split() for line in people.splitlines()[2:4]] == [["a", "b", "rest"], ["1", "a", "*25", "25", "50"]]
    (head,) = document(cli("heads", "--attention", "-", "--partial", "--json", stdin=file))["heads"]
    assert head["label"]["rest"]["others"] == pytest.approx((0.125 + 0.375 + 0.377) / 3)


def test_words_and_special_tokens_of_pieces(cli):
    file = json.dumps(PIECES)
    ran = cli("show", "--attention", "-", "--words", "--hide-special", "--json", stdin=file)
    assert document(ran)["tokens"] == ["unicy"]
    assert document(ran)["attention"] == [[[[pytest.approx(0.6)]]]]
    raw = cli("show", "--attention", "-", "--no-words", "--show-special", "--raw-tokens", stdin=file).out
    plain = cli("show", "--attention", "-", "--no-words", "--show-special", stdin=file).out
    assert "##icy" in raw
    assert "##" not in plain
    assert "icy" in plain


def test_special_tokens_that_the_user_names(cli):
    file = json.dumps({"attention": THREE, "tokens": ["BOS", "cat", "[SEP]"]})
    ran = cli("show", "--attention", "-", "--special", "BOS", "--json", stdin=file)
    assert (document(ran)["special"], ran.err) == ([True, False, False], "")
    ran = cli("show", "--attention", "-", "--special", '["[SEP]", "BOS"]', "--json", stdin=file)
    assert document(ran)["special"] == [True, False, True]
    ran = cli("show", "--attention", "-", "--special", "", "--json", stdin=file)
    assert document(ran)["special"] == [False, False, False]
    ran = cli("show", "--attention", "-", "--special", "EOS", "--json", stdin=file)
    assert "no token is 'EOS', which --special names" in ran.err


def test_labels_as_a_json_list_or_a_file(cli, tmp_path):
    (tmp_path / "labels.txt").write_text("the\n cat\nsat down\n")
    for said in ('["the", " cat", "sat down"]', "@labels.txt"):
        found = document(cli("show", "--attention", "-", "--tokens", said, "--json", stdin=json.dumps(THREE)))
        assert found["tokens"] == ["the", " cat", "sat down"]
    np.save(tmp_path / "v.npy", np.random.default_rng(0).normal(size=(3, 24)).astype(np.float32))
    found = document(cli("show", "--vectors", "v.npy", "--n-heads", "3", "--tokens", "@labels.txt", "--json"))
    assert found["tokens"] == ["the", " cat", "sat down"]
    ran = cli("show", "--attention", "-", "--tokens", "@other.txt", stdin=json.dumps(THREE))
    assert (ran.code, ran.err.splitlines()[0]) == (
        3,
        "attnviz: error: other.txt: no such file; expected labels, one per line, or a JSON list of texts",
    )


@pytest.mark.parametrize("name", ["tokens", "labels", "words", "str_tokens"])
@pytest.mark.parametrize(
    "tokens",
    [
        np.array(["the", "cat", "sat"]),
        np.array([["the", "cat", "sat"]]),
        np.array([b"the", b"cat", b"sat"]),
    ],
    ids=["texts", "one batch", "bytes"],
)
def test_tokens_in_an_npz_are_labels(cli, tmp_path, name, tokens):
    np.savez(tmp_path / "saved.npz", attention=np.float32(THREE), **{name: tokens})
    assert document(cli("show", "--attention", "saved.npz", "--json"))["tokens"] == ["the", "cat", "sat"]
    fields = {
        "attention": THREE,
        name: np.char.decode(tokens).tolist() if tokens.dtype.kind == "S" else tokens.tolist(),
    }
    ran = cli("show", "--attention", "-", "--json", stdin=json.dumps(fields))
    assert document(ran)["tokens"] == ["the", "cat", "sat"]


def test_tokens_that_are_one_text_are_its_words(cli):
    ran = cli("show", "--attention", "-", "--json", stdin=json.dumps({"attention": THREE, "tokens": "the cat sat"}))
    assert document(ran)["tokens"] == ["the", "cat", "sat"]


def test_arrays_that_are_not_used_are_named(cli, tmp_path):
    np.savez(tmp_path / "saved.npz", attention=np.float32(THREE), logits=np.zeros(3), hidden_states=np.zeros((3, 4)))
    ran = cli("show", "--attention", "saved.npz", "--json")
    assert "logits" in ran.err


def test_long_labels_that_start_alike_are_told_apart(cli):
    tokens = [f"internationalisation_of_{letter}" for letter in "abc"]
    file = json.dumps({"attention": THREE, "tokens": tokens})
    assert cli("heatmap", "--attention", "-", "-o", "out", "--format", "svg", stdin=file).code == 0
    picture = Path("out/L00H00.svg").read_text()
    assert [picture.count(f">{token}<") for token in tokens] == [2, 2, 2]  # as a row and as a column
    shown = cli("show", "--attention", "-", stdin=file).out
    assert shown.splitlines()[2].split() == ["intern#0", "intern#1", "intern#2"]
