"""Real models as their packages ship them: RXNMapper's ALBERT and rxnfp's BERT (``golden/make_reactions.py``).

Their weights are files that ``torch.save`` wrote before PyTorch 1.6, their vocabulary is a ``vocab.txt``, and a regular
expression splits reactions into atoms and bonds.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz.checkpoints.formats.tensors import open_tensors
from attnviz.cli.main import main
from attnviz.errors import CheckpointError

pytestmark = pytest.mark.checkpoint
GOLDEN = Path(__file__).parents[1] / "golden"


def assert_as_transformers(name, folder):
    with np.load(GOLDEN / f"{name}.npz") as golden:
        model = attnviz.load(model=folder, tokenizer=f"regex:{golden['pattern']}")
        assert model.unknown == ()
        for i, text in enumerate(golden["texts"]):
            result = attnviz.run(str(text), model=model)
            assert [token.id for token in result.tokens] == golden[f"t{i}_ids"].tolist()
            layers = result.attention[golden["layers"]]
            np.testing.assert_allclose(layers, golden[f"t{i}_attention"], atol=2e-5, rtol=0)


def test_rxnmapper_s_ids_and_attention_are_those_of_transformers(rxnmapper):
    assert_as_transformers("rxnmapper", rxnmapper)


def test_rxnfp_s_ids_and_attention_are_those_of_transformers(rxnfp):
    assert_as_transformers("rxnfp", rxnfp / "bert_ft_10k_25s")


def test_every_setting_and_tensor_is_accounted_for(rxnmapper, rxnfp):
    for folder in (rxnmapper, rxnfp / "bert_ft_10k_25s"):
        model = attnviz.load(model=folder, tokenizer="regex:.")
        assert (model.unknown, model.notes) == ((), ())


@pytest.mark.parametrize("name", ["bert_ft", "bert_pretrained"])
def test_folders_that_do_not_say_what_they_are_are_read_as_bert(rxnfp, name, capfd):
    command = ["show", "CCO", "--model", str(rxnfp / name), "--as", "bert", "--tokenizer", "regex:.", "--json"]
    assert main(command) == 0
    printed = capfd.readouterr()
    assert np.array(json.loads(printed.out)["attention"]).shape == (12, 4, 5, 5)
    assert "model_type is missing, read as bert (--as)" in printed.err
    assert "tensors" not in printed.err


def test_the_digest_is_the_file_s(rxnmapper):
    digest = hashlib.sha256((rxnmapper / "pytorch_model.bin").read_bytes()).hexdigest()
    assert attnviz.load(model=rxnmapper, tokenizer="regex:.").info.weights == f"sha256:{digest}"


def test_without_the_expression_the_folder_has_no_tokenizer(rxnmapper):
    with pytest.raises(CheckpointError, match=r"it has no tokenizer; expected tokenizer\.json") as error:
        attnviz.load(model=rxnmapper)
    assert "--tokenizer regex:PATTERN" in error.value.hint


def test_other_files_of_the_packages_are_refused_by_name(rxnmapper, rxnfp):
    for folder in (rxnmapper, rxnfp / "bert_ft_10k_25s"):
        with pytest.raises(CheckpointError, match=r"its pickle names argparse\.Namespace, which could run a program"):
            open_tensors(folder / "training_args.bin")


def test_a_head_that_maps_atoms_is_seen_in_the_terminal(rxnmapper, capfd):
    with np.load(GOLDEN / "rxnmapper.npz") as golden:
        pattern = f"regex:{golden['pattern']}"
    assert main(["show", "CCBr>>CCBr", "--model", str(rxnmapper), "--tokenizer", pattern, "-H", "L10H5"]) == 0
    assert '"C" (1) looks most at "C" (5) (79%)' in capfd.readouterr().out
