"""The commands take a GGUF file wherever they take a model folder."""

import json
import os
from hashlib import sha256

import numpy as np
import pytest
from tokenizers import pre_tokenizers

import attnviz
from attnviz.cli.main import main
from tests.checkpoints.gguf.conversion import config_of, tensors_of, usual_keys, write_gguf
from tests.checkpoints.gguf.recipes import RECIPES

RECIPE = next(recipe for recipe in RECIPES if recipe.folder == "qwen2")
TEXT = "The cat sat"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A model with a byte-level vocabulary, under a name without an ending, as Ollama's files have."""
    config = config_of(RECIPE.folder)
    tensors = tensors_of(RECIPE, config)
    n_vocab = len(tensors["token_embd.weight"])
    tokens = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens += [f"<{i}>" for i in range(n_vocab - len(tokens))]
    vocabulary = {"model": "gpt2", "pre": "gpt-2", "tokens": tokens, "merges": ["t h"], "eos_token_id": n_vocab - 1}
    vocabulary["tokens"][-2] = "th"
    keys = usual_keys(config) | {f"tokenizer.ggml.{name}": value for name, value in vocabulary.items()}
    path = tmp_path_factory.mktemp("gguf") / "sha256-0a1b"
    write_gguf(path, RECIPE.architecture, keys, tensors, "F16")
    return path


def test_show_and_the_library_take_a_file(path, capsys):
    assert main(["show", TEXT, "--model", str(path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    result = attnviz.run(TEXT, model=attnviz.load(model=path))
    assert document["token_ids"] == [token.id for token in result.tokens]
    assert document["model"]["name"] == "sha256-0a1b"
    assert document["model"]["weights"] == f"sha256:{sha256(path.read_bytes()).hexdigest()}"
    np.testing.assert_array_equal(np.float32(document["attention"]), result.attention)


def test_models_describes_a_file(path, capsys):
    assert main(["models", str(path), "--json"]) == 0
    model = json.loads(capsys.readouterr().out)["model"]
    assert (model["family"], model["kind"], model["unknown"], model["notes"]) == ("Qwen2", "decoder", [], [])
    assert model["tokenizer"] == {"algorithm": "BPE", "n_vocab": 383, "file": "sha256-0a1b"}
    assert model["dtypes"] == ["F16", "F32"]
    assert main(["models", str(path), "--color", "never"]) == 0
    assert "weights: sha256-0a1b, " in capsys.readouterr().out


def test_weights_info_lists_all_tensors_of_a_file(path, capsys):
    assert main(["weights", "info", str(path), "--json"]) == 0
    weights = json.loads(capsys.readouterr().out)["weights"]
    assert (weights["format"], weights["tokenizer"], weights["decoder"]) == ("gguf", True, False)
    by_name = {tensor["name"]: tensor for tensor in weights["tensors"]}
    assert by_name["blk.1.attn_k.weight"] == {
        "name": "blk.1.attn_k.weight", "shape": [8, 24], "dtype": "F16", "bytes": 384,
    }  # fmt: skip
    assert "output.weight" in by_name
    assert weights["n_parameters"] == sum(int(np.prod(tensor["shape"])) for tensor in weights["tensors"])


def test_a_converted_file_gives_the_same_attention(path, tmp_path, capsys):
    assert main(["weights", "convert", str(path), "-o", str(tmp_path / "native.safetensors")]) == 0
    assert "written" in capsys.readouterr().err
    first, second = attnviz.load(model=path), attnviz.load(weights=tmp_path / "native.safetensors")
    assert first.config == second.config
    np.testing.assert_array_equal(attnviz.run(TEXT, model=first).attention, attnviz.run(TEXT, model=second).attention)


@pytest.mark.parametrize("command", [["show", TEXT, "--model"], ["models"], ["weights", "info"]])
@pytest.mark.parametrize("kind", ["text", "empty", "pipe", "link"])
def test_a_name_of_gguf_with_something_else_in_it_is_named(tmp_path, capsys, command, kind):
    path = tmp_path / "m.gguf"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to("nothing")
    else:
        path.write_bytes({"text": b"hello", "empty": b""}[kind])
    faults = {
        "text": "its first bytes are b'hell', not b'GGUF'",
        "empty": "it is empty",
        "pipe": "it is a device or a pipe, which is read only once",
        "link": "it is a link to nothing",
    }
    assert main([*command, str(path)]) == 3
    assert capsys.readouterr().err == f"attnviz: error: {path}: {faults[kind]}; expected a GGUF file\n"


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--weights", "{path}"], 3, "sha256-0a1b: it is a GGUF file; expected a .safetensors or .npz file\n"
         "hint: a GGUF file is a whole model: --model FILE\n"),
        (["--model", "{path}", "--variant", "fp16"], 2,
         "variant: it is of a model folder's weights, and the model is one file; expected a folder\n"),
        (["--model", "{folder}"], 3, "it has no config.json; expected a model folder\n"
         "hint: {folder}/a.gguf: a whole model, which --model takes\n"),
    ],
)  # fmt: skip
def test_wrong_use_says_what_to_do(path, tmp_path, capsys, options, code, said):
    (tmp_path / "a.gguf").write_bytes(b"GGUF")
    places = {"path": path, "folder": tmp_path}
    assert main(["show", TEXT, *(option.format(**places) for option in options)]) == code
    assert capsys.readouterr().err.endswith(said.format(**places))
