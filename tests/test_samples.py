"""The samples are what their scripts make, and what the README says of them holds."""

import html
import json
import math
import re
import runpy
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import attnviz
from attnviz.elsewhere.vectors import read_vectors
from tests.approved import UPDATE, assert_file_stored

SAMPLES = Path(__file__).parent.parent / "samples"
THREE = SAMPLES / "three-vectors"


@pytest.fixture(scope="module")
def three():
    """The three vectors' explanation for each query, as {step: {symbol: numbers}}, and PyTorch's numbers."""
    model = attnviz.load(THREE / "weights.npz")
    prepared = attnviz.prepare_vectors(model, read_vectors(THREE / "vectors.csv"))
    explanations = [attnviz.explain(model, prepared, query=i) for i in range(3)]
    numbers = [{s.name: {q.symbol: q.values for q in s.quantities} for s in e.steps} for e in explanations]
    return numbers, json.loads((THREE / "pytorch.json").read_text())


@pytest.mark.parametrize(
    ("step", "symbol", "key"), [("scale", "s", "scores"), ("softmax", "a", "weights"), ("weighted_sum", "z", "z")]
)
def test_the_three_vectors_have_pytorchs_numbers(three, step, symbol, key):
    numbers, torch = three
    for query in range(3):
        np.testing.assert_allclose(numbers[query][step][symbol], torch[key][query], atol=1e-12)


def test_the_three_vectors_scores_are_divided_by_the_root_of_three(three):
    numbers, _ = three
    for query in numbers:
        np.testing.assert_allclose(query["scale"]["s"], query["scores"]["r"] / 3**0.5, atol=1e-12)


def test_the_three_vectors_rows_differ_visibly(three):
    weights = np.array([query["softmax"]["a"] for query in three[0]])
    assert weights.max() - weights.min() > 0.5
    assert np.abs(weights[0] - weights[2]).max() > 0.2


def softmax(row):
    powers = [math.exp(one) for one in row]
    return [power / sum(powers) for power in powers]


def test_the_same_three_vectors_look_at_themselves_and_at_a_source():
    """In loops, from the tables of the script; queries are the same both times."""
    made = runpy.run_path(str(SAMPLES / "make.py"))
    vectors, (wq, wk) = made["WORDS"], (made["ATTENTION"][name] for name in ("wq", "wk"))
    source, target = ["le", "chat", "noir", "dort"], ["the", "cat", "sleeps"]

    def times(x, w):
        return [sum(x[i] * w[i][j] for i in range(3)) for j in range(3)]

    def rows(keys):
        queries = [times(vectors[word], wq) for word in target]
        found = [times(vectors[word], wk) for word in keys]
        return [softmax([sum(map(math.prod, zip(q, k, strict=True))) / 3**0.5 for k in found]) for q in queries]

    model = attnviz.load(SAMPLES / "translation" / "weights.npz")
    alone = attnviz.run("the cat sleeps", model=model)
    both = attnviz.run("le chat noir dort", target="the cat sleeps", model=model)
    np.testing.assert_allclose(alone.attention[0, 0], rows(target), atol=1e-12)
    np.testing.assert_allclose(both.cross_attention[0, 0], rows(source), atol=1e-12)
    assert [source[row.argmax()] for row in both.cross_attention[0, 0]] == ["le", "chat", "dort"]


def test_the_checkpoints_are_what_their_script_makes(tmp_path):
    copy = shutil.copytree(SAMPLES, tmp_path / "samples")
    names = ("tiny.safetensors", "three-vectors/weights.npz", "translation/weights.npz")
    for name in names:
        (copy / name).unlink()
    runpy.run_path(str(copy / "make.py"), run_name="__main__")
    for name in names:
        assert (copy / name).read_bytes() == (SAMPLES / name).read_bytes()


def test_the_tiny_checkpoint_gives_what_its_seed_gives():
    stored = attnviz.run("The cat sat", target="Le chat", weights=SAMPLES / "tiny.safetensors")
    fields = {name: stored.model.config[name] for name in ("n_heads", "d_model", "d_ff", "n_vocab", "n_ctx", "seed")}
    seeded = attnviz.run("The cat sat", target="Le chat", **fields)
    np.testing.assert_array_equal(stored.attention, seeded.attention)
    np.testing.assert_array_equal(stored.cross_attention, seeded.cross_attention)


def test_every_sentence_can_be_looked_at():
    sentences = (SAMPLES / "sentences.txt").read_text(encoding="utf-8").splitlines()
    for sentence in sentences:
        result = attnviz.run(sentence, config=SAMPLES / "block.toml")
        np.testing.assert_allclose(result.attention.sum(axis=-1), 1, atol=1e-5)
        assert len(result.tokens) > 1 or sentence.startswith("แ")  # Thai is written without spaces


def test_attention_saved_by_pytorch_is_the_same_from_both_files():
    (lists,) = attnviz.read_attention(SAMPLES / "from-pytorch.json")
    labels = [token.label for token in lists.tokens]
    (array,) = attnviz.read_attention(SAMPLES / "from-pytorch.npy", token_labels=labels)
    np.testing.assert_array_equal(array.attention, lists.attention)
    assert array.attention.shape == (1, 3, 7, 7)
    assert [t.label for t in array.tokens] == [t.label for t in lists.tokens]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A folder with the README's pictures as their script draws them now."""
    script = shutil.copy(SAMPLES / "pictures" / "make.py", tmp_path_factory.mktemp("pictures"))
    runpy.run_path(str(script), run_name="__main__")
    return Path(script).parent


@pytest.mark.parametrize("name", ["show.svg", "from.svg"])
def test_a_screen_of_the_readme_is_what_the_program_prints(pictures, name):
    assert_file_stored((pictures / name).read_text(encoding="utf-8"), SAMPLES / "pictures" / name)


def test_the_readme_says_in_words_what_its_first_picture_shows(pictures):
    readme = (SAMPLES.parent / "README.md").read_text(encoding="utf-8")
    (alternative,) = re.findall(r"!\[.*: (.*)\]\(.*show.svg\)", readme)
    assert f"prints: {alternative} (" in html.unescape((pictures / "show.svg").read_text(encoding="utf-8"))


FIGURES = runpy.run_path(str(SAMPLES / "pictures" / "figures.py"))


@pytest.mark.parametrize("name", FIGURES["COMMANDS"])
def test_the_figures_say_what_their_commands_draw_now(tmp_path, name):
    """Words and sizes are equal; pixels and paths depend on Matplotlib's version."""
    stored = SAMPLES / "pictures" / name
    FIGURES["draw"](name, tmp_path)
    if UPDATE:
        shutil.copyfile(tmp_path / name, stored)
    assert figure_words(tmp_path / name) == figure_words(stored)
    assert stored.stat().st_size < 150_000


def figure_words(path):
    """All that a figure says in words, and its size."""
    if path.suffix == ".png":
        with Image.open(path) as picture:
            return picture.size, picture.text
    text = path.read_text(encoding="utf-8")
    size = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', text)
    return size.groups(), re.findall(r"<(?:title|desc)>.*?</|<text [^>]*>.*?</text>", text)


def test_the_picture_of_the_page_is_small_and_fits_a_readme():
    """What it shows is drawn by a browser; the tests of the marker ``browser`` hold that."""
    path = SAMPLES / "pictures" / "page.png"
    with Image.open(path) as picture:
        assert picture.size == (1280, 800)
    assert path.stat().st_size < 150_000
