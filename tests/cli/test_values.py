"""``--values norms|zeroing`` and ``--reduce rollout|flow``: tables, JSON, pictures, attention read again, run()."""

import json
from itertools import pairwise
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import attnviz
from attnviz.analysis.matrices.norms import norms
from attnviz.analysis.matrices.rerun import Ran, stack_params
from attnviz.analysis.matrices.rollout import flow, rollout
from attnviz.analysis.matrices.zeroing import zeroing, zeroing_addresses
from attnviz.encoder.stack import Address
from attnviz.encoder.stack import run as run_stack
from attnviz.sweeps.preparation import prepare

BERT = Path(__file__).parents[1] / "checkpoints" / "golden" / "bert"
TEXT = "The dog read unbelievable letters."
TARGET = "The cat sleeps well"
SMALL = {"seed": 3, "n_layers": 3, "n_heads": 4, "d_model": 16, "d_ff": 24}
FLAGS = [word for name, value in SMALL.items() for word in ("--" + name.replace("_", "-"), str(value))]
KEYS = {"encoder": "attention", "decoder": "decoder_attention", "cross": "cross_attention"}


def document(ran):
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


@pytest.fixture
def show(cli):
    """``show`` of a small seeded model, as JSON; with a target where one is given."""
    return lambda *more: document(cli("show", TEXT, *FLAGS, "--json", *more))


@pytest.fixture
def schema(cli):
    return jsonschema.Draft202012Validator(json.loads(cli("schema").out))


def ran_with(kind):
    """The same model, run by the stack itself, with all that norms and zeroing need."""
    model = attnviz.load(**SMALL, decoder=kind != "encoder")
    prepared = prepare(model, TEXT, target=None if kind == "encoder" else TARGET)
    addresses = set()
    for layer in range(model.config.n_layers):
        addresses |= zeroing_addresses(kind, layer) | {Address(kind, layer, "weights"), Address(kind, layer, "v")}
    trace = run_stack(model.params, model.config, addresses, prepared.source, prepared.target)
    return Ran(model.params, model.config, trace, prepared.source, prepared.target)


@pytest.mark.parametrize(
    ("kind", "prefix"), [("encoder", "layers.2.attn"), ("decoder", "layers.2.attn"), ("cross", "layers.2.cross")]
)
def test_norms_are_those_of_the_layer_s_own_parameters(show, kind, prefix):
    target = [] if kind == "encoder" else ["--target", TARGET, "--kind", kind]
    found = show("--values", "norms", "-L", "2", "-H", "3,1", *target)
    assert found["values"] == "norms"
    ran = ran_with(kind)
    own = ran.trace[kind, 2]
    expected = norms(own.weights, own.v, stack_params(ran.params, kind).at(prefix)["wo"])
    np.testing.assert_allclose(found[KEYS[kind]], expected[None, [3, 1]], rtol=1e-5)
    assert (found["layers"], found["heads"]) == ([2], [3, 1])


@pytest.mark.parametrize("kind", ["encoder", "decoder", "cross"])
def test_zeroing_has_one_matrix_a_layer_whose_rows_sum_to_one(show, kind):
    target = [] if kind == "encoder" else ["--target", TARGET, "--kind", kind]
    found = show("--values", "zeroing", "-L", "2,0", *target)
    assert found["axes"] == ["layer", "query", "key"]
    assert (found["layers"], found["heads"]) == ([2, 0], [0, 1, 2, 3])
    ran = ran_with(kind)
    expected = [zeroing(ran, kind, layer) for layer in (2, 0)]
    np.testing.assert_allclose(found[KEYS[kind]], expected, atol=1e-5)
    np.testing.assert_allclose(np.sum(found[KEYS[kind]], axis=-1), 1, atol=1e-5)
    assert "reduce" not in found


@pytest.mark.parametrize(("how", "function"), [("rollout", rollout), ("flow", flow)])
@pytest.mark.parametrize("kind", ["encoder", "decoder"])
def test_paths_go_through_the_selected_heads_of_the_first_layers(show, how, function, kind):
    target = [] if kind == "encoder" else ["--target", TARGET, "--kind", kind]
    weights = np.array(show(*target)[KEYS[kind]], dtype=np.float32)
    found = show("--reduce", how, "-L", "1,0", "-H", "3,1", *target)
    np.testing.assert_allclose(found[KEYS[kind]], function(weights[:2, [3, 1]]), atol=1e-6)
    assert (found["reduce"], found["values"], found["axes"]) == (how, "weights", ["query", "key"])
    assert (found["layers"], found["heads"]) == ([0, 1], [3, 1])


def test_of_all_kinds_paths_leave_out_cross_attention(show):
    found = show("--target", TARGET, "--reduce", "rollout")
    assert {key for key in KEYS.values() if key in found} == {"attention", "decoder_attention"}
    masked, values = np.array(found["decoder_masked"]), np.array(found["decoder_attention"])
    np.testing.assert_array_equal(masked, np.triu(np.ones((4, 4), dtype=bool), k=1))
    assert (values[masked] == 0).all()


def test_paths_come_before_words_and_hiding(cli):
    def found(*more):
        return document(cli("show", TEXT, "--model", BERT, "--json", *more))

    whole, merged = found("--reduce", "rollout"), found("--reduce", "rollout", "--words")
    assert len(whole["tokens"]) > len(merged["tokens"])
    edges = np.cumsum([0, *(len(pieces) for pieces in merged["pieces"])])
    expected = [
        [np.mean([sum(row[a:b]) for row in whole["attention"][c:d]]) for a, b in pairwise(edges)]
        for c, d in pairwise(edges)
    ]
    np.testing.assert_allclose(merged["attention"], expected, atol=1e-6)
    hidden = found("--reduce", "rollout", "--hide-special")
    np.testing.assert_array_equal(hidden["attention"], np.array(whole["attention"])[1:-1, 1:-1])
    np.testing.assert_allclose(np.sum(hidden["attention"], axis=-1) + hidden["rest"], 1, atol=1e-6)


SELECTIONS = {
    "norms": ("--values", "norms"),
    "norms of words": ("--values", "norms", "--words", "--hide-special"),
    "greatest norms": ("--values", "norms", "--reduce", "max"),
    "zeroing": ("--values", "zeroing"),
    "hidden zeroing": ("--values", "zeroing", "--hide-special", "-L", "1"),
    "renormalized zeroing": ("--values", "zeroing", "--words", "--hide-special", "--renormalize"),
    "mean zeroing": ("--values", "zeroing", "--reduce", "mean"),
    "rounded zeroing": ("--values", "zeroing", "--precision", "2"),
    "rollout": ("--reduce", "rollout"),
    "rollout of words": ("--reduce", "rollout", "--words", "--hide-special"),
    "flow": ("--reduce", "flow", "-H", "0"),
}


@pytest.mark.parametrize("name", SELECTIONS)
@pytest.mark.parametrize("more", [("--model", BERT), (*FLAGS, "--target", TARGET)], ids=["bert", "three kinds"])
def test_a_document_is_valid_and_reads_back_to_itself(cli, schema, name, more):
    ran = cli("show", TEXT, *more, *SELECTIONS[name], "--json")
    schema.validate(document(ran))
    again = document(cli("show", "--attention", "-", "--json", stdin=ran.out))
    assert again == {key: value for key, value in document(ran).items() if key != "precision"}


@pytest.mark.parametrize("how", ["rollout", "flow"])
def test_paths_of_a_file_are_those_of_the_model(cli, how):
    weights = cli("show", TEXT, "--model", BERT, "--json").out
    expected = document(cli("show", TEXT, "--model", BERT, "--json", "--reduce", how))
    assert document(cli("show", "--attention", "-", "--json", "--reduce", how, stdin=weights)) == expected
    np.save("saved.npy", np.array(json.loads(weights)["attention"]))
    found = document(cli("show", "--attention", "saved.npy", "--json", "--reduce", how, "-q"))
    np.testing.assert_allclose(found["attention"], expected["attention"], atol=1e-6)


def test_words_can_be_merged_and_special_tokens_hidden_after_reading(cli):
    options = ("--words", "--hide-special", "--renormalize")
    rolled = cli("show", TEXT, "--model", BERT, "--json", "--reduce", "rollout")
    expected = document(cli("show", TEXT, "--model", BERT, "--json", "--reduce", "rollout", *options))
    assert document(cli("show", "--attention", "-", "--json", *options, stdin=rolled.out)) == expected


def test_edges_of_zeroing_name_their_layer_only(show, schema):
    found = show("--values", "zeroing", "-L", "1", "--top", "1")
    schema.validate(found)
    expected = ("key", "key_token", "layer", "query", "query_token", "weight")
    assert {tuple(sorted(edge)) for edge in found["edges"]} == {expected}


WRONG = {
    "rollout -L 1": "layer, reduce: rollout goes through every layer from 0 on; expected 0-1, not 1",
    "flow -L 0,2": "layer, reduce: flow goes through every layer from 0 on; expected 0-2, not 0,2",
    "rollout --values norms": "reduce, values: rollout is of weights, not of norms; expected weights",
    "flow --values scores": "reduce, values: flow is of weights, not of scores; expected weights",
    "mean-heads --values zeroing": "reduce, values: zeroing is of all heads together; expected none, mean or max",
    "none --values zeroing -H 0": "head, values: zeroing is of all heads together; expected no selection of heads",
    "none --values norms --hide-special --renormalize": "renormalize, values: rows of norms do not sum to 1; "
    "expected weights",
    "rollout --target a --kind cross": "kind, reduce: rollout follows tokens through layers of attention to their own "
    "text, and cross-attention looks at another text; expected encoder or decoder",
}


@pytest.mark.parametrize("options", WRONG)
def test_what_does_not_fit_gets_one_line(cli, options):
    ran = cli("show", TEXT, *FLAGS, "--reduce", *options.split())
    assert (ran.code, ran.out, ran.err) == (2, "", f"attnviz: error: {WRONG[options]}\n")


def test_flow_of_many_tokens_is_refused_before_it_starts(cli, tmp_path):
    ran = cli("show", "a " * 65, *FLAGS, "--reduce", "flow")
    message = "reduce: flow of 65 tokens takes too long; expected at most 64, or rollout"
    assert (ran.code, ran.err) == (3, f"attnviz: error: {message}\nhint: rollout has no limit\n")
    (tmp_path / "texts.txt").write_text(f"the cat\n{'a ' * 65}\n{'b ' * 65}\nthe dog\n")
    flags = ("--json", "--reduce", "flow", "--file", "texts.txt", *FLAGS)
    ran = cli("show", *flags)
    assert (ran.code, len(ran.out.splitlines())) == (3, 1)
    assert ran.err == f"attnviz: error: texts.txt, line 2: {message}\nhint: rollout has no limit\n"
    ran = cli("show", *flags, "--on-error", "skip")
    assert (ran.code, [json.loads(line)["text"] for line in ran.out.splitlines()]) == (0, ["the cat", "the dog"])


FILES = {
    ("", "--values norms"): "values: the file holds weights, not norms (that takes a model); expected weights",
    ("", "--values zeroing"): "values: the file holds weights, not zeroing (that takes a model); expected weights",
    (
        "--words",
        "--reduce rollout",
    ): "words, reduce: rollout comes before it, and the file has it already; expected all tokens",
    ("--hide-special", "--reduce flow"): "hide-special, reduce: flow comes before it, and the file has it already; "
    "expected all tokens",
    ("-L 1", "--reduce rollout"): "layer, reduce: rollout goes through every layer from 0 on; expected 0-1, not 1",
    ("--values zeroing", "--head 0"): "head, values: zeroing is of all heads together; expected no selection of heads",
    (
        "--values zeroing",
        "--reduce mean-heads",
    ): "reduce, values: zeroing is of all heads together; expected none, mean or max",
    ("--values norms", "--reduce rollout"): "reduce, values: rollout is of weights, not of norms; expected weights",
    ("--reduce rollout", "--reduce flow"): "reduce: the file holds a rollout, not flow; expected none",
}


@pytest.mark.parametrize(("held", "asked"), FILES)
def test_what_a_file_cannot_give_gets_one_line(cli, held, asked):
    written = cli("show", TEXT, "--model", BERT, "--json", *held.split()).out
    ran = cli("show", "--attention", "-", *asked.split(), stdin=written)
    assert (ran.code, ran.out, ran.err) == (2, "", f"attnviz: error: {FILES[held, asked]}\n")


def test_rollout_needs_as_many_queries_as_keys(cli):
    ran = cli("show", "--attention", "-", "--reduce", "rollout", stdin="[[0.5, 0.5, 0]]")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("attnviz: error: kind, reduce: rollout follows tokens through layers")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"values": "norms", "attention": [[[0.5, -1.0], [2, 3]]]}, "row 0, column 1 is -1; expected a finite number"),
        ({"values": "zeroing", "attention": [[[0.5, 0.2], [0, 1]]]}, "row 0 sums to 0.7; expected 1"),
        (
            {"values": "zeroing", "attention": [[[[0.5, 0.5], [0, 1]]] * 2] * 2},
            "(2, 2, 2, 2), and which axis counts texts is not clear",
        ),
    ],
)
def test_documents_that_cannot_be_true_are_refused(cli, change, message):
    ran = cli("show", "--attention", "-", stdin=json.dumps({"tokens": ["a", "b"], **change}))
    assert (ran.code, ran.out) == (3, "")
    assert message in ran.err


@pytest.mark.parametrize(
    ("options", "files"),
    [
        ("--reduce rollout", {"rollout"}),
        ("--reduce flow", {"flow"}),
        ("--values zeroing", {"L00zeroing", "L01zeroing"}),
        ("--values norms -H 1", {"L00H01", "L01H01"}),
        ("--values zeroing --reduce mean", {"mean"}),
    ],
)
def test_pictures_are_named_after_what_they_show(cli, options, files):
    ran = cli("heatmap", "a b c", "--seed", "0", "-o", "out", "--dpi", "40", *options.split())
    assert ran.code == 0
    assert {path.stem for path in Path("out").iterdir()} == files | ({"overview"} if len(files) > 1 else set())


def test_a_picture_says_what_it_shows(cli):
    for options in ("--reduce rollout", "--values zeroing", "--values norms"):
        assert cli("heatmap", "a b c", "--seed", "0", "-o", "out", "--format", "svg", *options.split()).code == 0
    words = {name: Path("out", f"{name}.svg").read_text() for name in ("rollout", "L00zeroing", "L01H03")}
    assert "self-attention rollout" in words["rollout"]
    assert "Rollout of layers 0-1, heads 0-3: token " in words["rollout"]
    assert "comes most from input token" in words["rollout"]
    assert "Layer 0, all heads: query" in words["L00zeroing"]
    assert "changes most without key" in words["L00zeroing"]
    assert "takes most from key" in words["L01H03"]


SHOW_ROLLOUT = ("show", "a b c", "--seed", "0", "--reduce", "rollout")


def test_tables_say_what_they_show_and_from_where_to_where_the_colours_go(cli):
    largest = attnviz.run("a b c", seed=0, values="norms").attention[1, 2].max()
    options = ("--seed", "0", "--values", "norms", "-L", "1", "-H", "2", "--style", "blocks", "--width", "150")
    table = cli("show", "a b c", *options).out
    assert "L1H2 of random weights of seed 0 (any pattern is chance): norms, self-attention, 3 x 3" in table
    assert f"blank to full from 0 to {largest:.3g}" in table
    rolled = cli("show", "a b c", "--seed", "0", "--reduce", "rollout", "--width", "150").out
    assert "rollout of layers 0-1, heads 0-3" in rolled
    assert "rows (tokens of layer 1) look at columns (input tokens)" in rolled
    assert "weights," not in rolled
    assert "\ntoken of layer 1 -> its strongest input tokens and" in cli(*SHOW_ROLLOUT, "--style", "top").out
    largest = attnviz.run("a b c", seed=0, reduce="rollout").attention.max()
    blocks = cli(*SHOW_ROLLOUT, "--style", "blocks", "--width", "150").out
    assert f"blank to full from 0 to {largest:.3g}" in blocks
    zeroed = cli("show", "a b c", "--seed", "0", "--values", "zeroing", "-L", "0", "--width", "150").out
    assert "layer 0, all heads of random weights" in zeroed


def test_summaries_say_how_to_see_more_of_the_same(cli):
    many = cli("show", "a b c", "--seed", "0", "--n-layers", "6", "--values", "zeroing", "--width", "120").out
    assert "Each layer's strongest links" in many
    assert "One layer: --layer 0 --values zeroing. All of them: --layer all --values zeroing." in many
    heads = cli("show", "a b c", "--seed", "0", "--values", "norms", "--width", "120").out
    assert "One head: --layer 0 --head 0 --values norms. All of them: --layer all --values norms." in heads


def test_run_gives_the_same_as_arrays():
    zeroed = attnviz.run(TEXT, **SMALL, values="zeroing").views["encoder"]
    assert zeroed.matrices.shape == (3, 1, 6, 6)
    assert zeroed.matrices.dtype == np.float32
    assert [matrix.name for matrix in zeroed] == ["L0zeroing", "L1zeroing", "L2zeroing"]
    rolled = attnviz.run(TEXT, **SMALL, reduce="rollout")
    np.testing.assert_allclose(rolled.attention[0, 0], rollout(attnviz.run(TEXT, **SMALL).attention), atol=1e-6)
    assert attnviz.run(TEXT, **SMALL, values="norms", n_kv_heads=2).attention.shape == (3, 4, 6, 6)


def test_padding_is_masked_in_every_value(show):
    for options in ("--values norms", "--values zeroing", "--reduce rollout"):
        found = show("--pad-to", "8", *options.split())
        values, masked = np.array(found["attention"]), np.array(found["masked"])
        assert masked[:6, 6:].all()
        assert (values[..., masked] == 0).all()


def test_who_waits_at_a_terminal_is_told_why(cli, monkeypatch):
    monkeypatch.setattr("attnviz.cli.inputs.is_watched", lambda common: not common.quiet)
    saved = cli("show", "a " * 33, *FLAGS, "--n-layers", "1", "-H", "0", "--json").out
    note = "attnviz: note: {} of 33 tokens can take a minute\n"
    for options, stdin in (("a " * 33, ""), ("--attention", saved)):
        source = (options, "-") if stdin else (options, *FLAGS, "--n-layers", "1", "-H", "0")
        assert cli("show", *source, "--reduce", "flow", stdin=stdin).err == note.format("flow")
        assert cli("show", *source, "--reduce", "flow", "-q", stdin=stdin).err == ""
        assert cli("show", *source, "--reduce", "rollout", stdin=stdin).err == ""
    zeroing = ("--seed", "0", "--n-layers", "1", "--values", "zeroing")
    assert cli("show", "a " * 33, *zeroing).err == note.format("zeroing")
    assert cli("show", "a " * 32, *zeroing).err == ""
