"""Model folders: what is read, in which layout, what it is called, and what is not believed."""

import hashlib
import json

import numpy as np
import pytest

import attnviz
from attnviz.checkpoints import folder as folder_module
from attnviz.checkpoints.file_params import FileParams
from attnviz.checkpoints.folder import read_folder
from attnviz.errors import CheckpointError
from tests.checkpoints.folders import bert_tensors, write_bert, write_safetensors, write_shards

TEXT = "the cats sat."


def attention(folder, **options):
    return attnviz.run(TEXT, model=attnviz.load(model=folder), **options).attention


def test_matrices_are_views_of_the_file_in_its_own_layout(tmp_path):
    params = read_folder(write_bert(tmp_path / "bert")).params
    for name in ("layers.0.attn.wq", "layers.1.ffn.w1", "layers.1.attn.bk"):
        array = params[name]
        assert not array.flags.owndata
        assert not array.flags.writeable
        base = array
        while isinstance(base.base, np.ndarray):
            base = base.base
        assert isinstance(base, np.memmap)
    assert params["layers.1.ffn.w1"].flags.f_contiguous


def test_only_the_rows_and_layers_that_are_needed_are_read(tmp_path, monkeypatch):
    model = attnviz.load(model=write_bert(tmp_path / "bert"))
    read = set()
    for name in ("__getitem__", "rows"):
        plain = getattr(FileParams, name)

        def spied(self, tensor, *ids, plain=plain):
            read.add((tensor, *map(tuple, ids)))
            return plain(self, tensor, *ids)

        monkeypatch.setattr(FileParams, name, spied)
    attnviz.run("cat", model=model, layers=0)
    assert {name for name, *_ in read if name.startswith("layers.")} == {
        *(f"layers.0.attn.{part}" for part in ("wq", "wk", "bq", "bk")),
    }
    assert ("embed.tokens", (2, 6, 3)) in read
    assert not any(name == "embed.tokens" for name, *ids in read if not ids)


def test_old_names_of_norms_are_read(tmp_path):
    renamed = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): array
        for name, array in bert_tensors().items()
    }
    assert set(renamed) != set(bert_tensors())
    new, old = write_bert(tmp_path / "new"), write_bert(tmp_path / "old", renamed)
    np.testing.assert_array_equal(attention(new), attention(old))


def test_unneeded_tensors_may_be_of_any_type(tmp_path):
    folder = write_bert(tmp_path / "bert")
    tensors = bert_tensors()
    write_safetensors(folder / "model.safetensors", tensors)
    with_ids = dict(tensors)
    data = (folder / "model.safetensors").read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    end = max(entry["data_offsets"][1] for entry in header.values())
    header["embeddings.position_ids"] = {"dtype": "I64", "shape": [1, 2], "data_offsets": [end, end + 16]}
    text = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :] + bytes(16))
    found = read_folder(folder)
    assert found.unused == ("embeddings.position_ids",)
    assert len(with_ids) == len(found.file.shapes)


def test_a_causal_bert_is_causal(tmp_path):
    weights = attention(write_bert(tmp_path / "bert", is_decoder=True))
    assert not np.triu(weights, 1).any()


def test_fields_given_besides_a_folder_replace_its_own(tmp_path):
    folder = write_bert(tmp_path / "bert")
    model = attnviz.load(model=folder, mask="causal", window=1)
    weights = attnviz.run(TEXT, model=model).attention
    assert not np.triu(weights, 1).any()
    assert not np.tril(weights, -2).any()


def test_the_digest_is_the_file_s_own(tmp_path):
    folder = write_bert(tmp_path / "bert")
    expected = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    assert attnviz.load(model=folder).info.weights == f"sha256:{expected}"


def test_the_digest_of_large_weights_needs_only_a_sample_and_still_tells_them_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(folder_module, "_MOST_HASHED", 10)
    one, same, other = (write_bert(tmp_path / name) for name in ("one", "same", "other"))
    write_safetensors(other / "model.safetensors", bert_tensors(seed=1))
    digests = [read_folder(folder).sha256 for folder in (one, same, other)]
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]
    assert len(digests[0]) == 64


def test_shards_give_the_same_attention_whatever_their_number(tmp_path):
    whole = attention(write_bert(tmp_path / "whole"))
    for n in (1, 2, 5):
        folder = write_bert(tmp_path / f"{n}")
        (folder / "model.safetensors").unlink()
        write_shards(folder, bert_tensors(), n=n)
        np.testing.assert_array_equal(attention(folder), whole)


@pytest.mark.parametrize(
    "name",
    ["../whole/model.safetensors", "/etc/passwd", "..", "a/b.safetensors", "C:x.safetensors", "", "pytorch_model.bin"],
)
def test_an_index_cannot_lead_out_of_its_folder(tmp_path, name):
    write_bert(tmp_path / "whole")
    folder = write_bert(tmp_path / "bert")
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"weight_map": dict.fromkeys(bert_tensors(), name)})
    )
    with pytest.raises(CheckpointError, match="no safetensors file of its own folder"):
        read_folder(folder)


@pytest.mark.parametrize(
    "text", ["[]", "{}", "3", "[" * 100000, '{"weight_map": []}', '{"weight_map": {"a": 1}}', "\0"]
)
def test_a_damaged_index_is_one_error(tmp_path, text):
    folder = write_bert(tmp_path / "bert")
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(text)
    with pytest.raises(CheckpointError, match="weight_map"):
        read_folder(folder)


@pytest.mark.parametrize(
    "settings",
    [
        {"hidden_size": True},
        {"hidden_size": None},
        {"hidden_size": "6"},
        {"num_attention_heads": 0},
        {"num_hidden_layers": -1},
        {"layer_norm_eps": "small"},
        {"layer_norm_eps": -1.0},
        {"hidden_act": ["gelu"]},
        {"hidden_act": {"a": 1}},
        {"is_decoder": "yes"},
        {"is_decoder": 2},
        {"vocab_size": 10**30},
        {"model_type": ["bert"]},
        {"model_type": "__init__"},
        {"model_type": "../bert"},
        {"add_cross_attention": True},
        {"max_position_embeddings": 14},
    ],
    ids=str,
)
def test_a_setting_that_cannot_be_is_one_error(tmp_path, settings):
    with pytest.raises(CheckpointError, match=r"config\.json: "):
        read_folder(write_bert(tmp_path / "bert", **settings))
