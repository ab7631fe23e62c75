"""Greedy continuations are those of transformers, token for token, and the cache changes no attention."""

import json
import shutil
import sys
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz.checkpoints.formats.tensors import open_tensors
from attnviz.checkpoints.huggingface.generation.generation_config import FILE, read_generation
from attnviz.checkpoints.huggingface.settings import Settings
from attnviz.encoder.embedding import Sequence
from attnviz.encoder.generation.greedy import generated_ids, keeps_keys, text_step
from attnviz.encoder.generation.rules import GenerationRules
from attnviz.encoder.stack import encode
from attnviz.errors import CheckpointError
from attnviz.sweeps.preparation import prepare
from tests.checkpoints.folders import write_safetensors

GOLDEN = Path(__file__).parents[1] / "golden"
sys.path.insert(0, str(GOLDEN))
from generated import UNLIKE, head_tensor  # noqa: E402

DOCUMENT = json.loads((GOLDEN / "generated.json").read_text())
FOLDERS = DOCUMENT["folders"]
NO_RULES = GenerationRules()


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A golden model, with the head that its folder leaves out."""

    @cache
    def load(name):
        folder, added = GOLDEN / name, FOLDERS[name]["added"]
        if added:
            copy = tmp_path_factory.mktemp("with_head") / "model"
            shutil.copytree(folder, copy)
            file = open_tensors(folder / "model.safetensors")
            tensors = {one: file.array(one) for one in file.shapes}
            tensors |= {one: head_tensor(one, shape) for one, shape in added.items()}
            write_safetensors(copy / "model.safetensors", tensors)
            folder = copy
        return attnviz.load(model=folder)

    return load


def written(model, ids, rules=NO_RULES, most=12):
    step = text_step(model.params, model.config)
    return list(generated_ids(step, model.config, model.unembedding(), ids, rules, most=most))


WITH_TARGET = [name for name in FOLDERS if "t0_target_ids" in np.load(GOLDEN / name / "golden.npz")]
DECODERS = [name for name in FOLDERS if name not in WITH_TARGET]


@pytest.mark.parametrize("name", WITH_TARGET)
def test_targets_are_those_of_transformers(loaded, name):
    arrays = np.load(GOLDEN / name / "golden.npz")
    model = loaded(name)
    usual = model.generation()
    ruled = usual._replace(rules=replace(usual.rules, **UNLIKE))
    for i, generation in enumerate((usual, ruled)):
        expected = FOLDERS[name][f"t{i}"]
        asked = replace(model, generation=lambda generation=generation: generation)
        prepared = prepare(asked, str(arrays["texts"][i]), generate=12)
        assert [token.id for token in prepared.tokens] == arrays[f"t{i}_ids"].tolist()
        assert prepared.target.ids[1 : len(expected) + 1].tolist() == expected
        begins = 1 + (generation.rules.forced_first is not None or name in ("m2m_100", "nllb"))
        generated = [token.generated for token in prepared.target_tokens]
        assert generated == [False] * begins + [True] * (len(prepared.target) - begins)


@pytest.mark.parametrize("name", DECODERS)
def test_continuations_are_those_of_transformers(loaded, name):
    model, arrays = loaded(name), np.load(GOLDEN / name / "golden.npz")
    rules, notes = model.generation()
    assert notes == ()
    unlike = replace(rules, **UNLIKE)
    for text, with_rules in (("t0", rules), ("t1", unlike)):
        expected, ids = FOLDERS[name][text], arrays[f"{text}_ids"]
        most = min(12, model.config.n_ctx - len(ids))
        assert written(model, ids, with_rules, most)[: len(expected)] == expected


@pytest.mark.parametrize(("name", "ruled"), [(name, one) for name, ruled in DOCUMENT["rules"].items() for one in ruled])
def test_rules_of_generation_config_are_kept(loaded, tmp_path, name, ruled):
    model, ids = loaded(name), np.load(GOLDEN / name / "golden.npz")["t0_ids"]
    (tmp_path / FILE).write_text(json.dumps(ruled["settings"]))
    rules, notes = read_generation(tmp_path, Settings({}, "config.json", "Llama"))
    assert notes == ()
    assert written(model, ids, rules) == ruled["t0"]


@pytest.mark.parametrize("name", DECODERS)
def test_the_cache_changes_no_attention(loaded, name):
    """Row by row, attention of a text that grows is that of the whole text."""
    model, ids = loaded(name), np.load(GOLDEN / name / "golden.npz")["t0_ids"]
    config, n = model.config, len(ids)
    whole = weights_of(encode(model.params, config, Sequence(ids=ids)))
    step, past, start = text_step(model.params, config), {}, 0
    for end in (n - 3, n - 1):
        if start and not keeps_keys(config, start, end):
            past, start = {}, 0
        _, past = step(ids[:end], start, past)
        start = end
    past = past if keeps_keys(config, start, n) else {}
    last = weights_of(encode(model.params, config, Sequence(ids=ids, start=start if past else 0), past))
    for layer, weights in last.items():
        np.testing.assert_allclose(weights[:, -1], whole[layer][:, -1], atol=1e-5)


def weights_of(arrays):
    """(n_heads, n_q, n_k) by layer."""
    found = {}
    for address, value in arrays:
        if address.name == "weights":
            found.setdefault(address.layer, []).append(value.copy())
    return {layer: np.concatenate(groups) for layer, groups in found.items()}


def test_rules_that_greedy_leaves_out_are_named(tmp_path):
    (tmp_path / FILE).write_text('{"num_beams": 4, "do_sample": true, "temperature": 0.6}')
    _, notes = read_generation(tmp_path, Settings({}, "config.json", "Llama"))
    assert notes == ("generation_config.json asks for num_beams 4: the continuation is the greedy one, without it",)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"eos_token_id": "end"}, 'eos_token_id is "end"; expected an id, or a list of ids'),
        ({"bad_words_ids": [[]]}, "bad_words_ids is [[]]; expected a list of lists of ids"),
        ({"repetition_penalty": 0}, "repetition_penalty is 0; expected 1e-06 or more, below 2147483648"),
        ({"exponential_decay_length_penalty": 3}, "is 3; expected [first token, factor]"),
        ({"exponential_decay_length_penalty": [float("nan"), 1]}, "is [NaN, 1]; expected [first token, factor], below"),
        ({"exponential_decay_length_penalty": [1, 1e300]}, "is [1, 1e+300]; expected [first token, factor], below"),
    ],
)
def test_a_rule_that_cannot_be_is_an_error(tmp_path, values, said):
    (tmp_path / FILE).write_text(json.dumps(values))
    with pytest.raises(CheckpointError) as raised:
        read_generation(tmp_path, Settings({}, "config.json", "Llama"))
    assert said in str(raised.value)


def test_a_folder_without_its_head_says_so():
    with pytest.raises(CheckpointError) as raised:
        attnviz.load(model=GOLDEN / "mistral").unembedding()
    assert str(raised.value).endswith(
        "config.json: the files have no lm_head.weight, so nothing makes words of this Mistral model's outputs; "
        "expected a model with its language head (saved as ...ForCausalLM)"
    )


def test_angles_that_follow_the_length_are_computed_anew():
    """Beyond its first training a text's longer form has other angles for all tokens."""
    fields = {
        "mask": "causal",
        "position": "rotary",
        "rotary_scaling": "dynamic",
        "rotary_factor": 4.0,
        "rotary_ctx": 8,
    }
    model = attnviz.load(seed=3, **fields)
    assert keeps_keys(model.config, 6, 8)
    assert not keeps_keys(model.config, 8, 9)
    ids = np.arange(5, 12)
    step = text_step(model.params, model.config)
    grown = list(islice(generated_ids(step, model.config, model.unembedding(), ids, NO_RULES, most=6), 6))
    for i, chosen in enumerate(grown):
        output, _ = step(np.append(ids, grown[:i]), 0, {})
        assert model.unembedding().logits(output).argmax() == chosen
