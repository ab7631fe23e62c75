"""``heads --null``: each metric among those of random-weight models of the same shape, on the same text."""

import csv
import io
import json

import jsonschema
import numpy as np
import pytest

import attnviz
from attnviz.analysis.heads.definitions import kind_metrics
from attnviz.analysis.heads.metrics import head_metrics
from attnviz.analysis.matrices.selection import Request
from attnviz.encoder.stack import Address
from attnviz.sweeps.preparation import prepare
from attnviz.sweeps.random_models import null_seeds, random_like
from attnviz.sweeps.runs import run_prepared
from tests.noise import equal_but_for_noise

TEXT = "The cat sat on the cat."
TINY = ("--n-layers", "2", "--n-heads", "3", "--d-model", "24", "--seed", "0")  # seeded weights: six heads
FIELDS = {"n_layers": 2, "n_heads": 3, "d_model": 24}


def document(cli, *argv):
    ran = cli("heads", *argv, "--json")
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


def number(value):
    return np.nan if value is None else value


def test_mean_deviation_and_z_are_those_of_the_seeded_models_heads(cli):
    found = document(cli, TEXT, *TINY, "--null", "3")
    runs = [head_metrics(attnviz.run(TEXT, seed=seed, **FIELDS).views["encoder"]) for seed in (1, 2, 3)]
    assert (found["null"]["models"], found["null"]["seeds"]) == (3, [1, 2, 3])
    assert [layer["layer"] for layer in found["null"]["layers"]] == [0, 1]
    for name in kind_metrics("encoder"):
        pool = [np.concatenate([run.values[name][layer] for run in runs]) for layer in range(2)]
        for layer, values in zip(found["null"]["layers"], pool, strict=True):
            assert layer["mean"][name] == pytest.approx(values.mean(), abs=1e-12)
            assert layer["std"][name] == pytest.approx(values.std(ddof=1), abs=1e-12)
        for head in found["heads"]:
            values = pool[head["layer"]]
            expected = (head[name] - values.mean()) / values.std(ddof=1) if values.std() else np.nan
            assert number(head["z"][name]) == pytest.approx(expected, nan_ok=True)
    assert any(head["z"]["previous"] is not None for head in found["heads"])


def test_several_texts_are_averaged_before_models_are_compared(cli, tmp_path):
    texts = ("The cat sat on the cat.", "A dog.", "the old dog")
    (tmp_path / "texts.txt").write_text("\n".join(texts))
    found = document(cli, "--file", "texts.txt", *TINY, "--null", "2")
    means = []
    for seed in (1, 2):
        alone = document(cli, "--file", "texts.txt", *TINY, "--seed", str(seed))
        means.append([[head["previous"] for head in alone["heads"] if head["layer"] == layer] for layer in (0, 1)])
    pool = np.concatenate(means, axis=1)
    for layer, values in zip(found["null"]["layers"], pool, strict=True):
        assert layer["mean"]["previous"] == pytest.approx(values.mean())
        assert layer["std"]["previous"] == pytest.approx(values.std(ddof=1))


def test_a_line_that_is_skipped_counts_for_no_model(cli, tmp_path):
    (tmp_path / "texts.txt").write_text("the cat sat\na dog\n")
    (tmp_path / "more.txt").write_text("the cat sat\n" + "far too long " * 9 + "\na dog\n")
    flags = (*TINY, "--n-ctx", "9", "--null", "2")
    ran = cli("heads", "--file", "more.txt", *flags, "--json", "--on-error", "skip")
    assert "more.txt: 1 of 3 texts skipped" in ran.err
    assert json.loads(ran.out) == document(cli, "--file", "texts.txt", *flags)


def test_nothing_else_changes(cli):
    bare, more = (document(cli, TEXT, *TINY, *flags) for flags in ((), ("--null", "2")))
    del more["null"]
    for head in more["heads"]:
        del head["z"]
    assert more == bare


def test_one_head_is_compared_with_all_random_heads_of_its_layer(cli):
    whole = document(cli, TEXT, *TINY, "--null", "2")
    one = document(cli, TEXT, *TINY, "--null", "2", "--layer", "1", "--head", "2")
    assert one["null"]["layers"] == [whole["null"]["layers"][1]]
    assert equal_but_for_noise(one["heads"], [whole["heads"][5]])


def test_the_null_of_a_trained_model_has_its_shape_tokens_and_ids():
    model = attnviz.load()
    other = random_like(model, 3)
    prepared = prepare(model, TEXT)
    result = run_prepared(other, prepared, Request())
    assert result.tokens == prepared.tokens == attnviz.run(TEXT).tokens
    assert result.attention.shape == attnviz.run(TEXT).attention.shape
    assert other.info.weights == "seed:3"
    assert other.config == model.config
    assert set(model.params) <= set(other.params)
    asked = Request(keep=frozenset({Address("encoder", 0, "q")}))
    q, trained = (run_prepared(one, prepared, asked).trace["encoder", 0].q for one in (other, model))
    assert q.shape == trained.shape
    assert not np.allclose(q, trained)


def test_a_model_is_not_compared_with_itself():
    assert null_seeds(attnviz.load(), 3) == (0, 1, 2)
    assert null_seeds(attnviz.load(seed=1), 3) == (0, 2, 3)
    assert null_seeds(attnviz.load(seed=9), 3) == (0, 1, 2)


def test_a_trained_head_stands_out(cli):
    (head,) = document(cli, TEXT, "--null", "5", "--sort", "previous", "--top", "1")["heads"]
    assert (head["layer"], head["head"]) == (0, 2)
    assert head["z"]["previous"] > 10


def test_ablation_is_compared_too(cli):
    found = document(cli, TEXT, *TINY, "--null", "2", "--ablation")
    pool = np.concatenate(
        [
            [head["ablation"] for head in document(cli, TEXT, *TINY, "--seed", seed, "--ablation")["heads"][:3]]
            for seed in ("1", "2")
        ]
    )
    assert found["null"]["layers"][0]["mean"]["ablation"] == pytest.approx(pool.mean())
    assert found["heads"][1]["z"]["ablation"] == pytest.approx(
        (found["heads"][1]["ablation"] - pool.mean()) / pool.std(ddof=1)
    )


@pytest.mark.parametrize("kind", ["cross", "decoder"])
def test_attention_of_a_decoder_has_a_null(cli, kind):
    found = document(cli, TEXT, *TINY, "--target", "Le chat", "--kind", kind, "--null", "2")
    assert found["kind"] == kind
    assert all(head["z"]["entropy"] is not None for head in found["heads"])


def test_the_table_has_z_beside_each_value_in_80_columns(cli):
    ran = cli("heads", TEXT, "--null", "5", "--sort", "previous", "--top", "3")
    found = document(cli, TEXT, "--null", "5", "--sort", "previous", "--top", "3")
    assert max(map(len, ran.out.splitlines())) <= 80
    lines = [line for line in ran.out.splitlines() if line.startswith("L")]
    for line, head in zip(lines, found["heads"], strict=True):
        z = head["z"]["previous"]
        assert f"{head['previous']:.2f} (z {z:.{0 if abs(z) >= 10 else 1}f})" in line
    words = " ".join(ran.out.split())
    assert "all heads of the same layer in 5 models of this shape with random weights (seeds 0-4), on the same" in words
    assert "Bars" not in words
    assert "chance" not in words


def test_of_seeded_weights_the_table_says_that_any_pattern_is_chance(cli):
    words = " ".join(cli("heads", TEXT, *TINY, "--null", "2").out.split())
    assert "The weights measured are random too: any pattern is chance, whatever its z." in words


def test_several_texts_have_spread_and_z(cli, tmp_path):
    (tmp_path / "texts.txt").write_text("The cat sat.\nA dog.")
    argv = ("--file", "texts.txt", "--null", "2", "--columns", "entropy,previous")
    out = cli("heads", *argv).out
    (head, *_) = document(cli, *argv)["heads"]
    assert f"{head['entropy']:.2f}±{head['spread']['entropy']:.2f} (z " in out
    header = cli("heads", *argv, "--csv").out.splitlines()[0]
    assert header.split(",")[5:] == [
        f"{name}{end}" for name in ("entropy", "previous") for end in ("", "_spread", "_z")
    ]


def test_csv_has_z_after_each_metric_and_nothing_where_there_is_none(cli):
    text = cli("heads", TEXT, *TINY, "--null", "2", "--csv").out
    for row, head in zip(
        csv.DictReader(io.StringIO(text, newline="")),
        document(cli, TEXT, *TINY, "--null", "2")["heads"],
        strict=True,
    ):
        for name in kind_metrics("encoder"):
            assert row[f"{name}_z"] == ("" if head["z"][name] is None else str(head["z"][name]))
        assert row["special_z"] == ""  # this tokenizer adds none


def test_one_token_has_no_z(cli):
    (head, *_) = document(cli, "cat", *TINY, "--null", "2")["heads"]
    assert set(head["z"].values()) == {None}
    assert "1.00 (z -)" in cli("heads", "cat", *TINY, "--null", "2", "--columns", "self").out


def test_one_model_is_no_null_and_attention_has_no_model(cli):
    for k in ("1", "0", "-3", "x"):
        ran = cli("heads", TEXT, "--null", k)
        assert (ran.code, ran.out) == (2, "")
        assert "--null" in ran.err
    ran = cli("heads", "--attention", "a.npy", "--null", "3", "--ablation")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "attnviz: error: ablation, null: there is no model to run on --attention; expected a text, or --vectors\n"
    )


def test_its_json_is_valid_against_the_schema(cli):
    schema = jsonschema.Draft202012Validator(json.loads(cli("schema").out))
    found = document(cli, TEXT, *TINY, "--null", "2")
    schema.validate(found)
    found["null"]["models"] = 1
    assert not schema.is_valid(found)


def test_heads_can_be_chosen_and_sorted_by_z(cli):
    every = document(cli, TEXT, *TINY, "--null", "3")["heads"]
    found = document(cli, TEXT, *TINY, "--null", "3", "--where", "previous_z > 0", "--sort", "previous_z")["heads"]
    z = [head["z"]["previous"] for head in found]
    assert z == sorted((head["z"]["previous"] for head in every if head["z"]["previous"] > 0), reverse=True)
    assert 0 < len(z) < len(every)
    smallest = document(cli, TEXT, *TINY, "--null", "3", "--sort=-self_z")["heads"]
    assert [head["z"]["self"] for head in smallest] == sorted(head["z"]["self"] for head in every)


def test_a_z_that_is_named_as_a_column_stands_beside_its_metric(cli):
    argv = ("heads", TEXT, *TINY, "--null", "3", "--columns", "previous_z,self,previous")
    assert cli(*argv, "--csv").out.splitlines()[0].endswith(",previous,previous_z,self,self_z")
    header = next(line for line in cli(*argv).out.splitlines() if line.startswith("head"))
    assert header.split() == ["head", "label", "previous", "self"]


def test_z_is_missing_where_its_metric_is_and_no_order_where_it_is_undefined(cli):
    cross = ("--target", "Le chat", *TINY, "--null", "2")
    ran = cli("heads", TEXT, *cross, "--sort", "previous_z")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("attnviz: error: sort: there is no previous_z here (of one text only")
    ran = cli("heads", "A dog", *TINY, "--null", "2", "--sort", "same_z")
    assert ran.err == "attnviz: error: sort: same_z is undefined for every head; expected another metric\n"
    assert "ablation is measured only with --ablation" in cli("heads", TEXT, *cross, "--sort", "ablation_z").err


def test_the_legend_says_what_z_is_over_several_texts_and_what_a_dash_is(cli, tmp_path):
    (tmp_path / "texts.txt").write_text("the cat sat\na dog\n")
    out = " ".join(cli("heads", "--file", "texts.txt", *TINY, "--null", "2").out.split())
    assert "(seeds 1-2), their means over the same 2 texts." in out
    one = " ".join(cli("heads", TEXT, *TINY, "--null", "2").out.split())
    assert "(seeds 1-2), on the same text." in one
    assert "z -:" not in one
    alone = " ".join(cli("heads", "cat", *TINY, "--null", "2", "--columns", "self").out.split())
    assert "1.00 (z -)" in alone
    assert "z -: all those random heads have the same number, so none stands out." in alone


def test_ablation_that_is_asked_for_is_printed_first_of_all(cli):
    argv = ("heads", TEXT, *TINY, "--null", "2", "--ablation", "--where", "entropy > 0", "--sort", "previous")
    header = next(line for line in cli(*argv).out.splitlines() if line.startswith("head"))
    assert "ablation" in header.split()


def test_so_many_random_models_that_none_would_end_are_refused(cli):
    ran = cli("heads", TEXT, "--null", str(10**30))
    assert (ran.code, ran.err.partition(" is not ")[2].splitlines()[0]) == (2, "in the range 2<=x<=1000")
