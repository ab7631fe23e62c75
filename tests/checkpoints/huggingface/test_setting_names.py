"""Errors on the fields of a folder's block name the settings of its ``config.json`` too."""

import json
import shutil
from pathlib import Path

import pytest

from attnviz.checkpoints.huggingface.folder import read_folder
from attnviz.checkpoints.huggingface.known_settings import check_settings
from attnviz.checkpoints.huggingface.registry import find_family
from attnviz.errors import CheckpointError

GOLDEN = Path(__file__).parents[1] / "golden"

WRONG = [
    ("llama", {"rope_theta": 0.5}, "rotary_base (rope_theta): 0.5 is too small; expected 1 or more"),
    (
        "llama",
        {"rope_parameters": {"rope_type": "default", "rope_theta": 0.25}},
        "rotary_base (rope_parameters.rope_theta): 0.25 is too small; expected 1 or more",
    ),
    (
        "llama",
        {"rope_scaling": {"rope_type": "linear", "factor": 0.0}},
        "rotary_factor (rope_scaling.factor): 0.0 is too small; expected 1e-06 or more",
    ),
    ("gpt_neox", {"rotary_emb_base": 0.5}, "rotary_base (rotary_emb_base): 0.5 is too small; expected 1 or more"),
    (
        "modernbert",
        {"local_rope_theta": 0.5},
        "window_rotary_base (local_rope_theta): 0.5 is too small; expected 1 or more",
    ),
    ("bert", {"num_hidden_layers": 20000}, "n_layers (num_hidden_layers): it is too large; expected less than 2^14"),
    ("gpt2", {"n_layer": 20000}, "n_layers (n_layer): it is too large; expected less than 2^14"),
    (
        "gpt2",
        {"n_layer": None, "num_hidden_layers": 20000},
        "n_layers (num_hidden_layers): it is too large; expected less than 2^14",
    ),
]


@pytest.mark.parametrize(("name", "settings", "message"), WRONG)
def test_a_message_names_the_field_and_the_files_setting(tmp_path, name, settings, message):
    folder = tmp_path / "model"
    shutil.copytree(GOLDEN / name, folder)
    values = json.loads((folder / "config.json").read_text())
    if "rope_theta" in settings or "rotary_emb_base" in settings or "local_rope_theta" in settings:
        values.pop("rope_parameters", None)
    values |= settings
    (folder / "config.json").write_text(json.dumps({key: value for key, value in values.items() if value is not None}))
    with pytest.raises(CheckpointError) as error:
        read_folder(folder)
    assert str(error.value) == f"{folder}/config.json: {message}"


@pytest.mark.parametrize(
    ("more", "hint"),
    [
        ({"alibi": True}, "if the model was trained without it, remove it from config.json"),
        (
            {"alibi": True, "relative_attention": True},
            "if the model was trained without them, remove them from config.json",
        ),
    ],
)
def test_a_setting_that_is_not_computed_is_to_be_removed(more, hint):
    family = find_family("bert")
    values = json.loads((GOLDEN / "bert" / "config.json").read_text())
    settings = family.settings(values | more, "config.json")
    family.config_fields(settings)
    with pytest.raises(CheckpointError) as error:
        check_settings(settings, family)
    assert error.value.hint == hint
    family.config_fields(settings := family.settings(values, "config.json"))
    check_settings(settings, family)


def test_gelu_python_tanh_is_the_approximation():
    values = json.loads((GOLDEN / "bert" / "config.json").read_text()) | {"hidden_act": "gelu_python_tanh"}
    family = find_family("bert")
    assert family.config_fields(family.settings(values, "config.json"))["activation"] == "gelu_tanh"
