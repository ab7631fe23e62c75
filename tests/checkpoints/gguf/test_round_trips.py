"""Golden folders as GGUF files give the attention of transformers."""

import numpy as np
import pytest

import attnviz
from attnviz.checkpoints.gguf.registry import architectures
from tests.checkpoints.gguf.conversion import GOLDEN, convert
from tests.checkpoints.gguf.recipes import RECIPES

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
