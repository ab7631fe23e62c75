"""Files of the golden folders, as llama.cpp itself runs them, give its numbers (``make_llama_cpp.py`` wrote them)."""

import json
from pathlib import Path

import numpy as np
import pytest

from attnviz.checkpoints.gguf.model import read_gguf
from attnviz.checkpoints.gguf.registry import architectures
from attnviz.encoder.embedding import Sequence
from attnviz.encoder.generation.greedy import text_step
from attnviz.encoder.stack import encode
from tests.checkpoints.gguf.for_llama_cpp import EMBEDDINGS, FIELDS, LEFT_OUT, write_for_llama_cpp
from tests.checkpoints.gguf.recipes import RECIPES

COMPUTED = json.loads(Path(__file__).with_name("llama_cpp.json").read_text())
BY_NAME = {f"{recipe.architecture} {recipe.folder}": recipe for recipe in RECIPES}
CLOSE = 0.005  # llama.cpp takes GELU from a table of 16-bit floats; without it the difference is below 0.0001


def test_every_folder_that_llama_cpp_loads_is_compared():
    assert set(COMPUTED) == {name for name, recipe in BY_NAME.items() if recipe.folder not in LEFT_OUT}
    missing = set(architectures()) - {BY_NAME[name].architecture for name in COMPUTED}
    assert missing == {"chatglm", "eurobert", "gemma-embedding", "olmoe", "qwen2moe", "qwen3moe", "t5", "t5encoder"}


@pytest.mark.parametrize("name", COMPUTED)
def test_the_numbers_are_llama_cpp_s(name, tmp_path):
    recipe = BY_NAME[name]
    ids = write_for_llama_cpp(recipe, tmp_path / "model.gguf")
    model = read_gguf(tmp_path / "model.gguf", FIELDS.get(recipe.folder))
    if recipe.architecture in EMBEDDINGS:
        steps = encode(model.params, model.config, Sequence(ids=ids))
        outputs = None
        while outputs is None:
            try:
                next(steps)
            except StopIteration as end:
                outputs = end.value
        vector = outputs[0] / np.linalg.norm(outputs[0])
        np.testing.assert_allclose(vector, COMPUTED[name]["vector"], atol=CLOSE)
        return
    output, _ = text_step(model.params, model.config)(ids, 0, {})
    logits = model.unembedding().logits(output).astype(float)
    logarithms = logits - logits.max() - np.log(np.exp(logits - logits.max()).sum())
    expected = {int(number): value for number, value in COMPUTED[name]["next"].items()}
    np.testing.assert_allclose(logarithms[list(expected)], list(expected.values()), atol=CLOSE)
