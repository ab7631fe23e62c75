"""A token has one number, its position in the model's input, in tables, in JSON and for options."""

import json
import re

import pytest

import attnviz

TEXT = "The cat sat on the mat near the other mat."  # mat is two pieces


def document(ran):
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def positions_of(words, hidden):
    """The number of each token that is left, by the tokens of the model's input."""
    tokens = attnviz.run(TEXT).tokens
    return [
        i
        for i, token in enumerate(tokens)
        if not (hidden and token.special)
        and not (words and i and token.word is not None and token.word == tokens[i - 1].word)
    ]


@pytest.mark.parametrize(
    ("flags", "words", "hidden"),
    [(("--words",), True, False), (("--hide-special",), False, True), (("--words", "--hide-special"), True, True)],
)
def test_json_of_merged_or_hidden_tokens_has_their_positions_which_are_read_back(cli, tmp_path, flags, words, hidden):
    found = document(cli("show", TEXT, "--json", *flags))
    assert found["positions"] == positions_of(words, hidden)
    assert len(found["positions"]) == len(found["tokens"])
    (tmp_path / "a.json").write_text(json.dumps(found))
    read = document(cli("show", "--attention", "a.json", "--json"))
    assert read["positions"] == found["positions"]
    drawn, asked = (cli("show", *source, "-H", "L2H8").out for source in (("--attention", "a.json"), (TEXT,)))
    numbers = [re.findall(r"^ ?(\d+) \S", out, re.MULTILINE) for out in (drawn, asked)]
    assert numbers[0] == numbers[1] == list(map(str, positions_of(words=True, hidden=True)))


def test_json_of_all_tokens_has_no_positions(cli):
    assert "positions" not in document(cli("show", TEXT, "--json"))
    assert "positions" not in document(cli("diff", TEXT, "--vs-layer", "1", "-L", "0", "--json"))["a"]


def test_the_sides_of_a_difference_have_positions(cli):
    found = document(cli("diff", TEXT, "--vs-layer", "1", "-L", "0", "--words", "--hide-special", "--json"))
    assert found["a"]["positions"] == found["b"]["positions"] == positions_of(words=True, hidden=True)


def test_every_table_and_option_agrees_on_a_token_s_number(cli):
    number = attnviz.run(TEXT).tokens.index(next(t for t in attnviz.run(TEXT).tokens if t.text == "near"))
    table = cli("show", TEXT, "-H", "L2H8").out
    assert f"\n{number} near " in table.replace("\n ", "\n")
    explained = document(cli("explain", TEXT, "--query", "near", "-H", "L2H8", "--json"))
    assert explained["query"] == number
    assert document(cli("explain", TEXT, "--query", str(number), "-H", "L2H8", "--json")) == explained
    changes = cli("diff", TEXT, "-H", "L2H8", "--vs-head", "L1H7", "--top", "200").out
    assert f" {number} near -> " in changes
    assert document(cli("show", TEXT, "--from", "near", "--json"))["from"]["number"] == number


def test_positions_that_are_none_are_refused(cli, tmp_path):
    found = document(cli("show", TEXT, "--json", "--words"))
    (tmp_path / "a.json").write_text(json.dumps(found | {"positions": [-1] * len(found["tokens"])}))
    ran = cli("show", "--attention", "a.json")
    assert ran.code == 3
    assert "positions is not a list of whole numbers from 0" in ran.err
