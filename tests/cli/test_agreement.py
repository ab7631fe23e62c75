"""``heads --agreement``: rank correlations between weights, norms and zeroing, a row a layer."""

import json
from dataclasses import replace

import jsonschema
import numpy as np
import pytest

import attnviz
from attnviz.analysis.compare import spearman
from attnviz.analysis.heads.agreement import layer_agreement
from attnviz.analysis.heads.averages import RunningMean

TEXT = "The cat sat on the cat."
TINY = ("--n-layers", "2", "--n-heads", "3", "--d-model", "24", "--seed", "0")
FIELDS = {"n_layers": 2, "n_heads": 3, "d_model": 24}
NAMES = ("weights_norms", "weights_zeroing", "norms_zeroing")


def document(cli, *argv):
    ran = cli("heads", *argv, "--agreement", "--json")
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


def numbers(found):
    return np.array([[row[name] for name in NAMES] for row in found["agreement"]], dtype=float)


def views(text, **more):
    return {
        name: attnviz.run(text, **{**FIELDS, **more}, values=name).views["encoder"]
        for name in ("weights", "norms", "zeroing")
    }


def by_ranks(a, b):
    """Spearman's coefficient by its definition, for numbers without ties."""
    ranks = [np.argsort(np.argsort(x)) for x in (a, b)]
    return np.corrcoef(*ranks)[0, 1]


def test_json_has_the_rank_correlations_of_every_layer(cli):
    found = document(cli, TEXT, *TINY)
    assert [row["layer"] for row in found["agreement"]] == [0, 1]
    means = {name: view.matrices.mean(axis=1) for name, view in views(TEXT).items()}
    for row in found["agreement"]:
        for name in NAMES:
            a, b = (means[one][row["layer"]].astype(float).ravel() for one in name.split("_"))
            assert row[name] == pytest.approx(by_ranks(a, b), abs=0.03)  # means over heads can tie after rounding
    assert (found["kind"], found["texts"], found["rows"]) == ("encoder", 1, 7)


def test_masked_entries_do_not_count(cli):
    found = document(cli, TEXT, *TINY, "--mask", "causal")
    means = {name: view.matrices.mean(axis=1, dtype=float) for name, view in views(TEXT, mask="causal").items()}
    seen = np.tri(7, dtype=bool)
    for row in found["agreement"]:
        a, b = means["weights"][row["layer"]], means["zeroing"][row["layer"]]
        assert row["weights_zeroing"] == pytest.approx(spearman(a[seen], b[seen]))
        assert row["weights_zeroing"] != pytest.approx(spearman(a, b))


def test_padding_does_not_count(cli):
    padded, plain = (document(cli, TEXT, *TINY, *more) for more in (("--pad-to", "11"), ()))
    assert numbers(padded) == pytest.approx(numbers(plain), abs=0.02)  # sums of other lengths round differently
    assert padded["rows"] == plain["rows"] == 7


def test_the_same_order_is_1_and_the_opposite_one_minus_1():
    weights = views(TEXT)["weights"]
    opposite = replace(weights, matrices=-weights.matrices)
    found = layer_agreement({"weights": weights, "norms": weights, "zeroing": opposite})
    np.testing.assert_allclose(found, [[1, -1, -1]] * 2)


def test_several_texts_are_averaged_by_their_rows(cli, tmp_path):
    texts = ("The cat sat on the cat.", "the old dog")
    (tmp_path / "texts.txt").write_text("\n".join(texts))
    found = document(cli, "--file", "texts.txt", *TINY)
    alone = [document(cli, text, *TINY) for text in texts]
    rows = [one["rows"] for one in alone]
    assert numbers(found) == pytest.approx(np.average([numbers(one) for one in alone], axis=0, weights=rows))
    assert (found["texts"], found["rows"]) == (2, sum(rows))


def test_a_text_without_a_number_does_not_count():
    running = RunningMean()
    running.add(np.array([[0.5, np.nan]]), 4)
    running.add(np.array([[np.nan, np.nan]]), 1)
    assert running.mean()[0, 0] == 0.5
    assert np.isnan(running.mean()[0, 1])


def test_one_token_has_no_order(cli):
    found = document(cli, "a", "--seed", "0", *TINY)
    assert [row["weights_norms"] for row in found["agreement"]] == [None, None]
    assert cli("heads", "a", "--agreement", "--seed", "0").out.count(" -") == 6


def test_the_table_has_a_row_a_layer_and_says_that_weights_are_not_importance(cli):
    ran = cli("heads", TEXT, "--agreement")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert "layer  weights~norms  weights~zeroing  norms~zeroing" in lines
    rows = [line.split() for line in lines if line.split()[:1] in (["0"], ["1"], ["2"])]
    found = document(cli, TEXT)
    assert rows == [[str(row["layer"]), *(f"{row[name]:.2f}" for name in NAMES)] for row in found["agreement"]]
    assert lines[-1].startswith("Weights are not importance")


def test_a_narrow_screen_has_a_table_for_each_pair(cli):
    lines = cli("heads", TEXT, "--agreement", "--width", "24").out.splitlines()
    assert max(map(len, lines)) <= 24
    assert [line.split()[1] for line in lines if line.startswith("layer")] == [n.replace("_", "~") for n in NAMES]


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (("--sort", "span"), "sort"),
        (("--where", "span > 1"), "where"),
        (("--columns", "all"), "columns"),
        (("--top", "3"), "top"),
        (("--csv",), "csv"),
        (("--head", "0"), "head"),
        (("--hide-special", "--renormalize"), "renormalize"),
    ],
)
def test_options_of_metrics_and_heads_are_refused(cli, more, named):
    ran = cli("heads", TEXT, "--agreement", *more)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines() == [
        f"attnviz: error: {named}: agreement compares weights, norms and zeroing of whole layers; expected --agreement "
        "without it"
    ]


def test_attention_from_elsewhere_is_refused(cli, tmp_path):
    np.save(tmp_path / "heads.npy", np.full((1, 1, 2, 2), 0.5))
    ran = cli("heads", "--attention", "heads.npy", "--agreement")
    assert (ran.code, ran.out) == (2, "")
    assert "norms and zeroing take a model" in ran.err


def test_what_is_printed_is_valid_against_the_schema(cli):
    schema = jsonschema.Draft202012Validator(json.loads(cli("schema").out))
    for argv in ((TEXT, *TINY), (TEXT, "--words", "--hide-special", "-L", "1"), (TEXT, "--target", "a b", *TINY)):
        schema.validate(document(cli, *argv))
