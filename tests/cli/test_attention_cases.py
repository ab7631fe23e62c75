"""``--attention`` and ``--alignment`` on small files as people save them: commands and the numbers they print."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

CASES = Path(__file__).parents[1] / "elsewhere" / "cases"
SECOND_LAYER = [[0.1, 0.8, 0.1], [0.3, 0.3, 0.4], [0.7, 0.2, 0.1]]


@pytest.fixture
def document(cli):
    def printed(*argv):
        ran = cli(*argv, "--json")
        assert ran.code == 0, ran.err
        (found,) = map(json.loads, ran.out.splitlines())
        return found

    return printed


def case(name):
    return str(CASES / name)


@pytest.mark.parametrize("name", ["c01_two_texts.jsonl", "c01_two_texts_with_model.jsonl"])
def test_the_means_of_several_texts_do_not_depend_on_a_stated_model(cli, document, name):
    found = document("heads", "--attention", case(name), "--columns", "self,previous")
    (head,) = found["heads"]
    assert (found["texts"], found["rows"]) == (2, 7)
    assert (head["self"], head["previous"]) == pytest.approx((3.2 / 7, 1.4 / 5))
    printed = cli("heads", "--attention", case(name), "--columns", "self,previous").out
    assert "means over 7 tokens of 2 texts" in printed


@pytest.mark.parametrize("command", ["heads --cluster", "check --where any(self>0)", "heads --per-text"])
@pytest.mark.parametrize("name", ["c01_two_texts.jsonl", "c18_list_of_documents.json"])
def test_every_command_works_on_several_texts_without_a_model(cli, command, name):
    ran = cli(*command.split(), "--attention", case(name))
    assert (ran.code, ran.err) == (0, "")


def test_pictures_of_several_texts_go_into_numbered_folders(cli, tmp_path):
    ran = cli("heatmap", "--attention", case("c18_list_of_documents.json"), "-o", "out", "--overview-only")
    assert ran.code == 0
    assert sorted(path.parent.name for path in (tmp_path / "out").rglob("*.png")) == ["text-001", "text-002"]


@pytest.mark.parametrize("name", ["c03_stack_batch1.npy", "c03_stack_batch1.json", "c04_layers.npz"])
def test_a_batch_of_one_and_arrays_of_layers(document, name):
    found = document("show", "--attention", case(name), "-L", "1", "-H", "0")
    np.testing.assert_allclose(found["attention"][0][0], SECOND_LAYER, rtol=1e-6)


def test_names_of_transformers(document):
    found = document("show", "--attention", case("c04_hf_names.npz"))
    shapes = {name: np.shape(found[name]) for name in ("attention", "decoder_attention", "cross_attention")}
    assert shapes == {
        "attention": (2, 2, 3, 3),
        "decoder_attention": (2, 2, 2, 2),
        "cross_attention": (2, 2, 2, 3),
    }


@pytest.mark.parametrize(
    "argv",
    [
        ("--attention", case("c06_square_cross.json")),
        (
            *("--attention", case("c06_square_cross.npy"), "--kind", "cross"),
            *("--query-tokens", "the cat sleeps", "--key-tokens", "le chat dort"),
        ),
    ],
)
def test_square_cross_attention(document, cli, argv):
    found = document("show", *argv)
    assert (found["target_tokens"], found["tokens"]) == (["the", "cat", "sleeps"], ["le", "chat", "dort"])
    np.testing.assert_allclose(found["cross_attention"][0][0][0], [0.9, 0.1, 0], rtol=1e-6)
    assert "cross-attention" in cli("show", *argv).out


def test_tokens_of_an_archive_label_its_matrices(document):
    found = document("show", "--attention", case("c13_attention_tokens.npz"), "-L", "0", "-H", "0")
    assert found["tokens"] == ["the", "cat", "sat"]


def test_a_list_of_documents_is_several_texts(cli):
    ran = cli("show", "--attention", case("c18_list_of_documents.json"), "--json")
    assert [json.loads(line)["tokens"] for line in ran.out.splitlines()] == [list("abc"), list("defg")]


def test_steps_of_a_generation_are_one_causal_matrix(document):
    found = document("show", "--attention", case("c21_generation_steps.json"))
    rows = [[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.2, 0.3, 0.5, 0], [0.1, 0.2, 0.3, 0.4]]
    np.testing.assert_allclose(found["attention"], [[rows]], rtol=1e-6)
    assert found["masked"] == np.triu(np.ones((4, 4), bool), 1).tolist()


def test_json_in_utf_16(document):
    assert document("show", "--attention", case("c15_utf16.json"))["tokens"] == ["a", "b"]


def test_a_batch_is_as_many_texts_and_heads_are_averaged_over_them(cli, document):
    weights = np.random.default_rng(0).dirichlet(np.ones(4), size=(2, 3, 5, 4)).astype(np.float32)  # layers, texts
    np.save("batch.npy", weights)
    axes = ("--attention", "batch.npy", "--axes", "layer,batch,head,query,key")
    found = document("heads", *axes, "--columns", "self")
    assert (found["texts"], found["rows"]) == (3, 12)
    assert found["heads"][0]["self"] == pytest.approx(weights[0, :, 0].diagonal(axis1=1, axis2=2).mean())
    lines = cli("show", *axes, "--json").out.splitlines()
    np.testing.assert_allclose([json.loads(line)["attention"] for line in lines], weights.swapaxes(0, 1), rtol=1e-6)


ALIGNED = ("--query-tokens", "the cat sleeps", "--key-tokens", "le chat dort")


@pytest.mark.parametrize(
    "argv",
    [
        ("--alignment", "a.txt", *ALIGNED),
        ("le chat dort", "--target", "the cat sleeps", "--alignment", "a.txt"),
        ("--file", "pairs.txt", "--format", "pairs", "--alignment", "a.txt"),
    ],
)
def test_alignments_are_hard_cross_attention(document, argv):
    Path("a.txt").write_text("0-0 1-1 2-1 2-2\n")
    Path("pairs.txt").write_text("le chat dort ||| the cat sleeps\n")
    found = document("show", *argv)
    assert (found["target_tokens"], found["tokens"]) == (["the", "cat", "sleeps"], ["le", "chat", "dort"])
    np.testing.assert_allclose(found["cross_attention"][0][0], [[1, 0, 0], [0, 0.5, 0.5], [0, 0, 1]])


def test_alignments_from_a_pipe_and_in_other_commands(cli):
    ran = cli("heads", "--alignment", "-", "--json", stdin="0-0 1-1\n1-0 0-1\n")
    assert json.loads(ran.out)["texts"] == 2
    assert cli("check", "--alignment", "-", "--where", "max(entropy) < 0.1", stdin="0-0 1-1\n").code == 0


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("a b", "--alignment", "a.txt"), "alignment: a text is given without its target; expected TEXT --target TEXT"),
        (
            ("--alignment", "a.txt", "--attention", "b.npy"),
            "alignment, attention: both are given; expected --alignment with --query-tokens and --key-tokens, or with "
            "a text and its --target",
        ),
        (
            ("--file", "a.txt", "--alignment", "a.txt"),
            "alignment, file: its texts have no target; expected lines SOURCE ||| TARGET (--format pairs), or "
            "--target-field NAME",
        ),
    ],
)
def test_what_an_alignment_cannot_go_with(cli, argv, message):
    Path("a.txt").write_text("0-0\n")
    ran = cli("show", *argv)
    assert (ran.code, ran.out, ran.err) == (2, "", f"attnviz: error: {message}\n")


_MEASURED = """
import resource, sys
from attnviz.cli.main import main
assert main(sys.argv[1:]) == 0
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted in other units elsewhere")
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_one_head_of_a_mapped_file_takes_the_memory_of_one_head(tmp_path, dtype):
    head = np.full((512, 512), 1 / 512, dtype)
    np.save(tmp_path / "small.npy", head[:8, :8] * 64)
    large = np.lib.format.open_memmap(tmp_path / "large.npy", "w+", dtype, (8, 10, 512, 512))
    large[:] = head
    large.flush()

    def kilobytes(name):
        argv = ("heads", "--attention", str(tmp_path / name), "-q", "-L", "0", "-H", "0")
        ran = subprocess.run([sys.executable, "-c", _MEASURED, *argv], capture_output=True, text=True, check=True)
        return int(ran.stderr)

    n_heads, one = 80, head.size * 4 // 1024
    assert kilobytes("large.npy") - kilobytes("small.npy") < n_heads * one // 3
