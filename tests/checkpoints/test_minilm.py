"""A real, trained checkpoint: all-MiniLM-L6-v2, whose attention transformers computed (``golden/make.py``)."""

import json

import numpy as np
import pytest

import attnviz
from attnviz.analysis.selection import Request
from attnviz.cli.main import main
from attnviz.runs import run_prepared, runs
from tests.checkpoints.trained import cases

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
    np.testing.assert_allclose(documents[0]["attention"], documents[1]["attention"], atol=1e-6)


def test_a_text_is_the_same_by_itself_and_among_texts_of_any_length(minilm):
    model = attnviz.load(model=minilm)
    words = 5 * "The animal didn't cross the street because it was too tired, said Mary, whose dog had seen it all. "
    texts = [attnviz.prepare(model, " ".join(words.split()[:n])) for n in range(1, 90)]
    for text, run in zip(texts, runs(model, texts, Request()), strict=True):
        alone = run_prepared(model, text, Request())
        np.testing.assert_allclose(run.result().attention, alone.attention, atol=1e-6, rtol=0)
