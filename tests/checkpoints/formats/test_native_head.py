"""A native file keeps what a model writes with: its head and its rules."""

import json
from pathlib import Path

import pytest

import attnviz
from attnviz.checkpoints.formats.native_head import GENERATION_KEY
from attnviz.checkpoints.formats.safetensors_file import SafetensorsFile
from attnviz.errors import CheckpointError, UsageError
from attnviz.model import save
from attnviz.sweeps.preparation import prepare

GOLDEN = Path(__file__).parents[1] / "golden"
TEXT = "The dog read letters"


@pytest.mark.parametrize("suffix", [".safetensors", ".npz"])
@pytest.mark.parametrize("name", ["llama", "phi", "modernbert_decoder", "opt_projected", "gemma2", "t5"])
def test_a_converted_model_writes_the_same(tmp_path, name, suffix):
    model = attnviz.load(model=GOLDEN / name)
    file = tmp_path / f"model{suffix}"
    save(model, file)
    again = attnviz.load(file)
    assert again.generation() == model.generation()
    for side in ("tokens", "target_tokens"):
        ids = [[token.id for token in getattr(prepare(one, TEXT, generate=8), side)] for one in (model, again)]
        assert ids[0] == ids[1]


def test_a_model_without_its_head_has_none_after_it_is_converted(tmp_path):
    save(attnviz.load(model=GOLDEN / "mistral"), tmp_path / "a.npz")
    with pytest.raises(UsageError, match=r"a.npz has no language head"):
        prepare(attnviz.load(tmp_path / "a.npz"), TEXT, generate=8)


def test_random_weights_keep_nothing_and_write_with_their_table(tmp_path):
    model = attnviz.load(seed=2, mask="causal", n_layers=1)
    save(model, tmp_path / "a.safetensors", decoder=False)
    assert GENERATION_KEY not in SafetensorsFile(tmp_path / "a.safetensors").metadata
    again = attnviz.load(tmp_path / "a.safetensors")
    assert prepare(again, TEXT, generate=4).text == prepare(model, TEXT, generate=4).text


@pytest.mark.parametrize("text", ["[]", "{", '{"head": {}, "rules": {}}', '{"head": null, "rules": {"lucky": 7}}'])
def test_a_damaged_header_is_one_line(tmp_path, text):
    model = attnviz.load(model=GOLDEN / "gpt2")
    file = tmp_path / "a.safetensors"
    save(model, file)
    content = file.read_bytes()
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    header["__metadata__"][GENERATION_KEY] = text
    new = json.dumps(header).encode()
    file.write_bytes(len(new).to_bytes(8, "little") + new + content[8 + size :])
    with pytest.raises(CheckpointError, match=f"its {GENERATION_KEY} cannot be read"):
        attnviz.load(file)
