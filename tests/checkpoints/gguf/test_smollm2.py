"""A real GGUF file: SmolLM2-135M-Instruct in Q4_1, as transformers computes it (``golden/make_smollm2.py``)."""

import json

import numpy as np
import pytest

import attnviz
from attnviz.cli.main import main
from tests.checkpoints.trained import GOLDEN

pytestmark = pytest.mark.checkpoint

with np.load(GOLDEN / "smollm2.npz") as stored:
    EXPECTED = dict(stored)
TEXTS = list(map(str, EXPECTED["texts"]))
HEADS = [tuple(map(int, head)) for head in EXPECTED["heads"]]


@pytest.fixture(scope="module")
def model(smollm2):
    return attnviz.load(model=smollm2)


@pytest.mark.parametrize("number", range(len(TEXTS)), ids=TEXTS)
def test_tokens_and_two_heads_are_those_of_transformers(model, number):
    result = attnviz.run(TEXTS[number], model=model)
    assert [token.id for token in result.tokens] == EXPECTED[f"t{number}_ids"].tolist()
    found = np.stack([result.attention[layer, head] for layer, head in HEADS])
    np.testing.assert_allclose(found, EXPECTED[f"t{number}_attention"], atol=2e-4, rtol=0)


@pytest.mark.parametrize("number", range(len(TEXTS)), ids=TEXTS)
def test_it_continues_a_text_as_transformers_does(model, number):
    wanted = EXPECTED[f"t{number}_new_ids"].tolist()
    tokens = attnviz.run(TEXTS[number], model=model, generate=len(wanted)).tokens
    assert [token.id for token in tokens if token.generated] == wanted


def test_the_capital_of_france_is_paris(smollm2, capfd):
    assert main(["show", TEXTS[0], "--model", str(smollm2), "--generate", "1", "-L", "0"]) == 0
    assert "generated: Paris" in capfd.readouterr().out


def test_every_tensor_is_accounted_for_and_nothing_needs_a_note(model):
    assert model.unknown == ()
    assert model.notes == ()
    assert (model.config.n_layers, model.config.n_heads, model.config.n_kv_heads) == (30, 9, 3)


def test_a_model_of_ollamas_is_the_same_file(smollm2, tmp_path, monkeypatch, capfdbinary):
    digest = "5a" * 32
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / f"sha256-{digest}").symlink_to(smollm2)  # no suffix: its first bytes say what it is
    manifest = tmp_path / "manifests" / "registry.example" / "library" / "smollm2" / "135m"
    manifest.parent.mkdir(parents=True)
    layer = {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}"}
    manifest.write_text(json.dumps({"layers": [layer]}))
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path))
    assert main(["show", TEXTS[0], "--model", "ollama:smollm2:135m", "-L", "0", "--json"]) == 0
    document = json.loads(capfdbinary.readouterr().out)
    assert document["model"]["name"] == "smollm2:135m"
    assert document["token_ids"] == EXPECTED["t0_ids"].tolist()


def test_a_file_that_is_cut_short_is_one_line(smollm2, tmp_path, capfd):
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(smollm2.read_bytes()[:50_000_000])
    assert main(["show", TEXTS[0], "--model", str(cut)]) == 3
    error = capfd.readouterr().err
    assert error.startswith(f"attnviz: error: {cut}: ")
    assert len(error.splitlines()) <= 2
