"""Families that count positions without padding tokens: in a text, around it, in native files, in explanations."""

import json
import shutil

import numpy as np
import pytest

import attnviz
from attnviz.analysis.matrices.selection import Request
from attnviz.checkpoints.formats.native import read_native, write_native
from attnviz.encoder.parameters.params import ArrayParams
from attnviz.encoder.parameters.shapes import tensor_shapes
from attnviz.errors import CheckpointError, ConfigError
from attnviz.model import load
from attnviz.sweeps.runs import runs
from tests.checkpoints.folders import write_bert
from tests.checkpoints.huggingface.test_families import CLOSE, GOLDEN, tensors_of

CASE = GOLDEN.parent / "cases" / "literal-pad-roberta"
FAMILIES = ("roberta", "xlm-roberta", "camembert", "mpnet")
TABLE = "embeddings.position_embeddings.weight"


def golden(name):
    with np.load(GOLDEN / name / "golden.npz") as file:
        return dict(file)


def position_table(folder):
    """The stored table of positions, the padding's row and those before it too."""
    (table,) = (array for name, array in tensors_of(folder).items() if name.endswith(TABLE))
    return table.astype(np.float32)


def explained(model, text, query):
    """What the explanation of a token's vector says of its position, and the position's vector."""
    found = attnviz.explain(model, attnviz.prepare(model, text), query=query, layer=0, head=0)
    (position,) = (quantity for quantity in found.steps[0].quantities if quantity.symbol == "p")
    return position.meaning, position.values


def test_a_padding_token_in_a_text_has_no_position_of_its_own():
    with np.load(CASE / "expected.npz") as expected:
        result = attnviz.run("The cat <pad> sat on the mat", model=attnviz.load(model=CASE))
        assert [token.id for token in result.tokens] == expected["ids0"].tolist()
        np.testing.assert_allclose(result.attention, expected["a0"], atol=CLOSE, rtol=0)


@pytest.mark.parametrize("name", FAMILIES)
def test_filling_up_changes_no_position(name):
    expected = golden(name)
    model, filled = attnviz.load(model=GOLDEN / name), expected["filled_ids"]
    result = attnviz.run(str(expected["pad_text"]), model=model, pad_to=len(filled))
    assert [token.id for token in result.tokens] == filled.tolist()
    np.testing.assert_allclose(result.attention, expected["filled_attention"], atol=CLOSE, rtol=0)


@pytest.mark.parametrize("name", FAMILIES)
def test_texts_run_together_have_the_positions_that_each_has_alone(name):
    expected = golden(name)
    model = attnviz.load(model=GOLDEN / name)
    texts = [str(expected["texts"][0]), str(expected["pad_text"]), f"{model.tokenizer.padding} dog"]
    together = runs(model, [attnviz.prepare(model, text) for text in texts], Request())
    for text, run in zip(texts, together, strict=True):
        alone = attnviz.run(text, model=model)
        np.testing.assert_allclose(run.result().attention, alone.attention, atol=CLOSE, rtol=0)


@pytest.mark.parametrize("name", FAMILIES)
def test_an_explanation_names_each_position_and_has_its_row_of_the_table(name):
    model, table = attnviz.load(model=GOLDEN / name), position_table(GOLDEN / name)
    text = str(golden(name)["pad_text"])
    ids = golden(name)["pad_ids"].tolist()
    pads = [i for i, number in enumerate(ids) if number == 1]
    assert len(pads) == 3
    for i in range(len(ids)):
        meaning, vector = explained(model, text, i)
        position = i - sum(pad < i for pad in pads)
        is_pad = i in pads
        assert meaning == ("the padding token's, which has no position" if is_pad else f"position {position} (learned)")
        np.testing.assert_array_equal(vector, table[1 if is_pad else position + 2])


@pytest.mark.parametrize("name", FAMILIES)
def test_the_padding_token_is_the_settings_own_except_mpnets(name, tmp_path):
    folder = tmp_path / name
    shutil.copytree(GOLDEN / name, folder)
    settings = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(settings | {"pad_token_id": 3}))
    model, table = attnviz.load(model=folder), position_table(folder)
    is_fixed = name == "mpnet"
    assert model.config.position.pad_id == (1 if is_fixed else 3)
    assert model.config.n_ctx == settings["max_position_embeddings"] - (2 if is_fixed else 4)
    _, vector = explained(model, str(golden(name)["pad_text"]), 0)
    np.testing.assert_array_equal(vector, table[2 if is_fixed else 4])


def test_a_native_file_keeps_the_padding_token_and_its_row(tmp_path):
    model, native = attnviz.load(model=CASE), tmp_path / "native.npz"
    write_native(native, model.config, model.params, tokenizer_json=model.tokenizer.json_text)
    read = read_native(native)
    assert read.config == model.config
    np.testing.assert_array_equal(read.params["embed.positions"], position_table(CASE)[1:])


def test_a_native_file_from_before_counts_every_token(tmp_path):
    model, native = attnviz.load(model=CASE), tmp_path / "native.npz"
    config = model.config.replaced({"pad_id": None})
    rows = {name: model.params[name] for name in tensor_shapes(config)}
    rows["embed.positions"] = rows["embed.positions"][1:]
    write_native(native, config, ArrayParams(rows), tokenizer_json=model.tokenizer.json_text)
    with np.load(native) as file:
        arrays = dict(file)
    header = json.loads(str(arrays["config"]))
    del header["pad_id"]
    np.savez(native, **arrays | {"config": np.array(json.dumps(header))})
    older, text = attnviz.load(native), "The cat sat on the mat"
    assert older.config.position.pad_id is None
    np.testing.assert_array_equal(attnviz.run(text, model=older).attention, attnviz.run(text, model=model).attention)
    assert explained(older, "The cat <pad> sat", 3)[0] == "position 3 (learned)"


def test_random_weights_can_leave_out_a_token_too():
    model = load(position="learned", pad_id=5, n_vocab=11, n_ctx=7, seed=4)
    assert model.params["embed.positions"].shape == (8, 64)
    decoder = load(position="learned", pad_id=5, n_vocab=11, n_ctx=7, seed=4, decoder=True)
    result = attnviz.run("a b c", model=decoder, target="c b a")
    assert set(result.views) == {"encoder", "decoder", "cross"}


@pytest.mark.parametrize("position", ["none", "sinusoidal"])
def test_another_kind_of_position_has_no_padding_row(position):
    assert attnviz.load(model=CASE, position=position).config.position.pad_id is None
    with pytest.raises(ConfigError, match="pad_id, position: pad_id is 1"):
        attnviz.load(model=CASE, position=position, pad_id=1)


def test_a_padding_token_beside_a_model_without_a_row_for_it_is_an_error(tmp_path):
    folder = write_bert(tmp_path / "bert")
    with pytest.raises(CheckpointError, match=r"bert: its weights have pad_id=None, not pad_id=0"):
        attnviz.load(model=folder, pad_id=0)
