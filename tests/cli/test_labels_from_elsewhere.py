"""``heads``, and other commands, of attention from elsewhere: what labels say of its tokens."""

import json

import numpy as np
import pytest

TINY = ("--n-layers", "2", "--n-heads", "3", "--d-model", "24", "--seed", "0")  # seeded weights: six heads
THREE = [[0.5, 0.25, 0.25], [0.125, 0.625, 0.25], [0.2, 0.3, 0.5]]  # rows of three tokens
NO_SPECIAL = "no label is known as that of a special token, such as [CLS]"


def document(cli, *argv, **more):
    ran = cli("heads", *argv, "--json", **more)
    assert ran.code == 0
    assert all("special by their labels: " in line for line in ran.err.splitlines())
    return json.loads(ran.out)


def test_equal_labels_are_equal_tokens(cli):
    found = document(cli, "--attention", "-", "--tokens", "a b a", stdin=json.dumps(THREE))
    assert found["heads"][0]["same"] == pytest.approx((0.25 + 0.2) / 2)
    assert found["heads"][0]["induction"] == pytest.approx(0.3)
    assert found["missing"] == {"special": NO_SPECIAL}
    in_file = json.dumps({"attention": THREE, "tokens": ["a", "b", "a"]})
    assert document(cli, "--attention", "-", stdin=in_file)["heads"] == found["heads"]
    own = cli("show", "--attention", "-", "--json", stdin=in_file).out
    assert json.loads(own)["token_ids"] is None
    assert document(cli, "--attention", "-", stdin=own)["heads"] == found["heads"]
    for condition, code in (("L0H0.induction > 0.29", 0), ("L0H0.induction > 0.31", 1)):
        assert cli("check", "--attention", "-", "--tokens", "a b a", "--where", condition, stdin=in_file).code == code


def test_without_labels_nothing_is_known_of_the_tokens_also_when_read_back(cli):
    why = "it needs labels that name the tokens (--tokens), and these only count them"
    missing = dict.fromkeys(("special", "same", "induction"), why)
    plain = json.dumps(THREE)
    assert document(cli, "--attention", "-", stdin=plain)["missing"] == missing
    assert document(cli, "--attention", "-", "--tokens", "0 1 2", stdin=plain)["missing"] == missing
    own = cli("show", "--attention", "-", "--json", stdin=plain).out
    assert json.loads(own)["tokens"] == ["x0", "x1", "x2"]
    assert document(cli, "--attention", "-", stdin=own)["missing"] == missing


def test_labels_of_vectors_are_tokens_too(cli, tmp_path):
    np.save(tmp_path / "v.npy", np.random.default_rng(0).normal(size=(3, 24)).astype(np.float32))
    argv = ("--vectors", "v.npy", "--n-heads", "3")
    assert set(document(cli, *argv)["missing"]) == {"special", "same", "induction"}
    assert document(cli, *argv, "--tokens", "[CLS] a a")["missing"] == {}


def test_given_labels_say_which_tokens_are_equal_instead_of_the_files_ids(cli):
    piped = cli("show", "one two three", *TINY, "--json").out
    found = document(cli, "--attention", "-", "--tokens", "[CLS] b b", stdin=piped)
    assert found["missing"] == {}
    assert found["heads"][0]["special"] == pytest.approx(found["heads"][0]["first"])
    assert found["heads"][0]["same"] is not None


@pytest.mark.parametrize(
    "tokens", [["[CLS]", "b", "[SEP]"], ["<s>", "b", "</s>"], ["<|begin_of_text|>", "b", "<|eot_id|>"]]
)
def test_labels_of_special_tokens_are_special_everywhere(cli, tokens):
    file = json.dumps({"attention": THREE, "tokens": tokens})
    (head,) = document(cli, "--attention", "-", stdin=file)["heads"]
    assert head["special"] == pytest.approx((0.75 + 0.375 + 0.7) / 3)
    assert json.loads(cli("show", "--attention", "-", "--json", stdin=file).out)["special"] == [True, False, True]
    ran = cli("show", "--attention", "-", "--json", "--hide-special", stdin=file)
    labels = ", ".join((tokens[0], tokens[2]))
    assert ran.err == f"attnviz: note: standard input: special by their labels: {labels}; --special says which are\n"
    hidden = json.loads(ran.out)
    assert (hidden["tokens"], hidden["attention"], hidden["rest"]) == (["b"], [[[[0.625]]]], [[[0.375]]])


@pytest.mark.parametrize("special", [[False, True, False], [False, False, False]])
def test_what_a_file_says_of_its_special_tokens_is_believed(cli, special):
    file = json.dumps({"attention": THREE, "tokens": ["[CLS]", "b", "[SEP]"], "special": special})
    assert json.loads(cli("show", "--attention", "-", "--json", stdin=file).out)["special"] == special
    found = document(cli, "--attention", "-", stdin=file)
    expected = pytest.approx((0.25 + 0.625 + 0.3) / 3) if any(special) else None
    assert found["heads"][0]["special"] == expected


def test_given_labels_say_which_tokens_are_special_where_the_file_marks_none(cli):
    for special, expected in (([False] * 3, [True, False, False]), ([False, True, False], [False, True, False])):
        file = json.dumps({"attention": THREE, "special": special})
        shown = cli("show", "--attention", "-", "--tokens", "[CLS] b c", "--json", stdin=file).out
        assert json.loads(shown)["special"] == expected


def test_special_labels_of_keys_are_those_of_cross_attention(cli):
    file = json.dumps({"attention": THREE[:2], "keys": ["a", "b", "</s>"], "queries": ["<s>", "c"]})
    found = document(cli, "--attention", "-", stdin=file)
    assert (found["kind"], found["heads"][0]["special"]) == ("cross", pytest.approx(0.25))
    hidden = json.loads(cli("show", "--attention", "-", "--json", "--hide-special", stdin=file).out)
    assert (hidden["tokens"], hidden["target_tokens"]) == (["a", "b"], ["c"])


def test_of_several_texts_special_is_measured_where_labels_say_which_tokens_are(cli):
    model = {"name": "m", "weights": f"sha256:{'0' * 64}"}
    labels = (["[CLS]", "a", "b"], ["a", "b", "c"])
    texts = [{"attention": THREE, "tokens": tokens, "model": model} for tokens in labels]
    found = document(cli, "--attention", "-", stdin="\n".join(map(json.dumps, texts)))
    assert (found["texts"], found["missing"]) == (2, {})
    assert found["heads"][0]["special"] == pytest.approx((0.5 + 0.125 + 0.2) / 3)


def test_a_files_special_tokens_are_compared_with_those_of_a_model(cli, tmp_path):
    run = json.loads(cli("show", "The dog", "--json").out)
    (tmp_path / "run.json").write_text(json.dumps(run))
    (tmp_path / "file.json").write_text(json.dumps({key: run[key] for key in ("attention", "tokens")}))
    ran = cli("diff", "--attention", "run.json", "--vs-attention", "file.json", "--json")
    assert json.loads(ran.out)["aligned"]["keys"] == [[0, 0], [1, 1], [2, 2], [3, 3]]


def test_word_pieces_are_merged_and_hidden_by_their_labels(cli):
    uniform = [[0.25] * 4] * 4
    file = json.dumps({"attention": uniform, "tokens": ["[CLS]", "un", "##icy", "[SEP]"]})
    ran = cli("show", "--attention", "-", "--words", "--hide-special", "--json", stdin=file)
    assert json.loads(ran.out)["tokens"] == ["unicy"]
    assert "labels are pieces of words (## continues a word)" in ran.err
    for tokens in (["[CLS]", "un", "##icy", "▁day"], ["[CLS]", "un", "icy", "[SEP]"]):
        file = json.dumps({"attention": uniform, "tokens": tokens})
        ran = cli("show", "--attention", "-", "--words", "--json", stdin=file)
        assert json.loads(ran.out)["tokens"] == tokens
        note = "no token is known to be part of a word; --words changes nothing"
        assert ran.err.endswith(f"attnviz: note: standard input: {note}\n")


def test_what_changes_nothing_is_noted_once_a_file(cli):
    ran = cli("show", "--attention", "-", "--json", "--hide-special", stdin=f"{THREE}\n{THREE}\n")
    assert len(ran.out.splitlines()) == 2
    assert ran.err == "attnviz: note: standard input: no token is known to be special; --hide-special changes nothing\n"


def test_what_is_hidden_and_merged_already_needs_no_note(cli):
    done = cli("show", "An unicyclist", "--words", "--hide-special", "--json", "-L", "0").out
    ran = cli("show", "--attention", "-", "--json", "--words", "--hide-special", stdin=done)
    assert (ran.out, ran.err) == (done, "")
