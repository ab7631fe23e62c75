"""Rotary settings give the frequencies of transformers (``golden/make_rope.py`` made them), or one clear error."""

import json
from pathlib import Path

import numpy as np
import pytest

from attnviz.checkpoints.huggingface.known_settings import check_settings
from attnviz.checkpoints.huggingface.registry import find_family
from attnviz.encoder.config.block import Block
from attnviz.encoder.positions.rotary import rotary_frequencies, rotations

CASES = json.loads((Path(__file__).parents[2] / "golden" / "rope.json").read_text())


def read(values):
    family = find_family(values["model_type"])
    settings = family.settings(values, "config.json")
    return Block(**family.config_fields(settings)), check_settings(settings, family)


def name(case):
    return f"{case['settings']['rope_scaling']['rope_type']}-{case['n']}"


@pytest.mark.parametrize("case", CASES, ids=name)
def test_frequencies_and_the_attention_factor_are_those_of_transformers(case):
    config, notes = read(case["settings"])
    frequencies = rotary_frequencies(config.position, config.d_head, case["n"])
    np.testing.assert_allclose(frequencies, case["frequencies"], rtol=1e-6, atol=0)
    np.testing.assert_allclose(config.position.attention_factor, case["attention_factor"], rtol=1e-6)
    assert notes == ()


def test_every_kind_of_stretching_has_a_case():
    kinds = {case["settings"]["rope_scaling"]["rope_type"] for case in CASES}
    assert kinds == {"linear", "dynamic", "llama3", "yarn", "longrope", "proportional"}


@pytest.mark.parametrize("case", [case for case in CASES if case["settings"]["rope_scaling"]["rope_type"] == "yarn"])
def test_the_native_header_keeps_what_was_read(case):
    config, _ = read(case["settings"])
    assert Block(**json.loads(json.dumps(config.as_dict()))) == config


def test_the_texts_of_a_batch_have_the_angles_of_their_own_length():
    config, _ = read(next(case["settings"] for case in CASES if name(case) == "longrope-1025"))
    lengths = np.array([1025, 3])
    together = rotations(config.position, config.d_head, 1025, lengths=lengths)
    assert together.shape == (2, 1, 1025, 8)
    for turned, length in zip(together[:, 0], lengths, strict=True):
        alone = rotations(config.position, config.d_head, int(length))
        np.testing.assert_array_equal(turned[:length], alone)
    assert not np.allclose(together[0], together[1])
