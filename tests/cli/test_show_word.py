"""``show --from WORD`` and ``--to WORD``: one row or column of each head, equal to the library's, on any input."""

import json

import numpy as np
import pytest

import attnviz

TEXT = "The animal didn't cross the street because it was too tired."
MODEL = ("--seed", "3")


def document(ran):
    assert (ran.code, ran.err) == (0, "")
    (line,) = ran.out.splitlines()
    return json.loads(line)


def test_a_row_of_each_head_is_the_librarys(cli):
    found = document(cli("show", TEXT, *MODEL, "--from", "street", "--json"))
    result = attnviz.run(TEXT, seed=3)
    assert found["from"] == {"number": 5, "token": "street"}
    assert found["tokens"] == [token.piece for token in result.tokens]
    assert found["numbers"] == list(range(len(result.tokens)))
    assert (found["kind"], found["values"]) == ("encoder", "weights")
    assert len(found["heads"]) == 8
    for head in found["heads"]:
        np.testing.assert_array_equal(np.float32(head["attention"]), result.attention[head["layer"], head["head"], 5])
    telling = [head["telling"] for head in found["heads"]]
    assert telling == sorted(telling, reverse=True)


def test_a_column_of_the_heads_that_are_chosen(cli):
    found = document(cli("show", TEXT, *MODEL, "--to", "5", "-L", "1", "-H", "2", "--json"))
    (head,) = found["heads"]
    assert (found["to"]["token"], head["name"]) == ("street", "L1H2")
    np.testing.assert_array_equal(np.float32(head["attention"]), attnviz.run(TEXT, seed=3).attention[1, 2, :, 5])


def test_heads_that_are_chosen_by_name(cli):
    found = document(cli("show", TEXT, *MODEL, "--from", "it", "-H", "L1H3,L0H2", "--json"))
    matrices = attnviz.run(TEXT, seed=3).attention
    assert {head["name"] for head in found["heads"]} == {"L1H3", "L0H2"}
    for head in found["heads"]:
        row = matrices[head["layer"], head["head"], found["from"]["number"]]
        np.testing.assert_array_equal(np.float32(head["attention"]), row)


@pytest.mark.parametrize(
    ("options", "keywords"),
    [
        (("--values", "norms"), {"values": "norms"}),
        (("--values", "scores"), {"values": "scores"}),
        (("--values", "zeroing"), {"values": "zeroing"}),
        (("--reduce", "mean-heads"), {"reduce": "mean-heads"}),
        (("--reduce", "mean"), {"reduce": "mean"}),
        (("--reduce", "rollout"), {"reduce": "rollout"}),
        (("--reduce", "max"), {"reduce": "max"}),
    ],
)
def test_other_values_and_reductions(cli, options, keywords):
    found = document(cli("show", TEXT, *MODEL, "--from", "it", "--json", *options))
    matrices = attnviz.run(TEXT, seed=3, **keywords).attention
    rows = {head["name"]: np.float32(head["attention"]) for head in found["heads"]}
    expected = matrices[:, :, found["from"]["number"]].reshape(-1, len(found["tokens"]))
    assert len(rows) == len(expected)
    for row in rows.values():
        assert any(np.array_equal(row, one) for one in expected)
    shown = cli("show", TEXT, *MODEL, "--from", "it", *options)
    assert shown.code == 0
    assert all(name in shown.out for name in rows)


def test_the_strongest_words_carry_their_names(cli):
    found = document(cli("show", TEXT, *MODEL, "--from", "it", "--json", "--top", "2", "--precision", "3"))
    row = attnviz.run(TEXT, seed=3).attention[:, :, found["from"]["number"]]
    assert (found["top"], found["precision"]) == (2, 3)
    for head in found["heads"]:
        values = row[head["layer"], head["head"]]
        order = np.argsort(-values, kind="stable")[:2]
        assert [one["number"] for one in head["strongest"]] == list(order)
        assert [one["token"] for one in head["strongest"]] == [found["tokens"][i] for i in order]
        assert [one["weight"] for one in head["strongest"]] == pytest.approx(values[order], abs=5e-4)


def test_masked_keys_are_said(cli):
    found = document(cli("show", "a b c", *MODEL, "--mask", "causal", "--values", "scores", "--from", "b", "--json"))
    for head in found["heads"]:
        assert head["masked"] == [False, False, True]
        assert head["attention"][2] is None


def test_a_target_word_looks_at_the_source(cli):
    options = ("the cat sat", "--target", "le chat", *MODEL)
    found = document(cli("show", *options, "--from", "chat", "--json"))
    assert (found["kind"], found["tokens"]) == ("cross", ["the", "cat", "sat"])
    cross = attnviz.run("the cat sat", target="le chat", seed=3).cross_attention
    for head in found["heads"]:
        np.testing.assert_array_equal(np.float32(head["attention"]), cross[head["layer"], head["head"], 1])
    assert document(cli("show", *options, "--to", "sat", "--json"))["tokens"] == ["le", "chat"]
    assert document(cli("show", *options, "--kind", "decoder", "--to", "le", "--json"))["kind"] == "decoder"
    text = cli("show", *options, "--from", "chat").out
    assert text.startswith('What "chat" looks at in the source\nrandom weights of seed 3 (any pattern is chance)\n')
    assert cli("show", *options, "--to", "sat").out.startswith('What in the target looks at "sat"\n')


def test_a_word_of_the_other_text_is_an_error_that_names_its_option(cli):
    options = ("the cat sat", "--target", "le chat", *MODEL)
    ran = cli("show", *options, "--from", "cat")
    assert (ran.code, ran.err.splitlines()[1]) == (2, "hint: 'cat' is a word of the source: --to takes it")
    ran = cli("show", *options, "--to", "chat")
    assert (ran.code, ran.err.splitlines()[1]) == (2, "hint: 'chat' is a word of the target: --from takes it")
    assert "hint" not in cli("show", *options, "--to", "dog").err


def test_attention_from_elsewhere(cli):
    written = cli("show", TEXT, *MODEL, "--json")
    elsewhere = document(cli("show", "--attention", "-", "--from", "tired", "--json", stdin=written.out))
    here = document(cli("show", TEXT, *MODEL, "--from", "tired", "--json"))
    assert elsewhere["heads"] == here["heads"]
    array = attnviz.run("a b", seed=0).attention
    np.save("scores.npy", array)
    text = cli("show", "--attention", "scores.npy", "--tokens", "left right", "--to", "left").out
    assert text.startswith('What looks at "left": ')
    assert "\n      left right\n" in text


def test_people_see_words_and_no_special_tokens_unless_they_ask(cli):
    text = cli("show", TEXT, "--from", "it").out
    assert text.startswith('What "it" looks at: tiny (3 layers x 12 heads)\n')
    assert "[CLS]" not in text
    assert "tired 72%\n" in text
    assert len(text.splitlines()) == 22
    assert "[CLS]" in cli("show", TEXT, "--from", "it", "--show-special").out
    assert cli("show", TEXT, "--from", "[CLS]").out.startswith('What "[CLS]" looks at')


def test_every_head_of_a_selection_is_printed(cli):
    lines = cli("show", TEXT, "--from", "it", "-H", "all").out.splitlines()
    assert len(lines) == 3 + 36
    assert len(cli("show", TEXT, "--from", "it", "-L", "2").out.splitlines()) == 3 + 12


def test_each_of_several_texts_is_named(cli):
    ran = cli("show", *MODEL, "--from", "it", stdin="it is\nwas it\n")
    assert [line for line in ran.out.splitlines() if line.startswith("text ")] == ["text 1: it is", "text 2: was it"]
    ran = cli("show", *MODEL, "--from", "it", "--json", stdin="it is\nwas it\n")
    assert [json.loads(line)["from"]["number"] for line in ran.out.splitlines()] == [0, 1]


def test_a_text_without_the_word_can_be_skipped(cli):
    ran = cli("show", *MODEL, "--from", "it", "--json", "--on-error", "skip", stdin="it is\nno\n")
    assert (ran.code, json.loads(ran.out)["where"]) == (0, "standard input, line 1")
    assert "standard input, line 2: from: no word is 'it'" in ran.err
    ran = cli("show", *MODEL, "--from", "it", stdin="it is\nno\n")
    assert (ran.code, "line 2: from: no word is 'it'" in ran.err) == (3, True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--from", "tried"), "from: no word is 'tried' (did you mean 'tired'?); expected a word of the text"),
        (("--from", "it", "--to", "it"), "from, to: each is a view of its own; expected one of them"),
        (("--from", "it", "--from", "was"), "from: given 2 times; expected once"),
        (("--to", "it", "--style", "top"), "to, style: a style is of one matrix; expected --style or --to"),
        (("--from", "it", "--workers", "2"), "workers: tables are printed one after the other; expected --json too"),
    ],
)
def test_what_cannot_be_shown(cli, options, message):
    ran = cli("show", TEXT, *options)
    assert (ran.code, ran.out) == (2, "")
    assert f"attnviz: error: {message}" in ran.err
