"""Families whose settings say how stored tensors are transformed: what they refuse, and what has no golden folder."""

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz.checkpoints.huggingface.registry import find_family
from attnviz.errors import CheckpointError, ConfigError

GOLDEN = Path(__file__).parents[1] / "golden"


def changed(folder, tmp_path, **more):
    """A copy of a golden folder with other settings."""
    copy = tmp_path / folder
    shutil.copytree(GOLDEN / folder, copy)
    values = json.loads((copy / "config.json").read_text()) | more
    (copy / "config.json").write_text(json.dumps(values))
    return copy


def test_the_angles_of_ntk_are_those_of_the_published_loop():
    width, base, factor = 8, 20000.0, 8.0
    values = {"hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 1, "vocab_size": 9}
    values |= {"intermediate_size": 8, "rope_theta": base, "rope_scaling": {"type": "ntk", "factor": factor}}
    family = find_family("new")
    fields = family.config_fields(family.settings(values, "config.json"))
    for pair in range(width // 2):
        rate = 1 / ((base * factor) ** (2 * pair / width)) / factor ** (2 / width)
        ours = fields["rotary_base"] ** (-2 * pair / width) / fields["rotary_factor"]
        assert math.isclose(ours, rate, rel_tol=1e-12)


@pytest.mark.parametrize(
    ("folder", "more", "said"),
    [
        ("codegen", {"n_head": 2}, "n_head is 2"),
        ("gptj", {"rotary_dim": None}, "rotary_dim is null"),
        ("falcon", {"num_ln_in_parallel_attn": 2}, "num_ln_in_parallel_attn is 2"),
        ("falcon_new", {"num_ln_in_parallel_attn": 3}, "num_ln_in_parallel_attn is 3"),
        ("falcon_new", {"parallel_attn": False}, "parallel_attn is false"),
        ("falcon_serial", {"num_kv_heads": 1}, "num_kv_heads is 1"),
        ("squeezebert", {"embedding_size": 11}, "embedding_size is 11"),
        ("squeezebert", {"layer_norm_eps": 1e-5}, "layer_norm_eps is 1e-05"),
        ("squeezebert", {"q_groups": 3}, "query.weight"),
        ("new", {"rope_scaling": {"type": "dynamic", "factor": 2.0}}, 'type is "dynamic"'),
        ("new", {"rope_scaling": {"type": "ntk", "factor": 2.0, "mixed_b": 0.6}}, "mixed_b is set"),
    ],
)
def test_what_the_published_code_cannot_compute_is_one_error(folder, more, said, tmp_path):
    with pytest.raises((CheckpointError, ConfigError), match=said):
        attnviz.run("cat", model=attnviz.load(model=changed(folder, tmp_path, **more)))


def test_xglms_sinusoids_are_those_of_its_loop():
    family = find_family("xglm")
    table = family.computed["embed.positions"](family.settings({"pad_token_id": 4}, "config.json"), (6, 7))
    for row in range(6):
        position = row + 2
        for i in range(3):
            angle = 0.0 if position == 4 else position * math.exp(-math.log(10000) / 2 * i)
            expected = (0.0, 0.0) if position == 4 else (math.sin(angle), math.cos(angle))
            np.testing.assert_allclose(table[row, [i, 3 + i]], expected, atol=1e-6)
        assert table[row, 6] == 0
