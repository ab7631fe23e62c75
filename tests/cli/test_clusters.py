"""``heads --cluster`` and ``heatmap --heads-by-similarity``: heads that attend alike stand together."""

import csv
import io
import json
from itertools import pairwise

import jsonschema
import numpy as np
import pytest

import attnviz
from attnviz.analysis.compare import jsd

TEXT = "The cat sat on the cat."
TINY = ("--n-layers", "2", "--n-heads", "3", "--d-model", "24", "--seed", "0")


@pytest.fixture
def pattern(tmp_path):
    """Heads 0 and 2 look at the previous token (one a little less), 1 and 3 at themselves."""
    n = 5
    previous, own = np.eye(n, k=-1), np.eye(n)
    previous[0, 0] = 1
    heads = [previous, own, 0.95 * previous + 0.05 / n, 0.9 * own + 0.1 / n]
    np.save(tmp_path / "heads.npy", np.stack(heads)[None])
    return "heads.npy"


def document(cli, *argv):
    ran = cli("heads", *argv, "--cluster", "--json")
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


def heads_of(rows):
    return [(row["layer"], row["head"]) for row in rows]


def test_heads_that_attend_alike_stand_together(cli, pattern):
    found = document(cli, "--attention", pattern)
    assert heads_of(found["heads"]) == heads_of(found["clusters"]["order"]) == [(0, 0), (0, 2), (0, 1), (0, 3)]
    assert [(m["left"], m["right"], m["size"]) for m in found["clusters"]["merges"]] == [
        (0, 1, 2),
        (2, 3, 2),
        (4, 5, 4),
    ]
    jsds = [row["jsd"] for row in found["heads"]]
    assert jsds[0] is None
    assert jsds[2] > max(jsds[1], jsds[3])


def test_each_row_has_its_distance_to_the_row_above(cli):
    found = document(cli, TEXT, *TINY, "--where", "layer == 1")
    matrices = attnviz.run(TEXT, n_layers=2, n_heads=3, d_model=24).attention.astype(float)
    places = heads_of(found["heads"])
    assert sorted(places) == [(1, 0), (1, 1), (1, 2)]
    expected = [jsd(matrices[a], matrices[b]) for a, b in pairwise(places)]
    assert [row["jsd"] for row in found["heads"][1:]] == pytest.approx(expected)
    assert len(found["clusters"]["order"]) == 6


def test_merges_join_neighbours_and_grow(cli):
    merges = document(cli, TEXT)["clusters"]["merges"]
    spans = {i: (i, i) for i in range(36)}
    for k, merge in enumerate(merges):
        left, right = spans[merge["left"]], spans[merge["right"]]
        assert left[1] + 1 == right[0]
        spans[36 + k] = (left[0], right[1])
        assert merge["size"] == right[1] - left[0] + 1
    assert len(merges) == 35
    assert [m["distance"] for m in merges] == sorted(m["distance"] for m in merges)


def test_padding_changes_no_distance(cli):
    plain, padded = (document(cli, TEXT, *TINY, *more) for more in ((), ("--pad-to", "12")))
    distances = [[m["distance"] for m in found["clusters"]["merges"]] for found in (plain, padded)]
    assert distances[0] == pytest.approx(distances[1], abs=1e-5)


def test_distances_of_several_texts_are_means_by_their_rows(cli, tmp_path):
    texts = ("The cat sat on the cat.", "the old dog")
    (tmp_path / "texts.txt").write_text("\n".join(texts))
    few = (*TINY, "--head", "0,1", "--layer", "0")
    ours = document(cli, "--file", "texts.txt", *few)
    alone = [document(cli, text, *few) for text in texts]
    expected = np.average([one["heads"][1]["jsd"] for one in alone], weights=[one["rows"] for one in alone])
    assert ours["heads"][1]["jsd"] == pytest.approx(expected)
    rows = list(csv.DictReader(io.StringIO(cli("heads", "--file", "texts.txt", *few, "--cluster", "--csv").out)))
    assert float(rows[1]["jsd"]) == ours["heads"][1]["jsd"]
    assert rows[0]["jsd"] == ""
    assert cli("heads", "--file", "texts.txt", *few, "--cluster").code == 0


def test_the_table_has_the_distance_as_a_column(cli, pattern):
    out = cli("heads", "--attention", pattern, "--cluster", "--columns", "self").out
    head, *rows = [line.split() for line in out.splitlines() if line.startswith(("head ", "L0"))]
    assert head == ["head", "label", "jsd", "self"]
    assert [row[0] for row in rows] == ["L0H0", "L0H2", "L0H1", "L0H3"]
    assert "jsd: the distance to the head in the row above" in out


def test_one_head_is_one_cluster(cli):
    found = document(cli, TEXT, *TINY, "--head", "1", "--layer", "0")
    assert found["clusters"] == {"order": [{"layer": 0, "head": 1}], "merges": []}


@pytest.mark.parametrize("more", [("--sort", "span"), ("--agreement",)])
def test_another_order_is_refused(cli, more):
    ran = cli("heads", TEXT, "--cluster", *more)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert f"cluster, {more[0][2:]}: both are given" in ran.err


def test_what_is_printed_is_valid_against_the_schema(cli, pattern):
    schema = jsonschema.Draft202012Validator(json.loads(cli("schema").out))
    for argv in ((TEXT, "--hide-special", "--top", "3"), ("--attention", pattern)):
        schema.validate(document(cli, *argv))


# The picture


def test_the_picture_is_of_all_distances_and_nothing_else_is_written(cli, tmp_path, pattern):
    ran = cli("heatmap", "--attention", pattern, "-o", "out", "--heads-by-similarity", "--format", "png,svg")
    assert (ran.code, ran.err) == (0, "attnviz: note: out: 2 pictures written\n")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["similarity.png", "similarity.svg"]
    svg = (tmp_path / "out" / "similarity.svg").read_text()
    for words in ("4 × 4 heads", "from 0, equal, to 1, nothing in common", "the nearest are L0H0 and L0H2"):
        assert words in svg


def test_the_scale_can_end_at_the_largest(cli, tmp_path):
    argv = ("heatmap", TEXT, *TINY, "-o", "out", "--heads-by-similarity", "--scale", "head", "--format", "svg")
    assert cli(*argv).code == 0
    assert ", the largest" in (tmp_path / "out" / "similarity.svg").read_text()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--values", "norms"), "these matrices are norms"),
        (("--reduce", "mean"), "these matrices are mean"),
        (("--overview-only",), "overview-only, heads-by-similarity"),
    ],
)
def test_what_has_no_weights_of_each_head_is_refused(cli, more, said):
    ran = cli("heatmap", TEXT, *TINY, "-o", "out", "--heads-by-similarity", *more)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert said in ran.err


@pytest.mark.parametrize("more", [(), ("--layer", "1", "--hide-special")])
def test_heads_draws_the_picture_of_heatmap(cli, tmp_path, more):
    ran = cli("heads", TEXT, *TINY, *more, "--cluster", "-o", "one")
    assert (ran.code, ran.err) == (0, "attnviz: note: one: 1 picture written\n")
    assert cli("heatmap", TEXT, *TINY, *more, "--heads-by-similarity", "-o", "other").code == 0
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["similarity.png"]
    pictures = [(tmp_path / folder / "similarity.png").read_bytes() for folder in ("one", "other")]
    assert pictures[0] == pictures[1]
    plain = cli("heads", TEXT, *TINY, *more, "--cluster")
    assert ran.out == plain.out


@pytest.mark.parametrize("more", [("--json",), ("--csv",)])
def test_a_picture_changes_no_document(cli, tmp_path, more):
    drawn = cli("heads", TEXT, *TINY, "--cluster", *more, "-o", "out")
    assert drawn.out == cli("heads", TEXT, *TINY, "--cluster", *more).out
    assert (tmp_path / "out" / "similarity.png").exists()


def test_a_picture_of_another_program_is_overwritten_only_by_force(cli, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "similarity.png").write_bytes(b"mine")
    argv = ("heads", TEXT, *TINY, "--cluster", "-o", "out")
    assert cli(*argv).code != 0
    assert (tmp_path / "out" / "similarity.png").read_bytes() == b"mine"
    assert cli(*argv, "--force").code == 0
    assert (tmp_path / "out" / "similarity.png").read_bytes() != b"mine"


def test_heads_draws_only_similar_heads(cli):
    ran = cli("heads", TEXT, *TINY, "-o", "out")
    assert (ran.code, ran.out) == (2, "")
    assert "--cluster" in ran.err


def test_flags_with_another_way_are_hidden_but_read(cli):
    assert "--heads-by-similarity" not in cli("heatmap", "--help").out
    assert "--pad-to" not in cli("show", "--help").out
    padded = json.loads(cli("show", "the cat", *TINY, "--pad-to", "5", "--json").out)
    assert padded["padding"] == [False, False, True, True, True]
