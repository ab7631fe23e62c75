"""A real, trained checkpoint: all-MiniLM-L6-v2, whose attention transformers computed (``golden/make.py``)."""

import json

import numpy as np
import pytest

import attnviz
from attnviz.cli.main import main
from tests.checkpoints.trained import assert_alone_as_together, cases
from tests.noise import ROUNDING

pytestmark = pytest.mark.checkpoint


@pytest.mark.parametrize(("text", "pair", "ids", "attention"), list(cases("minilm")))
def test_tokens_and_attention_are_those_of_transformers(minilm, text, pair, ids, attention):
    result = attnviz.run(text, pair=pair, model=attnviz.load(model=minilm))
    assert [token.id for token in result.tokens] == ids.tolist()
    np.testing.assert_allclose(result.attention, attention, atol=2e-5, rtol=0)


def test_every_tensor_is_accounted_for(minilm):
    assert attnviz.load(model=minilm).unknown == ()


def test_a_native_file_of_it_gives_the_same_attention(minilm, tmp_path, capfdbinary):
    native = tmp_path / "native.safetensors"
    assert main(["weights", "convert", str(minilm), "-o", str(native), "-q"]) == 0
    documents = []
    for origin in (["--model", str(minilm)], ["--weights", str(native)]):
        assert main(["show", "The animal was too tired.", *origin, "--json"]) == 0
        documents.append(json.loads(capfdbinary.readouterr().out))
    assert documents[0]["token_ids"] == documents[1]["token_ids"]
    np.testing.assert_allclose(documents[0]["attention"], documents[1]["attention"], atol=ROUNDING)


def test_a_text_is_the_same_by_itself_and_among_texts_of_any_length(minilm):
    assert_alone_as_together(attnviz.load(model=minilm))
