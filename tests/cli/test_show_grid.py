"""``show --grid``: all heads in small, for any input and selection."""

import numpy as np
import pytest

TEXT = "The animal didn't cross the street because it was too tired."
MODEL = ("--seed", "3")


def names_in(out):
    """The names above the thumbnails."""
    lines = [line.split() for line in out.splitlines()]
    rows = [words for words in lines if words and all(word.startswith("L") and "H" in word for word in words)]
    return [word.removesuffix("*") for row in rows for word in row]


def test_every_head_of_the_model_is_there_below_the_text(cli):
    ran = cli("show", TEXT, "--grid", "--width", "200")
    lines = ran.out.splitlines()
    assert (ran.code, ran.err, lines[0]) == (0, "", TEXT)
    assert lines[1] == "36 heads at a glance: tiny (3 layers x 12 heads), special tokens left out"
    assert names_in(ran.out) == [f"L{layer}H{head}" for layer in range(3) for head in range(12)]
    assert len([line for line in lines if line.startswith("L")]) == 3
    assert "attnviz" not in lines[-1]
    assert lines[-1].startswith("-H L2H1 shows one in full")  # the head that `show` prints


def test_heads_that_are_chosen(cli):
    assert names_in(cli("show", TEXT, *MODEL, "--grid", "-L", "1", "-H", "0,2").out) == ["L1H0", "L1H2"]
    assert names_in(cli("show", TEXT, *MODEL, "--grid", "-H", "L1H3,L0H2").out) == ["L1H3", "L0H2"]


def test_cross_attention_and_attention_from_elsewhere(cli):
    out = cli("show", "the cat sat", "--target", "le chat", *MODEL, "--grid").out
    assert "target rows look at source columns" in " ".join(out.split())
    np.save("scores.npy", np.full((1, 2, 2, 2), 0.5, np.float32))
    out = cli("show", "--attention", "scores.npy", "--grid").out
    assert out.startswith("2 heads at a glance: scores.npy (1 layer x 2 heads)\n")
    assert names_in(out) == ["L0H0", "L0H1"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--values", "norms"), "8 heads at a glance"),
        (("--values", "scores"), "8 heads at a glance"),
        (("--values", "zeroing"), "2 matrices at a glance"),
        (("--reduce", "mean-heads"), "2 matrices at a glance"),
        (("--reduce", "rollout"), "1 matrix at a glance"),
    ],
)
def test_other_values_and_reductions(cli, options, words):
    ran = cli("show", TEXT, *MODEL, "--grid", *options)
    assert (ran.code, words in ran.out) == (0, True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--from", "it"), "from, grid: each is a view of its own; expected one of them"),
        (("--style", "top"), "grid, style: a style is of one matrix; expected --style or --grid"),
        (("--top", "2"), "grid, top: thumbnails have no numbers; expected --grid or --top"),
        (("--precision", "2"), "grid, precision: thumbnails have no numbers; expected --grid or --precision"),
        (("--json",), "grid, json: thumbnails are a picture for people; expected --grid or --json"),
    ],
)
def test_what_a_grid_cannot_show(cli, options, message):
    ran = cli("show", TEXT, "--grid", *options)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"attnviz: error: {message}\n")
