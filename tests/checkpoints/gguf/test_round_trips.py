"""Golden folders as GGUF files give the attention of transformers."""

from dataclasses import replace

import numpy as np
import pytest

import attnviz
from attnviz.checkpoints.gguf.architectures.encoders import ENCODERS
from attnviz.checkpoints.gguf.model import read_gguf
from attnviz.checkpoints.gguf.registry import architectures
from attnviz.checkpoints.huggingface.folder import read_folder
from attnviz.errors import CheckpointError
from tests.checkpoints.gguf.conversion import GOLDEN, convert
from tests.checkpoints.gguf.recipes import RECIPES, turned

CLOSE = 2e-5  # the largest difference of any weight, in float32
ROUNDED = 0.02  # the same of weights in two bytes


def attention_differs(model, folder) -> float:
    """The largest difference of any weight from those of transformers."""
    differences = []
    with np.load(GOLDEN / folder / "golden.npz") as golden:
        for i, text in enumerate(golden["texts"][:2]):
            result = attnviz.run(str(text), model=model)
            assert [token.id for token in result.tokens] == golden[f"t{i}_ids"].tolist()
            differences.append(np.abs(result.attention - golden[f"t{i}_attention"]).max())
        for i, target in enumerate(golden.get("targets", ())):
            result = attnviz.run(str(golden["texts"][i]), target=str(target), model=model)
            assert [token.id for token in result.target_tokens] == golden[f"t{i}_target_ids"].tolist()
            for kind in ("decoder", "cross"):
                differences.append(np.abs(result.views[kind].matrices - golden[f"t{i}_{kind}_attention"]).max())
    return float(max(differences))


@pytest.fixture(scope="module", params=RECIPES, ids=lambda recipe: recipe.folder)
def recipe(request):
    return request.param


@pytest.fixture(scope="module")
def model(recipe, tmp_path_factory):
    path = tmp_path_factory.mktemp("gguf") / f"{recipe.folder}.gguf"
    convert(recipe, path)
    return attnviz.load(model=path, tokenizer=str(GOLDEN / recipe.folder / "tokenizer.json"), fields=recipe.fields)


def test_float32_gives_the_attention_of_transformers(model, recipe):
    assert attention_differs(model, recipe.folder) < CLOSE


def test_every_tensor_and_every_key_is_accounted_for(model):
    assert model.unknown == ()
    assert model.notes == ()


def test_every_architecture_has_a_recipe():
    assert {recipe.architecture for recipe in RECIPES} == set(architectures())


def test_float16_gives_nearly_the_same_attention(recipe, tmp_path):
    path = tmp_path / f"{recipe.folder}.gguf"
    convert(recipe, path, "F16")
    tokenizer = str(GOLDEN / recipe.folder / "tokenizer.json")
    model = attnviz.load(model=path, tokenizer=tokenizer, fields=recipe.fields)
    assert 0 < attention_differs(model, recipe.folder) < ROUNDED


def test_the_language_head_is_that_of_the_folder(recipe, model):
    folder = read_folder(GOLDEN / recipe.folder)
    if folder.unembedding is None or recipe.architecture in ENCODERS:
        assert model.unembedding is None
        return
    output = np.random.default_rng(7).normal(size=folder.config.d_model).astype(np.float32)
    logits = model.unembedding().logits(output)
    try:
        expected = folder.unembedding().logits(output)
    except CheckpointError:  # a bare model: llama.cpp takes the table of token vectors
        expected = folder.params["embed.tokens"] @ output
    np.testing.assert_allclose(logits, expected, atol=1e-4)


def test_the_tokens_that_end_a_text_are_those_of_the_metadata(tmp_path):
    keys = {f"tokenizer.ggml.{kind}_token_id": number for kind, number in (("eos", 2), ("eot", 7), ("eom", 2))}
    convert(replace(RECIPES[0], keys=lambda c: turned(c) | keys), tmp_path / "model.gguf")
    assert read_gguf(tmp_path / "model.gguf").generation().rules.end == (2, 7)
