"""Rows, columns, segments and received attention on the command line."""

import json

import numpy as np
import pytest

TEXT = "The cat sat on the table"


def document(ran) -> dict:
    assert (ran.code, ran.err) == (0, "")
    (line,) = ran.out.splitlines()
    return json.loads(line)


@pytest.fixture
def whole(cli) -> np.ndarray:
    return np.array(document(cli("show", TEXT, "--json"))["attention"], np.float32)


def test_json_has_the_rows_and_columns_that_are_chosen_and_their_rest(cli, whole):
    found = document(cli("show", TEXT, "--json", "--rows", "cat,on", "--columns", "special,1-2"))
    assert (found["rows"], found["columns"]) == ([2, 4], [0, 1, 2, 7])
    assert len(found["tokens"]) == 8
    matrices = np.array(found["attention"], np.float32)
    np.testing.assert_array_equal(matrices, whole[:, :, [2, 4]][..., [0, 1, 2, 7]])
    np.testing.assert_allclose(np.array(found["rest"]), 1 - matrices.sum(axis=-1), atol=1e-5)
    assert "hidden" not in found


def test_edges_have_the_places_of_the_tokens(cli, whole):
    found = document(cli("show", TEXT, "--json", "--rows", "on", "--columns", "3-6", "-H", "L1H7", "--top", "2"))
    edges = [(edge["query"], edge["key"], edge["query_token"]) for edge in found["edges"]]
    best = sorted(range(3, 7), key=lambda key: -whole[1, 7, 4, key])[:2]
    assert edges == [(4, key, "on") for key in best]
    assert (found["rows"], found["columns"]) == ([4], [3, 4, 5, 6])


def test_without_a_choice_there_are_no_rows_and_columns(cli):
    for options in ((), ("--hide-special",), ("--words",), ("--pad-to", "12")):
        found = document(cli("show", TEXT, "--json", *options))
        assert not {"rows", "columns", "blocks", "received"} & set(found)


def test_a_table_has_the_rows_and_columns_that_are_chosen(cli, whole):
    out = cli("show", TEXT, "--rows", "on", "--columns", "table,special", "-H", "L1H7").out.splitlines()
    weights = [round(100 * float(whole[1, 7, 4, key])) for key in (0, 6, 7)]
    assert out[1] == '"on" looks most at "table" (77%)'
    assert out[4].split() == ["[CLS]", "table", "[SEP]", "rest"]
    row = out[5].replace("*", "").split()
    assert row[:2] == ["4", "on"]
    assert [int(number) for number in row[2:]] == [*weights, 100 - sum(weights)]


def test_rows_alone_keep_the_column_of_special_tokens(cli):
    out = cli("show", TEXT, "--rows", "on", "-H", "L1H7").out.splitlines()
    assert out[4].split()[-1] == "special"
    assert len(out) == 6


def test_the_head_that_says_most_of_the_rows_is_shown(cli):
    first = cli("show", TEXT, "--rows", "cat").out.splitlines()
    assert first[1].startswith('"cat" looks most at')
    assert all(line.split()[1] == "cat" for line in first[4:8])


def test_pictures_have_the_rows_and_columns_that_are_chosen(cli, tmp_path):
    ran = cli("heatmap", TEXT, "--rows", "on", "--columns", "table,cat", "-H", "L1H7", "-o", "out", "--format", "svg")
    assert ran.code == 0
    drawn = (tmp_path / "out" / "L01H07.svg").read_text()
    assert "1 query × 2 keys" in drawn
    assert "rest" in drawn
    assert [drawn.count(f">{word}<") for word in ("on", "cat", "table", "sat")] == [1, 1, 1, 0]


def test_with_a_target_rows_are_of_the_target_and_columns_of_the_source(cli):
    options = (
        "show",
        "The cat sat",
        "--target",
        "Le chat",
        "--seed",
        "0",
        "--json",
        "--rows",
        "chat",
        "--columns",
        "sat",
    )
    found = document(cli(*options))
    assert (found["rows"], found["columns"], "attention" in found) == ([1], [2], False)
    assert np.shape(found["cross_attention"]) == (2, 4, 1, 1)
    ran = cli(*options, "--kind", "encoder")
    assert (ran.code, ran.err.splitlines()[0][:45]) == (2, "attnviz: error: rows: no word is 'chat' (did ")


def test_a_text_without_the_word_can_be_skipped(cli, tmp_path):
    (tmp_path / "texts.txt").write_text("The cat sat\nA dog ran\nThe cat ran\n")
    options = ("show", "--file", "texts.txt", "--rows", "cat")
    for view in ((), ("--json", "--workers", "1"), ("--json", "--workers", "2"), ("-H", "L0H0")):
        ran = cli(*options, *view)
        assert ran.code == 3
        assert ran.err.startswith("attnviz: error: texts.txt, line 2: rows: no word is 'cat'")
        ran = cli(*options, *view, "--on-error", "skip")
        assert ran.code == 0
        assert ran.err.splitlines()[-1] == "attnviz: note: texts.txt: 1 of 3 texts skipped"


def test_attention_from_elsewhere_has_parts_too(cli, tmp_path):
    weights = np.array([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]])
    np.save(tmp_path / "a.npy", weights)
    options = ("show", "--attention", "a.npy", "--tokens", "the cat sat", "--json")
    found = document(cli(*options, "--rows", "sat", "--columns", "the,cat", "--received"))
    assert (found["attention"], found["received"]) == ([[[[0.2, 0.2]]]], [[[0.2, 0.2]]])
    assert found["rest"] == [[[pytest.approx(0.6)]]]


def test_blocks_are_sums_to_segments(cli):
    pair = ("show", "The cat sat", "--pair", "A dog ran", "--json")
    whole = np.array(document(cli(*pair))["attention"])
    found = document(cli(*pair, "--blocks"))
    assert (found["tokens"], found["blocks"], found["offsets"]) == (["text", "pair", "special"], True, None)
    assert found["pieces"][1] == ["a", "dog", "ran"]
    text, other = [1, 2, 3], [5, 6, 7]
    expected = whole[:, :, text][..., other].sum(axis=-1).mean(axis=-1)
    np.testing.assert_allclose(np.array(found["attention"])[:, :, 0, 1], expected, atol=1e-6)


def test_pictures_of_blocks_name_the_segments(cli, tmp_path):
    options = ("-o", "out", "--format", "svg", "--overview-only")
    assert cli("heatmap", "The cat sat", "--pair", "A dog ran", "--blocks", *options).code == 0
    drawn = (tmp_path / "out" / "overview.svg").read_text()
    assert "each tile rows and columns: text, pair, special" in drawn


def test_blocks_of_all_heads_are_a_line_each(cli):
    ran = cli("show", "The cat sat", "--pair", "A dog ran", "--blocks", "--color", "never")
    lines = ran.out.splitlines()
    assert lines[1:5] == [
        "36 heads of tiny (3 layers x 12 heads)",
        "what each segment gives to each segment (mean over its tokens), in percent",
        "       text gives to      pair gives to      special gives to",
        "        text pair special  text pair special  text pair special",
    ]
    assert len(lines) == 5 + 36
    one = cli("show", "The cat sat", "--pair", "A dog ran", "--blocks", "-H", "L2H8").out.splitlines()
    assert one[1] == "text gives 9% to pair, pair gives 1% to text"
    assert one[5].split() == ["0", "text", "42", "9", "*49"]
    row = next(line for line in lines if line.startswith("L2H8"))
    assert row.split()[1:4] == ["42", "9", "49"]


def test_blocks_hide_special_tokens_only_where_that_is_asked_for(cli):
    found = document(cli("show", "The cat sat", "--blocks", "--hide-special", "--json", "-H", "L0H0"))
    assert (found["tokens"], found["hidden"]) == (["text"], "special")
    assert found["rest"][0][0][0] == pytest.approx(1 - found["attention"][0][0][0][0], abs=1e-6)


@pytest.mark.parametrize("style", ["percent", "numbers"])
def test_a_row_below_the_table_has_what_each_token_receives(cli, whole, style):
    out = cli("show", TEXT, "-H", "L1H7", "--received", "--style", style, "--show-special").out.splitlines()
    means = whole[1, 7].mean(axis=0)
    label, *numbers = out[-1].split()
    assert label == "received"
    if style == "percent":
        assert [int(number) for number in numbers] == [round(100 * float(mean)) for mean in means]
    else:
        assert [float(number) for number in numbers] == [round(float(mean), 2) for mean in means]


@pytest.mark.parametrize("style", ["blocks", "top"])
def test_small_cells_have_a_line_of_those_that_receive_most(cli, whole, style):
    out = cli("show", TEXT, "-H", "L1H7", "--received", "--style", style, "--show-special").out.splitlines()
    best = int(whole[1, 7].mean(axis=0).argmax())
    label = ["[CLS]", "The", "cat", "sat", "on", "the", "table", "[SEP]"][best]
    assert out[-1].startswith(f"received: {label} {whole[1, 7].mean(axis=0)[best]:.2f}")


def test_the_table_of_the_head_that_says_most_has_the_row_too(cli):
    out = cli("show", TEXT, "--received").out.splitlines()
    (row,) = (line for line in out if line.startswith("received "))
    assert len(row.split()) == 8


@pytest.mark.parametrize("options", [(), ("--top", "1"), ("--reduce", "mean"), ("--words",), ("--hide-special",)])
def test_json_has_what_each_token_receives(cli, options):
    found = document(cli("show", TEXT, "--json", "--received", *options))
    plain = document(cli("show", TEXT, "--json", *(options if options[:1] != ("--top",) else ())))
    np.testing.assert_allclose(np.array(found["received"]), np.array(plain["attention"]).mean(axis=-2), atol=1e-6)


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("show text --from text --rows 1", "from, rows: rows is about whole matrices; expected --from or --rows"),
        (
            "show text --to text --received",
            "to, received: received is about whole matrices; expected --to or --received",
        ),
        (
            "show text --grid --received",
            "grid, received: received is about whole matrices; expected --grid or --received",
        ),
        (
            "show text --blocks --columns 1",
            "blocks, rows, columns: blocks are of all tokens; expected blocks, or rows and columns",
        ),
        ("show text --blocks --values scores", "blocks, values: sums of scores mean nothing; expected weights"),
        ("show text --received --values scores", "received, values: a mean of scores is not a share; expected weights"),
    ],
)
def test_what_excludes_each_other_is_refused(cli, command, error):
    assert cli(*command.split()).err == f"attnviz: error: {error}\n"


def test_no_row_that_gives_anything_is_said(cli, tmp_path):
    np.save(tmp_path / "a.npy", np.eye(3))
    out = cli("show", "--attention", "a.npy", "--tokens", "a b c", "--rows", "a", "--columns", "c").out.splitlines()
    assert out[0] == "No row gives anything to these columns."
