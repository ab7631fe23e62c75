"""``--labels``: heads named by the relations that a probe found them to find."""

import json

import pytest

TEXT = "The cat sat on the table"
SMALL = ("--n-layers", "2", "--n-heads", "3", "--d-model", "12", "--seed", "0")
ROW = {"layer": 1, "head": 2, "relation": "nsubj", "label": "subject -> verb", "rate": 0.594, "offset_rate": 0.3}


@pytest.fixture
def labels(tmp_path):
    rows = [ROW | {"count": 40, "beats_offset": True}]
    model = {"name": "seeded", "weights": "seed:0"}
    document = {"schema": "attnviz/1", "probe": "syntax", "model": model, "treebank": "en.conllu", "relations": rows}
    path = tmp_path / "labels.json"
    path.write_text(json.dumps(document))
    return "--labels", path


def test_heads_have_the_relation_as_their_label(cli, labels):
    lines = cli("heads", TEXT, *SMALL, *labels).out.splitlines()
    (row,) = [line for line in lines if line.startswith("L1H2")]
    assert row[6:].startswith("subject -> verb 0.59 ")
    words = " ".join(lines)
    assert (
        "subject -> verb 0.59: not of this text. Of all heads this one finds most of these links in a treebank, 59%"
        in words
    )
    assert "subject" not in cli("heads", TEXT, *SMALL).out


@pytest.mark.parametrize("flags", [("--sort", "label"), ("--where", "label != first")])
def test_heads_that_are_chosen_by_patterns_show_patterns(cli, labels, flags):
    assert "subject" not in cli("heads", TEXT, *SMALL, *labels, *flags).out


def test_json_has_the_relations_only_where_labels_are_given(cli, labels):
    rows = json.loads(cli("heads", TEXT, *SMALL, *labels, "--json").out)["heads"]
    relations = {(row["layer"], row["head"]): row["relations"] for row in rows if "relations" in row}
    assert relations == {(1, 2): [{"relation": "nsubj", "label": "subject -> verb", "rate": 0.594}]}
    per_text = json.loads(cli("heads", TEXT, *SMALL, *labels, "--per-text", "--json").out)["heads"]
    assert [row.get("relations") for row in per_text] == [row.get("relations") for row in rows]
    assert all("relations" not in row for row in json.loads(cli("heads", TEXT, "--json").out)["heads"])


@pytest.mark.parametrize("style", ["percent", "numbers", "blocks", "top"])
def test_show_says_it_below_the_caption(cli, labels, style):
    out = cli("show", TEXT, *SMALL, *labels, "-H", "L1H2,L0H0", "--style", style).out
    assert out.count("subject -> verb") == 1
    assert "L1H2: subject -> verb 0.59 of such pairs (attnviz help probes)" in out


def test_other_values_and_means_have_no_relation(cli, labels):
    assert "subject" not in cli("show", TEXT, *SMALL, *labels, "--reduce", "mean-heads", "-L", "all").out


def test_the_page_has_it_beside_the_head(cli, labels):
    ran = cli("html", TEXT, *SMALL, *labels, "-o", "-")
    assert ran.code == 0
    assert "subject -\\u003e verb 0.59 · " in ran.out or "subject -> verb 0.59 · " in ran.out


def test_attention_from_elsewhere_can_have_labels(cli, labels):
    document = cli("show", TEXT, *SMALL, "--json").out
    out = cli("heads", "--attention", "-", *labels, stdin=document).out
    assert "subject -> verb 0.59" in out


def test_labels_of_another_model_are_an_error(cli, labels):
    ran = cli("heads", TEXT, *labels)
    assert (ran.code, ran.out) == (3, "")
    first, hint = ran.err.splitlines()
    assert first.startswith(
        f"attnviz: error: {labels[1]}: its labels are of other weights (seed:0) than those of tiny (sha256:"
    )
    assert hint == "hint: attnviz probe syntax --treebank FILE --json makes them"


def test_the_output_of_a_probe_is_a_file_of_labels(cli, tmp_path):
    tree = "\n".join(
        "\t".join([str(i), word, *"____", "2" if i == 1 else "0", "det", "_", "_"]) for i, word in ((1, "a"), (2, "b"))
    )
    (tmp_path / "trees.conllu").write_text(f"{tree}\n\n{tree}\n")
    made = cli("probe", "syntax", "--treebank", "trees.conllu", *SMALL[:-2], "--block-seed", "0", "--json").out
    (tmp_path / "made.json").write_text(made)
    assert cli("heads", TEXT, *SMALL, "--labels", "made.json").code == 0


def test_the_labels_of_the_bundled_model_have_a_name(cli):
    ran = cli("heads", TEXT, "--labels", "tiny", "-H", "L2H0", "--columns", "entropy")
    assert "object -> verb 0.73" in ran.out
    assert "verb" not in cli("heads", TEXT, "-H", "L2H0", "--columns", "entropy").out
    assert "L2H0: object -> verb 0.73 of such pairs" in cli("show", TEXT, "-H", "L2H0").out
