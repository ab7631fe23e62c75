"""Which files of a folder hold the weights, and that all formats of the same weights give the same attention."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from attnviz import load, run
from attnviz.checkpoints.formats.pytorch.torch_file import TorchFile
from attnviz.checkpoints.formats.shards import ShardedFile
from attnviz.checkpoints.formats.tensors import open_tensors
from attnviz.checkpoints.huggingface.folder import read_folder
from attnviz.cli.main import main
from attnviz.errors import CheckpointError, InputError, UsageError
from tests.checkpoints.folders import bert_tensors, write_bert, write_safetensors
from tests.checkpoints.formats.pytorch.pytorch_files import write_bin, write_bin_shards

GOLDEN = Path(__file__).parents[1] / "golden"
EXPECTED = "expected model.safetensors or pytorch_model.bin, or shards and their index"


def attention(folder, **options):
    return run("The dog read unbelievable letters.", model=load(model=folder, **options)).attention


def as_bin(name, copy, **options):
    """A copy of a golden folder with its weights in a file of PyTorch."""
    shutil.copytree(GOLDEN / name, copy, ignore=shutil.ignore_patterns("golden.npz", "*.safetensors"))
    file = open_tensors(GOLDEN / name / "model.safetensors")
    tensors = {tensor: np.array(file.array(tensor)) for tensor in file.shapes}
    (write_bin_shards if options.pop("shards", False) else write_bin)(copy / options.pop("at", ""), tensors, **options)
    return copy


@pytest.mark.parametrize("name", ["bert", "gpt2", "llama", "gpt_neox", "albert_groups"])
@pytest.mark.parametrize("legacy", [False, True])
def test_a_file_of_pytorch_gives_the_attention_of_the_safetensors(tmp_path, name, legacy):
    copy = as_bin(name, tmp_path / "model", at="pytorch_model.bin", legacy=legacy)
    np.testing.assert_array_equal(attention(copy), attention(GOLDEN / name))
    model = load(model=copy)
    assert model.unknown == ()
    digest = hashlib.sha256((copy / "pytorch_model.bin").read_bytes()).hexdigest()
    assert model.info.weights == f"sha256:{digest}"


def test_shards_of_pytorch_are_read_as_one(tmp_path):
    copy = as_bin("bert", tmp_path / "model", shards=True)
    np.testing.assert_array_equal(attention(copy), attention(GOLDEN / "bert"))
    assert len(read_folder(copy).files) == 3
    assert ShardedFile(copy / "pytorch_model.bin.index.json").format == TorchFile.format


@pytest.mark.parametrize("missing", ["pytorch_model-00002-of-00003.bin"])
def test_a_shard_that_is_missing_is_named(tmp_path, missing):
    copy = as_bin("bert", tmp_path / "model", shards=True)
    (copy / missing).unlink()
    with pytest.raises(CheckpointError, match=f"{missing} is not there; expected all its shards"):
        read_folder(copy)


def test_a_shard_of_another_format_is_refused(tmp_path):
    copy = as_bin("bert", tmp_path / "model", shards=True)
    write_safetensors(copy / "pytorch_model-00002-of-00003.bin", {"a": np.zeros(3, np.float32)})
    with pytest.raises(CheckpointError, match="it is not a PyTorch file"):
        read_folder(copy)


def test_the_command_describes_and_converts_it(tmp_path, capfd):
    copy, native = as_bin("bert", tmp_path / "model", at="pytorch_model.bin"), tmp_path / "native.safetensors"
    assert main(["models", str(copy)]) == 0
    said = capfd.readouterr().out
    assert "weights: pytorch_model.bin" in said
    assert "every tensor is accounted for" in said.replace("\n", " ")
    assert main(["weights", "convert", str(copy), "-o", str(native), "-q"]) == 0
    again = run("The dog read unbelievable letters.", model=load(native)).attention
    np.testing.assert_array_equal(again, attention(copy))


def changed(seed):
    return bert_tensors(seed=seed)


def first_number(folder, **options):
    return read_folder(folder, **options).params["layers.0.attn.wq"][0, 0]


def test_the_first_of_the_names_wins(tmp_path):
    """Safetensors over PyTorch's, and one file over several."""
    folder = write_bert(tmp_path / "bert")
    (folder / "model.safetensors").unlink()
    numbers = [changed(seed)["encoder.layer.0.attention.self.query.weight"][0, 0] for seed in range(3)]
    assert len(set(numbers)) == 3
    write_bin_shards(folder, changed(2))
    assert first_number(folder) == numbers[2]
    write_bin(folder / "pytorch_model.bin", changed(1))
    assert first_number(folder) == numbers[1]
    write_safetensors(folder / "model.safetensors", changed(0))
    assert first_number(folder) == numbers[0]


@pytest.mark.parametrize("name", ["model.fp16.safetensors", "pytorch_model.fp16.bin"])
def test_a_variant_is_read_where_it_is_asked_for(tmp_path, name):
    folder = write_bert(tmp_path / "bert")
    (write_safetensors if "safe" in name else write_bin)(folder / name, changed(1))
    assert first_number(folder, variant="fp16") != first_number(folder)
    assert load(model=folder, variant="fp16").config == load(model=folder).config


def test_a_folder_with_variants_alone_says_which(tmp_path):
    folder = write_bert(tmp_path / "bert")
    (folder / "model.safetensors").rename(folder / "model.fp16-00001-of-00002.safetensors")
    (folder / "pytorch_model.8-bit.bin").write_bytes(b"?")
    with pytest.raises(CheckpointError, match=r"its weights are of a variant alone \(8-bit, fp16\)") as error:
        read_folder(folder)
    assert error.value.hint == "--variant 8-bit"
    with pytest.raises(CheckpointError, match="it has no weights of the variant bf16") as error:
        read_folder(folder, variant="bf16")
    assert error.value.hint == "its weights are of 8-bit, fp16"


@pytest.mark.parametrize("variant", ["", "../x", "a.b", "x/y"])
def test_a_variant_is_a_part_of_a_name(tmp_path, variant):
    with pytest.raises(UsageError, match="cannot be in a file's name"):
        read_folder(write_bert(tmp_path / "bert"), variant=variant)


def test_a_variant_needs_a_model():
    with pytest.raises(UsageError, match="no model is given"):
        load(variant="fp16")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("consolidated.safetensors", "download the files model*.safetensors of the same model"),
        ("consolidated.00.pth", "download the files model*.safetensors of the same model"),
        ("weights.pt", "rename it to pytorch_model.bin"),
        ("model.bin", "rename it to pytorch_model.bin"),
        ("adapter_model.safetensors", "merge it into its base model first"),
        ("tf_model.h5", None),
        ("model.gguf", "bert/model.gguf"),
    ],
)
def test_another_file_is_named_with_what_to_do(tmp_path, name, hint):
    folder = write_bert(tmp_path / "bert")
    (folder / "model.safetensors").rename(folder / name)
    (folder / "training_args.bin").write_bytes(b"?")
    with pytest.raises(CheckpointError) as error:
        read_folder(folder)
    assert str(error.value) == f"{folder}: it has {name}, which is not read; {EXPECTED}"
    assert (error.value.hint or "").endswith(hint or "")
    assert (error.value.hint is None) == (hint is None)


def test_a_native_file_is_not_pytorchs(tmp_path):
    write_bin(tmp_path / "x.pt", {"a": np.zeros(3, np.float32)})
    with pytest.raises(CheckpointError, match="it is a PyTorch file, which has no configuration") as error:
        load(tmp_path / "x.pt")
    assert error.value.hint == "in a model folder it is pytorch_model.bin, beside config.json: --model FOLDER"


@pytest.mark.parametrize("name", ["model.safetensors", "vocab.txt", "config.json"])
def test_a_pointer_of_git_lfs_is_named(tmp_path, name):
    folder = write_bert(tmp_path / "bert")
    (folder / name).write_text("version https://git-lfs.example/spec/v1\noid sha256:0\nsize 9\n")
    with pytest.raises(
        InputError, match=f"{name}: it is a pointer of Git LFS in place of the file; expected "
    ) as error:
        load(model=folder)
    assert error.value.hint == "git lfs pull, in the folder that was cloned, fetches the file"


def test_a_folder_without_a_tokenizer_is_described(tmp_path, capfd):
    folder = write_bert(tmp_path / "bert")
    (folder / "vocab.txt").unlink()
    assert main(["models", str(folder)]) == 0
    said = capfd.readouterr().out
    assert "tokenizer: none of its own" in said
    assert "note: it has no tokenizer; expected tokenizer.json or vocab.txt" in said
    assert main(["models", str(folder), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["model"]["tokenizer"] is None
