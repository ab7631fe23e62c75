"""The bundled model's own files: whole, small, and such that any text can be run through them."""

import hashlib
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import attnviz
from attnviz.checkpoints.huggingface.description import describe_folder
from attnviz.checkpoints.huggingface.folder import read_folder
from attnviz.model import bundled_folder
from tests.checkpoints.trained import assert_alone_as_together, cases

FOLDER = bundled_folder()
MOST_BYTES = 8_000_000
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


@pytest.fixture(scope="module")
def model():
    return attnviz.load()


def read_json(name):
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def test_every_tensor_is_used_and_has_16_bits():
    described = describe_folder(FOLDER, "tiny")
    folder = read_folder(FOLDER)
    assert (described.unused, described.unknown) == ((), ())
    assert described.used == len(folder.file.shapes)
    assert described.dtypes == ["F16"]


@pytest.mark.parametrize(("text", "pair", "ids", "attention"), list(cases("tiny")))
def test_tokens_and_attention_are_those_of_transformers(model, text, pair, ids, attention):
    result = attnviz.run(text, pair=pair, model=model)
    assert [token.id for token in result.tokens] == ids.tolist()
    np.testing.assert_allclose(result.attention, attention, atol=2e-5, rtol=0)


def test_a_text_is_the_same_by_itself_and_among_texts_of_any_length(model):
    assert_alone_as_together(model)


def test_every_number_is_finite():
    file = read_folder(FOLDER).file
    for name in file.shapes:
        assert np.isfinite(file.array(name)).all(), name


def test_it_is_small():
    (file,) = FOLDER.glob("*.safetensors")
    assert file.stat().st_size < MOST_BYTES
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < MOST_BYTES


def test_its_sha256_is_that_of_its_file(model):
    data = (FOLDER / "model.safetensors").read_bytes()
    assert model.info.weights == f"sha256:{hashlib.sha256(data).hexdigest()}"


def test_its_card_and_its_licences_lie_beside_it():
    assert (FOLDER / "README.md").read_text(encoding="utf-8").startswith("# tiny")
    assert "Apache License" in (FOLDER / "LICENSE").read_text(encoding="utf-8")
    assert "Princeton University" in (FOLDER / "LICENSE-WORDNET").read_text(encoding="utf-8")


def test_its_vocabulary_has_a_vector_for_every_id_and_every_special_token():
    config, settings = read_json("config.json"), read_json("tokenizer_config.json")
    vocabulary = read_json("tokenizer.json")["model"]["vocab"]
    assert sorted(vocabulary.values()) == list(range(config["vocab_size"]))
    assert vocabulary["[PAD]"] == config["pad_token_id"]
    assert {settings[f"{name}_token"] for name in ("pad", "unk", "cls", "sep", "mask")} == set(SPECIAL)
    assert set(SPECIAL) <= set(vocabulary)
    added = {token["content"]: token["id"] for token in read_json("tokenizer.json")["added_tokens"]}
    assert added == {name: vocabulary[name] for name in SPECIAL}


def test_special_tokens_stand_where_bert_puts_them(model):
    result = attnviz.run("the cat", pair="a dog", model=model, pad_to=9)
    assert [token.text if not token.special else token.piece for token in result.tokens] == [
        *("[CLS]", "the", "cat", "[SEP]", "a", "dog", "[SEP]"),
        *("[PAD]", "[PAD]"),
    ]
    assert [token.segment for token in result.tokens[:7]] == [0, 0, 0, 0, 1, 1, 1]
    assert (result.attention[..., 7:] == 0).all()


@settings(max_examples=60)
@given(st.text(max_size=40))
def test_any_text_has_ids_of_the_vocabulary_and_rows_that_sum_to_1(model, text):
    result = attnviz.run(f"a {text}", model=model)
    first, *inner, last = result.tokens
    assert [first.piece, last.piece] == ["[CLS]", "[SEP]"]
    assert inner
    assert all(0 <= token.id < model.config.n_vocab for token in result.tokens)
    n = len(result.tokens)
    assert result.attention.shape == (model.config.n_layers, model.config.n_heads, n, n)
    np.testing.assert_allclose(result.attention.sum(axis=-1), 1, atol=1e-5)


def test_case_and_accents_do_not_matter(model):
    plain, other = (attnviz.run(text, model=model) for text in ("the cafe", "The CAFÉ"))
    np.testing.assert_array_equal(plain.attention, other.attention)
