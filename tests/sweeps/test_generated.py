"""Texts that the model goes on with: their attention, their end, and what cannot be."""

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import attnviz
from attnviz.encoder.stack import Address, run
from attnviz.errors import AttnvizError, UsageError
from attnviz.output.documents.results import dump, result_document
from attnviz.output.documents.schema import schema_bytes
from attnviz.sweeps.preparation import prepare

GOLDEN = Path(__file__).parents[1] / "checkpoints" / "golden"
TEXT = "The dog read letters"
SCHEMA = jsonschema.Draft202012Validator(json.loads(schema_bytes()))


@pytest.fixture(scope="module")
def llama():
    return attnviz.load(model=GOLDEN / "llama")


@pytest.mark.parametrize("name", ["llama", "mpt", "gpt_oss", "gemma2", "opt_projected"])
def test_attention_of_a_generated_text_is_that_of_the_text_given_whole(name):
    model = attnviz.load(model=GOLDEN / name)
    result = attnviz.run(TEXT, model=model, generate=6)
    ids = [token.id for token in result.tokens]
    n = len(ids)
    assert sum(token.generated for token in result.tokens) in range(1, 7)
    trace = attnviz.run(TEXT, model=model)
    given = len(trace.tokens)
    np.testing.assert_allclose(result.attention[:, :, :given, :given], trace.attention, atol=1e-5)
    assert result.attention.shape[-2:] == (n, n)


def test_a_text_ends_at_the_token_that_completes_stop(llama):
    ids = [token.id for token in prepare(llama, TEXT, generate=8).tokens]
    whole = prepare(llama, TEXT, generate=8).text
    assert whole is not None
    stop = whole[len(TEXT) + 4 : len(TEXT) + 6]  # in the middle of a token
    stopped = prepare(llama, TEXT, generate=8, stop=stop)
    assert stopped.text is not None
    assert stop in stopped.text[len(TEXT) :]
    n = len(stopped.tokens)
    assert [token.id for token in stopped.tokens] == ids[:n]
    assert n < len(ids)
    before = prepare(llama, TEXT, generate=n - 1 - len(prepare(llama, TEXT).tokens)).text
    assert stop not in (before or "")[len(TEXT) :]


def test_a_text_that_fills_the_model_ends_there_with_a_note(llama):
    model = attnviz.load(model=GOLDEN / "mistral_layer_types")
    prepared = prepare(model, TEXT, generate=100)
    assert len(prepared.tokens) == 31
    assert prepared.cuts == (f"text: the model wrote {31 - len(prepare(model, TEXT).tokens)} tokens, as n_ctx is 31",)


def test_a_word_that_the_model_finishes_is_generated(llama):
    result = attnviz.run(TEXT, model=llama, generate=3, words=True)
    assert next(token.text for token in result.tokens if token.generated).startswith("letters")


def test_json_says_which_tokens_were_generated_and_reads_back(llama, tmp_path):
    result = attnviz.run(TEXT, model=llama, generate=3)
    document = json.loads(dump(result_document(result)))
    SCHEMA.validate(document)
    assert document["generated"] == [token.generated for token in result.tokens]
    assert document["text"] == result.text
    file = tmp_path / "a.json"
    file.write_text(json.dumps(document))
    (again,) = attnviz.read_attention(file)
    assert [token.generated for token in again.tokens] == document["generated"]
    plain = json.loads(dump(result_document(attnviz.run(TEXT, model=llama))))
    assert "generated" not in plain


def test_an_encoder_decoder_writes_its_target():
    model = attnviz.load(seed=1, decoder_start_id=0, n_layers=2)
    result = attnviz.run(TEXT, model=model, generate=4)
    assert result.cross_attention.shape[-2:] == (5, 4)
    assert [token.generated for token in result.target_tokens] == [False, True, True, True, True]
    assert result.target_tokens[0].special
    document = json.loads(dump(result_document(result)))
    SCHEMA.validate(document)
    assert document["target_generated"] == [False, True, True, True, True]
    assert document["target_token_ids"][0] == 0


def test_the_target_cache_changes_no_attention():
    """The whole target at once chooses the same tokens."""
    model = attnviz.load(seed=1, decoder_start_id=0, n_layers=2, decoder_layers=3, position="rotary")
    prepared = prepare(model, TEXT, generate=6)
    trace = run(model.params, model.config, {Address("decoder", None, "output")}, prepared.source, prepared.target)
    chosen = [int(model.unembedding().logits(row).argmax()) for row in trace.outputs["decoder"]]
    assert chosen[:-1] == prepared.target.ids[1:].tolist()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"generate": 0}, "generate: 0 tokens; expected 1 or more"),
        ({"stop": "."}, "stop: it ends what the model writes; expected --generate too"),
        ({"generate": 3, "stop": ""}, "stop: the text is empty; expected one that ends what the model writes"),
        ({"generate": 3, "pair": "b"}, "generate, pair: both are given; expected one of them"),
        ({"generate": 3, "target": "b"}, "generate, target: both are given; expected one of them"),
        ({"generate": 3, "pad_to": 9}, "generate, pad-to: both are given; expected one of them"),
    ],
)
def test_what_does_not_go_together_is_one_line(llama, options, said):
    with pytest.raises(UsageError) as raised:
        prepare(llama, TEXT, **options)
    assert str(raised.value) == said


@pytest.mark.parametrize(
    ("loading", "said"),
    [
        (
            {},
            "generate: tiny is an encoder: its tokens see those after them, so it cannot continue a text; expected a "
            "decoder, such as GPT-2 or Llama, or an encoder-decoder",
        ),
        (
            {"seed": 0},
            "generate: seeded does not say what its decoder is fed first; expected decoder_start_id (--set "
            "decoder_start_id=0), or a model that continues a text (--mask causal)",
        ),
        (
            {"model": GOLDEN / "clip_text_model"},
            "generate: clip_text_model has no language head: nothing makes words of its outputs; expected a model that "
            "writes, such as GPT-2 or Llama",
        ),
    ],
)
def test_a_model_that_does_not_write_says_why(loading, said):
    with pytest.raises(AttnvizError) as raised:
        prepare(attnviz.load(**loading), TEXT, generate=3)
    assert str(raised.value) == said
