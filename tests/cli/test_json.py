"""``--json``: exactly the documented object, valid against the schema, and readable again."""

import json

import jsonschema
import numpy as np
import pytest

import attnviz

SENTENCE = "The cat didn't sit."


def documents(ran):
    assert (ran.code, ran.err) == (0, "")
    return [json.loads(line) for line in ran.out.splitlines()]


@pytest.fixture
def schema(cli):
    found = json.loads(cli("schema").out)
    jsonschema.Draft202012Validator.check_schema(found)
    return jsonschema.Draft202012Validator(found)


def test_the_object_is_the_documented_one(cli):
    (document,) = documents(cli("show", SENTENCE, "--seed", "0", "--json"))
    assert document["schema"] == "attnviz/1"
    assert document["text"] == SENTENCE
    assert document["tokens"] == ["The", "cat", "didn't", "sit", "."]
    assert document["offsets"] == [[0, 3], [4, 7], [8, 14], [15, 18], [18, 19]]
    assert document["special"] == [False] * 5
    assert len(document["token_ids"]) == 5
    assert document["axes"] == ["layer", "head", "query", "key"]
    assert (document["layers"], document["heads"]) == ([0, 1], [0, 1, 2, 3])
    assert document["model"]["weights"] == "seed:0"
    assert document["model"]["d_model"] == 64
    assert np.shape(document["attention"]) == (2, 4, 5, 5)


def test_numbers_read_back_to_the_same_floats(cli):
    (document,) = documents(cli("show", SENTENCE, "--json", "--seed", "5"))
    expected = attnviz.run(SENTENCE, seed=5).attention
    np.testing.assert_array_equal(np.array(document["attention"], dtype=np.float32), expected)


def test_a_selection_is_listed_and_in_its_order(cli):
    (document,) = documents(cli("show", SENTENCE, "--json", "--seed", "0", "-L", "-1", "-H", "3,0"))
    assert (document["layers"], document["heads"]) == ([1], [3, 0])
    whole = attnviz.run(SENTENCE, seed=0).attention
    np.testing.assert_array_equal(np.float32(document["attention"]), whole[[1]][:, [3, 0]])


def test_several_texts_are_several_lines_in_order(cli):
    ran = cli("show", "-", "--json", "--seed", "0", stdin="one two\nthree\n")
    assert [d["tokens"] for d in documents(ran)] == [["one", "two"], ["three"]]


def test_masked_scores_are_null_and_a_mask_is_told(cli):
    (document,) = documents(cli("show", "a b c", "--json", "--values", "scores", "--mask", "causal", "--seed", "0"))
    assert document["values"] == "scores"
    assert [v is None for v in document["attention"][0][0][0]] == [False, True, True]
    assert document["masked"] == [[False, True, True], [False, False, True], [False, False, False]]


def test_a_target_adds_the_other_two_kinds(cli):
    (document,) = documents(cli("show", "a b c", "--target", "d e", "--json"))
    assert document["target_tokens"] == ["d", "e"]
    assert np.shape(document["attention"]) == (2, 4, 3, 3)
    assert np.shape(document["cross_attention"]) == (2, 4, 2, 3)
    assert np.shape(document["decoder_attention"]) == (2, 4, 2, 2)


def test_rounding_is_said_and_reductions_lose_their_axes(cli):
    (document,) = documents(cli("show", SENTENCE, "--json", "--seed", "0", "--precision", "2", "--reduce", "mean"))
    assert (document["precision"], document["reduce"], document["axes"]) == (2, "mean", ["query", "key"])
    assert all(value == round(value, 2) for row in document["attention"] for value in row)
    (document,) = documents(cli("show", SENTENCE, "--json", "--seed", "0", "--reduce", "mean-heads"))
    assert document["axes"] == ["layer", "query", "key"]
    assert np.shape(document["attention"]) == (2, 5, 5)


def test_top_gives_each_rows_strongest_keys_instead_of_matrices(cli):
    (document,) = documents(cli("show", SENTENCE, "--json", "--seed", "0", "--top", "2"))
    assert "attention" not in document
    whole = attnviz.run(SENTENCE, seed=0).attention
    assert len(document["edges"]) == 2 * 4 * 5 * 2
    for edge in document["edges"]:
        row = whole[edge["layer"], edge["head"], edge["query"]]
        assert np.float32(edge["weight"]) == row[edge["key"]]
        assert row[edge["key"]] >= np.sort(row)[-2]


def test_edges_carry_the_tokens_of_their_own_side(cli):
    for more in ((), ("--target", "c d e"), ("--top", "1", "--reduce", "mean")):
        (document,) = documents(cli("show", SENTENCE, "--json", "--top", "2", *more))
        assert document["edges"]
        for edge in document["edges"]:
            kind = edge.get("kind", "encoder")
            queries = document["tokens" if kind == "encoder" else "target_tokens"]
            keys = document["target_tokens" if kind == "decoder" else "tokens"]
            assert edge["query_token"] == queries[edge["query"]]
            assert edge["key_token"] == keys[edge["key"]]


def test_edges_of_words_carry_whole_words(cli):
    (document,) = documents(cli("show", "unbelievably tired", "--json", "--top", "1", "--words", "--hide-special"))
    assert {edge["query_token"] for edge in document["edges"]} == {"unbelievably", "tired"}


def test_edges_leave_out_what_one_head_alone_cannot_see(cli):
    scores = '{"values": "scores", "attention": [[[[null, 1], [0.5, 0.5]], [[0.2, 1], [0.5, 0.5]]]]}'
    (document,) = documents(cli("show", "--attention", "-", "--top", "2", "--json", stdin=scores))
    assert len(document["edges"]) == 7
    assert all(edge["weight"] is not None for edge in document["edges"])


def test_rounding_keeps_large_scores_and_writes_no_minus_zero(cli):
    argv = (
        "show",
        SENTENCE,
        "--values",
        "scores",
        "--score",
        "dot",
        "--score-scale",
        "1e29",
        "--precision",
        "9",
        "--seed",
        "0",
    )
    (document,) = documents(cli(*argv, "--json"))
    assert None not in np.ravel(document["attention"]).tolist()
    argv = ("show", SENTENCE, "--values", "scores", "--score-scale", "-0.001", "--precision", "1", "--seed", "0")
    (document,) = documents(cli(*argv, "--json"))
    assert not np.signbit(document["attention"]).any()


MANY = [
    ("show", SENTENCE, "--seed", "0"),
    ("show", SENTENCE, "--pair", "So what", "--seed", "0"),
    ("show", "a b", "--target", "c d e", "--values", "scores"),
    ("show", "a b", "--target", "c d e", "--kind", "cross"),
    ("show", SENTENCE, "--top", "1", "--reduce", "max"),
    ("show", SENTENCE, "--pad-to", "9", "--mask", "window", "--window", "1"),
    ("show", "日本 👩‍👩‍👧 [red] \x1b[31m \u202e", "--seed", "0"),
    ("explain", SENTENCE),
    (
        "explain",
        SENTENCE,
        "--mask",
        "causal",
        "--query",
        "0",
        "--score",
        "additive",
        "--position",
        "alibi",
        "--seed",
        "0",
    ),
    ("explain", "a b", "--target", "c d e", "--norm-placement", "pre"),
]


@pytest.mark.parametrize("argv", MANY, ids=" ".join)
def test_everything_printed_is_valid_against_the_schema(cli, schema, argv):
    for document in documents(cli(*argv, "--json")):
        schema.validate(document)


def test_an_object_unlike_the_schema_fails_wherever_it_is_printed(cli, monkeypatch):
    from attnviz.output.documents import results

    described = results.model_document
    monkeypatch.setattr(results, "model_document", lambda model, **_: described(model) | {"n_layers": "two"})
    with pytest.raises(jsonschema.ValidationError):
        cli("show", "a b", "--seed", "0", "--json")


def test_described_weights_are_valid_against_the_schema(cli, schema):
    assert cli("weights", "init", "-o", "toy.npz", "--n-vocab", "10").code == 0
    (document,) = documents(cli("weights", "info", "toy.npz", "--json"))
    schema.validate(document)
    assert document["weights"]["config"]["n_vocab"] == 10


@pytest.mark.parametrize("argv", [argv for argv in MANY[:7] if "--top" not in argv], ids=" ".join)
def test_what_was_printed_can_be_shown_again(cli, argv):
    piped = cli(*argv, "--json")
    assert cli("show", "--attention", "-", "--json", stdin=piped.out).out == piped.out
    direct = [line for line in cli(*argv).out.splitlines() if line]
    again = [line for line in cli("show", "--attention", "-", stdin=piped.out).out.splitlines() if line]
    assert again == direct


def test_words_of_a_text_that_look_like_special_tokens_are_read_back_as_words(cli):
    argv = ("show", "[CLS] a", "--target", "</s> b [SEP]", "--tokenizer", "whitespace", "--json")
    piped = cli(*argv).out
    assert json.loads(piped)["target_tokens"] == ["</s>", "b", "[SEP]"]
    assert json.loads(piped)["special"] == [False, False]
    assert cli("show", "--attention", "-", "--json", stdin=piped).out == piped
    hidden = cli("show", "--attention", "-", "--json", "--hide-special", stdin=piped)
    assert hidden.out == piped
    assert "no token is known to be special" in hidden.err


def test_edges_are_read_back_and_what_they_leave_out_is_rest(cli):
    whole = json.loads(cli("show", SENTENCE, "--json").out)
    (again,) = documents(
        cli("show", "--attention", "-", "--json", stdin=cli("show", SENTENCE, "--json", "--top", "2").out)
    )
    weights, found = np.array(whole["attention"]), np.array(again["attention"])
    best = np.sort(weights, axis=-1)[..., -2:].sum(axis=-1)
    np.testing.assert_allclose(found.sum(axis=-1), best, atol=1e-6)
    np.testing.assert_allclose(again["rest"], 1 - best, atol=1e-6)
    assert ((found == 0) | np.isclose(found, weights)).all()
    assert [again[name] for name in ("tokens", "layers", "heads")] == [
        whole[name] for name in ("tokens", "layers", "heads")
    ]


def test_padding_is_told_and_read_back(cli, schema):
    (plain,) = documents(cli("show", "the cat sat", "--seed", "1", "--json"))
    assert not {"padding", "target_padding"} & set(plain)
    ran = cli("show", "the cat sat", "--seed", "1", "--pad-to", "8", "--target", "le chat", "--json")
    (found,) = documents(ran)
    assert found["padding"] == [False] * 3 + [True] * 5
    found["target_padding"] = [False, True]  # as another program may write it
    schema.validate(found)
    assert documents(cli("show", "--attention", "-", "--json", stdin=json.dumps(found))) == [found]


def test_metrics_of_padded_json_are_those_of_the_run(cli):
    argv = ("the cat sat", "--seed", "1", "--pad-to", "8")
    (direct,) = documents(cli("heads", *argv, "--json"))
    (again,) = documents(cli("heads", "--attention", "-", "--json", stdin=cli("show", *argv, "--json").out))
    assert (again["heads"], again["rows"]) == (direct["heads"], 3)


def models_of(document):
    """The objects of a document that are a model, or have a configuration's fields."""
    if isinstance(document, list):
        return [found for item in document for found in models_of(item)]
    if not isinstance(document, dict):
        return []
    own = [document] if "norm_placement" in document or {"name", "weights"} <= document.keys() else []
    return own + [found for item in document.values() for found in models_of(item)]


@pytest.mark.parametrize(
    "argv",
    [
        ("show", SENTENCE),
        ("explain", SENTENCE),
        ("heads", SENTENCE),
        ("heads", SENTENCE, "--null", "2"),
        ("check", SENTENCE, "--where", "any(first > 0)"),
        ("diff", SENTENCE, "The dog sat."),
        ("models",),
        ("models", "tiny"),
        ("weights", "info", "trained.npz"),
        ("show", SENTENCE, "--weights", "trained.npz"),
    ],
    ids=" ".join,
)
def test_trained_weights_have_no_seed(cli, schema, argv):
    if "trained.npz" in argv:
        assert cli("weights", "convert", "tiny", "-o", "trained.npz").code == 0
        assert "seed" not in cli("weights", "info", "trained.npz").out
    (document,) = documents(cli(*argv, "--json"))
    schema.validate(document)
    found = models_of(document)
    assert found
    assert not any("seed" in model for model in found)
    if argv[0] == "show":
        assert documents(cli("show", "--attention", "-", "--json", stdin=json.dumps(document))) == [document]


def test_weights_made_from_a_seed_have_it_and_keep_it_in_a_file(cli, schema):
    assert cli("weights", "init", "-o", "toy.safetensors", "--seed", "7", "--n-vocab", "99").code == 0
    assert cli("weights", "convert", "toy.safetensors", "-o", "toy.npz").code == 0
    for argv in (
        ("show", SENTENCE, "--seed", "7"),
        ("heads", SENTENCE, "--seed", "7"),
        ("show", SENTENCE, "--weights", "toy.safetensors"),
        ("show", SENTENCE, "--weights", "toy.npz", "--mask", "causal"),
        ("weights", "info", "toy.npz"),
    ):
        (document,) = documents(cli(*argv, "--json"))
        schema.validate(document)
        assert [model["seed"] for model in models_of(document)] == [7]
    (document,) = documents(cli("diff", SENTENCE, "--vs-seed", "5", "--json"))
    assert [model.get("seed") for model in models_of(document)] == [None, 5]


@pytest.mark.parametrize(("layers", "heads"), [(1, 2), (4, 8), (1, 4), (2, 8)])
def test_a_decoder_with_other_layers_or_heads_says_so_and_is_read_back(cli, schema, layers, heads):
    fields = ("--set", f"decoder_layers={layers}", "--set", f"decoder_heads={heads}")
    first = cli("show", "a b", "--target", "c d e", "--seed", "0", *fields, "--json")
    document = json.loads(first.out)
    schema.validate(document)
    assert (document["layers"], document["heads"]) == ([0, 1], [0, 1, 2, 3])
    for kind, count, usual in (("layers", layers, 2), ("heads", heads, 4)):
        assert document.get(f"decoder_{kind}") == (None if count == usual else list(range(count)))
        assert document["model"].get(f"decoder_{kind}") == (None if count == usual else count)
    assert {len(document[kind]) for kind in ("decoder_attention", "cross_attention")} == {layers}
    assert {len(layer) for layer in document["cross_attention"]} == {heads}
    assert cli("show", "--attention", "-", "--json", stdin=first.out).out == first.out
