"""``heads --ablation``: what the output loses with each head, a metric like the others."""

import csv
import io
import json

import jsonschema
import numpy as np
import pytest

import attnviz
from attnviz.analysis.compare import cosine_distance
from attnviz.encoder.parameters.params import Params
from attnviz.encoder.stack import Address
from attnviz.encoder.stack import run as run_stack
from attnviz.sweeps.preparation import prepare

TEXT = "The cat sat on the cat."
TARGET = "Le chat est assis"
TINY = ("--n-layers", "2", "--n-heads", "3", "--d-model", "24", "--seed", "0")  # seeded weights: six heads


class Silenced(Params):
    """Parameters in which one head's rows of an output projection are 0."""

    def __init__(self, params, name, head, d_head):
        self._params, self._name, self._rows = params, name, slice(head * d_head, (head + 1) * d_head)

    def __getitem__(self, name):
        value = self._params[name]
        if name == self._name:
            value = value.copy()
            value[self._rows] = 0
        return value

    def __iter__(self):
        return iter(self._params)

    def __len__(self):
        return len(self._params)


def slow(text, kind, target=None, pad_to=None):
    """Each head's ablation by a whole run without it, (2, 3), and how many tokens it is the mean over."""
    model = attnviz.load(n_layers=2, n_heads=3, d_model=24, decoder=target is not None)
    prepared = prepare(model, text, target=target, pad_to=pad_to)
    stack = "encoder" if kind == "encoder" else "decoder"
    tokens = prepared.tokens if kind == "encoder" else prepared.target_tokens
    real = np.array([not token.padding for token in tokens])

    def output(params):
        addresses = {Address(stack, None, "output")}
        return run_stack(params, model.config, addresses, prepared.source, prepared.target).outputs[stack][real]

    whole, changes = output(model.params), np.empty((2, 3))
    at = {"encoder": "layers.{}.attn.wo", "decoder": "decoder.layers.{}.attn.wo", "cross": "decoder.layers.{}.cross.wo"}
    for layer, head in np.ndindex(2, 3):
        without = output(Silenced(model.params, at[kind].format(layer), head, 8))
        changes[layer, head] = cosine_distance(whole, without).mean()
    return changes, int(real.sum())


def document(cli, *argv):
    ran = cli("heads", *argv, "--json")
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


def ablations(found):
    return [head["ablation"] for head in found["heads"]]


@pytest.mark.parametrize("kind", ["encoder", "decoder", "cross"])
def test_it_is_what_a_whole_run_without_the_head_differs_by(cli, kind):
    target = None if kind == "encoder" else TARGET
    more = () if target is None else ("--target", target, "--kind", kind)
    expected, _ = slow(TEXT, kind, target)
    found = document(cli, TEXT, *TINY, *more, "--ablation")
    assert found["kind"] == kind
    np.testing.assert_allclose(ablations(found), expected.ravel(), rtol=1e-4, atol=1e-7)
    assert min(ablations(found)) > 1e-4


def test_without_it_nothing_is_there_and_with_it_nothing_else_changes(cli):
    bare, more = (document(cli, TEXT, *TINY, *flags) for flags in ((), ("--ablation",)))
    assert [{name: value for name, value in head.items() if name != "ablation"} for head in more["heads"]] == bare[
        "heads"
    ]
    assert {name: value for name, value in more.items() if name != "heads"} == {
        name: value for name, value in bare.items() if name != "heads"
    }
    assert "ablation" not in bare["heads"][0]


def test_selected_heads_have_the_values_that_they_have_among_all(cli):
    whole = {
        (head["layer"], head["head"]): head["ablation"] for head in document(cli, TEXT, *TINY, "--ablation")["heads"]
    }
    some = document(cli, TEXT, *TINY, "--ablation", "--layer", "1", "--head", "2,0")["heads"]
    assert len(some) == 2
    for head in some:
        assert head["ablation"] == pytest.approx(whole[1, head["head"]], rel=1e-4)


def test_padding_words_and_hidden_tokens_change_nothing(cli):
    expected = ablations(document(cli, TEXT, *TINY, "--ablation"))
    for more in (("--pad-to", "12"), ("--words",), ("--hide-special",)):
        found = document(cli, TEXT, *TINY, "--ablation", *more)
        np.testing.assert_allclose(ablations(found), expected, rtol=1e-3)
        assert found["rows"] == 7


def test_of_several_texts_each_weighs_as_its_tokens(cli, tmp_path):
    texts = ("The cat sat on the cat.", "A dog.")
    (tmp_path / "texts.txt").write_text("\n".join(texts))
    (first, n), (second, m) = (slow(text, "encoder") for text in texts)
    found = document(cli, "--file", "texts.txt", *TINY, "--ablation")
    assert (n, m, found["rows"]) == (7, 3, 10)
    np.testing.assert_allclose(ablations(found), ((n * first + m * second) / (n + m)).ravel(), rtol=1e-4)
    words = document(cli, "--file", "texts.txt", *TINY, "--ablation", "--words", "--hide-special")
    np.testing.assert_allclose(ablations(words), ablations(found), rtol=1e-6)  # of all tokens, whatever is shown
    spread = [head["spread"]["ablation"] for head in found["heads"]]
    np.testing.assert_allclose(spread, (abs(first - second) * (n * m) ** 0.5 / (n + m)).ravel(), rtol=1e-3)


def test_it_sorts_and_filters_and_is_a_column(cli):
    found = ablations(document(cli, TEXT, *TINY, "--ablation", "--sort", "ablation"))
    assert found == sorted(found, reverse=True)
    limit = f"{sum(found[2:4]) / 2:.9f}"
    assert ablations(document(cli, TEXT, *TINY, "--ablation", "--where", f"ablation < {limit}")) == [
        value for value in ablations(document(cli, TEXT, *TINY, "--ablation")) if value < float(limit)
    ]
    out = cli("heads", TEXT, *TINY, "--ablation", "--columns", "ablation", "--sort", "ablation", "--top", "1").out
    assert f"{found[0]:.4f}" in out
    assert "ablation in cosine distance" in out
    rows = list(csv.DictReader(io.StringIO(cli("heads", TEXT, *TINY, "--ablation", "--csv").out, newline="")))
    assert sorted(float(row["ablation"]) for row in rows) == sorted(found)


def test_without_the_flag_it_is_refused_by_name(cli):
    for option, value in (("where", "ablation > 0"), ("sort", "-ablation"), ("columns", "entropy,ablation")):
        ran = cli("heads", TEXT, f"--{option}", value)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err == f"attnviz: error: {option}: ablation is measured only with --ablation; expected both\n"


def test_attention_has_no_model_to_silence(cli):
    ran = cli("heads", "--attention", "a.npy", "--ablation")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "attnviz: error: ablation: there is no model to run on --attention; expected a text, or --vectors\n"
    )


def test_its_json_is_valid_against_the_schema(cli):
    schema = jsonschema.Draft202012Validator(json.loads(cli("schema").out))
    found = document(cli, TEXT, *TINY, "--ablation")
    schema.validate(found)
    found["heads"][0]["ablation"] = "much"
    assert not schema.is_valid(found)
