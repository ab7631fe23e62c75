"""A head has one name, ``L2H8``, and it is accepted wherever a head is chosen."""

import json

import numpy as np
import pytest

import attnviz
from attnviz.errors import UsageError

TEXT = "The cat sat on the mat."
NAMES = "L2H8,L1H7,L2H0"  # not a grid, and not in the model's order
PLACES = [(2, 8), (1, 7), (2, 0)]


def document(ran):
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def edges(ran):
    return [(edge["layer"], edge["head"], edge["query"], edge["key"], edge["weight"]) for edge in ran["edges"]]


def of_one(cli, *argv):
    """The edges of each named head, run by its numbers."""
    for layer, head in PLACES:
        yield from edges(document(cli(*argv, "-L", str(layer), "-H", str(head))))


@pytest.mark.parametrize("more", [(), ("--hide-special",), ("--words", "--values", "norms"), ("--values", "scores")])
def test_edges_are_those_of_the_named_heads_in_the_order_named(cli, more):
    argv = ("show", TEXT, "--json", "--top", "2", *more)
    named = document(cli(*argv, "-H", NAMES))
    assert edges(named) == list(of_one(cli, *argv))
    assert (named["layers"], named["heads"], named["head_names"]) == ([1, 2], [0, 7, 8], ["L2H8", "L1H7", "L2H0"])


def test_what_named_heads_give_hidden_tokens_has_a_row_of_numbers_for_each(cli):
    argv = ("show", TEXT, "--json", "--top", "1", "--hide-special")
    rest = document(cli(*argv, "-H", NAMES))["rest"]
    assert rest == [document(cli(*argv, "-L", str(layer), "-H", str(head)))["rest"][0][0] for layer, head in PLACES]


def test_tables_are_those_of_the_named_heads_in_the_order_named(cli):
    ran = cli("show", TEXT, "-H", NAMES)
    places = [ran.out.index(name) for name in ("L2H8", "L1H7", "L2H0")]
    assert places == sorted(places)
    assert ran.out.count('"The" looks most at') + ran.out.count("looks most at") > 3  # a sentence for each table
    alone = cli("show", TEXT, "-H", "L2H8").out
    assert alone == cli("show", TEXT, "-L", "2", "-H", "8").out
    assert ran.out.startswith(alone)


def test_there_is_a_picture_of_each_named_head_and_an_overview_of_them(cli, tmp_path):
    assert cli("heatmap", TEXT, "-H", NAMES, "-o", "named").code == 0
    named = {path.name: path.read_bytes() for path in (tmp_path / "named").iterdir()}
    assert set(named) == {"L02H08.png", "L01H07.png", "L02H00.png", "overview.png"}
    assert cli("heatmap", TEXT, "-L", "2", "-o", "layer").code == 0
    assert named["L02H08.png"] == (tmp_path / "layer" / "L02H08.png").read_bytes()


def test_rows_of_heads_are_those_of_the_named_heads_in_the_order_named(cli):
    argv = ("heads", TEXT, "--columns", "all", "--ablation", "--null", "2", "--json")
    rows = document(cli(*argv, "-H", NAMES))["heads"]
    every = {(row["layer"], row["head"]): row for row in document(cli(*argv))["heads"]}
    assert [(row["layer"], row["head"]) for row in rows] == PLACES
    for row in rows:
        expected = every[row["layer"], row["head"]]
        assert row["entropy"] == pytest.approx(expected["entropy"], abs=1e-6)
        assert row["ablation"] == pytest.approx(expected["ablation"], abs=1e-6)
        assert row["z"]["entropy"] == pytest.approx(expected["z"]["entropy"], abs=1e-3)
        assert row["label"]["name"] == expected["label"]["name"]


def test_named_heads_can_be_sorted_filtered_and_clustered(cli):
    rows = document(cli("heads", TEXT, "-H", NAMES, "--sort", "entropy", "--where", "head > 0", "--json"))["heads"]
    assert [(row["layer"], row["head"]) for row in rows] == [(1, 7), (2, 8)]
    clusters = document(cli("heads", TEXT, "-H", NAMES, "--cluster", "--json"))["clusters"]
    assert sorted((one["layer"], one["head"]) for one in clusters["order"]) == sorted(PLACES)
    assert len(clusters["merges"]) == 2


def test_conditions_are_of_the_named_heads_alone(cli):
    conditions = ("all(head != 1)", "any(L1.head == 7)", "all(L2.head != 7)", "L2H8.head == 8", "max(layer) == 2")
    argv = [part for condition in conditions for part in ("--where", condition)]
    report = document(cli("check", TEXT, "-H", NAMES, *argv, "--json"))
    assert [condition["holds"] for condition in report["conditions"]] == [True] * 5
    assert report["head_names"] == ["L2H8", "L1H7", "L2H0"]
    ran = cli("check", TEXT, "-H", NAMES, "--where", "L1H8.entropy > 1")
    assert ran.code == 2
    assert "there is no head L1H8 here; expected L2H8, L1H7, L2H0" in ran.err


def test_a_difference_compares_named_heads_one_by_one(cli):
    found = document(cli("diff", TEXT, "-H", NAMES, "--vs-head", "L2H0,L2H1,L2H2", "--json"))
    pairs = [(row["layer"], row["head"], row["vs_layer"], row["vs_head"]) for row in found["heads"]]
    assert pairs == [(2, 8, 2, 0), (1, 7, 2, 1), (2, 0, 2, 2)]
    alone = document(cli("diff", TEXT, "-L", "1", "-H", "7", "--vs-layer", "2", "--vs-head", "1", "--json"))
    assert found["heads"][1]["jsd"] == alone["heads"][0]["jsd"]
    assert found["a"]["head_names"] == ["L2H8", "L1H7", "L2H0"]
    assert "L1H7/L2H1" in cli("diff", TEXT, "-H", NAMES, "--vs-head", "L2H0,L2H1,L2H2").out
    one = document(cli("diff", TEXT, "-L", "1", "-H", "7", "--vs-head", "L2H1", "--json"))  # a name says B's layer
    assert one["heads"] == alone["heads"]


def test_a_picture_of_a_difference_names_both_heads(cli, tmp_path):
    assert cli("diff", TEXT, "-H", "L2H8,L1H7", "--vs-head", "L1H7,L1H8", "-o", "out").code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"L02H08.png", "L01H07.png", "overview.png"}


def test_explain_takes_a_name(cli):
    argv = ("explain", TEXT, "--query", "cat")
    assert cli(*argv, "-H", "L2H8") == cli(*argv, "-L", "2", "-H", "8")


def test_names_that_form_a_grid_are_like_numbers(cli):
    named = cli("show", TEXT, "-H", "L0H1,L0H2,L1H1,L1H2", "--json")
    assert document(named) == document(cli("show", TEXT, "-L", "0,1", "-H", "1,2", "--json"))
    shuffled = cli("show", TEXT, "-H", "L0H1,L1H2,L1H1,L0H2", "--json")  # a matrix has no order of single heads
    assert document(shuffled)["layers"] == [0, 1]
    mean = cli("show", TEXT, "-H", "L1H2,L0H1,L1H1,L0H2", "--reduce", "mean", "--json")
    assert mean.code == 0


def test_names_may_count_from_the_end_and_be_written_as_files_are(cli):
    expected = cli("show", TEXT, "-H", "L2H8").out
    assert cli("show", TEXT, "-H", "L-1H-4").out == expected
    assert cli("show", TEXT, "-H", "l02h08,L2H8").out == expected


def test_names_choose_from_attention_computed_elsewhere(cli, tmp_path):
    np.save(tmp_path / "a.npy", np.full((2, 3, 4, 4), 0.25))
    found = document(cli("show", "--attention", "a.npy", "-H", "L1H0,L0H2", "--json", "--top", "1"))
    assert list(dict.fromkeys((edge["layer"], edge["head"]) for edge in found["edges"])) == [(1, 0), (0, 2)]


def test_the_library_takes_names():
    result = attnviz.run(TEXT, heads=NAMES)
    view = result.views["encoder"]
    assert view.matrices.shape[:2] == (3, 1)
    assert [matrix.name for matrix in view] == NAMES.split(",")
    every = attnviz.run(TEXT).attention
    for matrix, place in zip(view, PLACES, strict=True):
        assert np.allclose(matrix.numbers, every[place], atol=1e-6)
    assert attnviz.heads(result).metrics.values["entropy"].shape == (3, 1)
    with pytest.raises(UsageError, match="these are heads L2H8, L1H7, L2H0; expected no selection"):
        attnviz.heads(result, heads="L2H8")
    with pytest.raises(UsageError, match="have no axes of layers and heads"):
        attnviz.output.documents.results.result_document(result)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (
            ("show", TEXT, "-H", "L2H8", "-L", "2"),
            "layer, head: L2H8 names layers, and layer 2 is given too; expected names alone, or numbers of layers and "
            "of heads",
        ),
        (
            ("show", TEXT, "-H", "L2H8,L1H7", "--json"),
            "head: L2H8,L1H7 is not a grid of layers and heads, and JSON without --top K needs one; expected every "
            "head of a grid, such as L2H8,L2H7,L1H8,L1H7",
        ),
        (
            ("show", TEXT, "-H", "L2H8,L1H7", "--reduce", "mean"),
            "head: L2H8,L1H7 is not a grid of layers and heads, and reduce mean needs one; expected every head of a "
            "grid, such as L2H8,L2H7,L1H8,L1H7",
        ),
        (
            ("heads", TEXT, "-H", "L2H8,3"),
            "head: '3' beside names of heads cannot be read; expected only names such as L2H8,L1H7",
        ),
        (("show", TEXT, "-H", "L3H0"), "layer: there is no layer 3; expected 0-2 (or from the end, -1)"),
        (("show", TEXT, "-H", "L2H12"), "head: there is no head 12; expected 0-11 (or from the end, -1)"),
        (("show", TEXT, "-L", "L2H8"), "layer: 'L2H8' cannot be read; expected all, or numbers such as 0,2-3,-1"),
        (("explain", TEXT, "-H", NAMES), "head: L2H8,L1H7,L2H0 names 3 heads; expected one"),
        (("show", TEXT, "-H", "L2H8", "--values", "zeroing"), "head, values: zeroing is of all heads together"),
        (("heads", TEXT, "-H", "L2H8", "--agreement"), "head: agreement compares weights, norms and zeroing of whole"),
    ],
)
def test_what_names_cannot_choose_is_an_error_that_says_so(cli, argv, message):
    ran = cli(*argv)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
