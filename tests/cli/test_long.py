"""A text whose matrices are too many to hold at once: printed as any other, a part at a time."""

import json

import pytest

from attnviz.encoder import attention
from attnviz.sweeps import runs
from tests.noise import equal_but_for_noise

TEXT = "Unquestionably the cat that chased the mouse was tired."
SMALL = ("--n-layers", "2", "--n-heads", "5", "--d-model", "20", "--n-vocab", "97", "--seed", "0")


@pytest.fixture
def held_in_parts(monkeypatch):
    """From when it is called, every text is a long one, and one head is computed at a time."""

    def begin():
        monkeypatch.setattr(runs, "MOST_HELD", 1)
        monkeypatch.setattr(attention, "_AT_ONCE", 1)

    return begin


@pytest.mark.parametrize(
    "argv",
    [
        ("show",),
        ("show", *SMALL),
        ("show", "-L", "0", "-H", "1,3", *SMALL),
        ("show", "-L", "all", "-H", "3,1", *SMALL),
        ("show", "--values", "scores", *SMALL),
        ("show", "-H", "L0H1,L0H3,L1H2", *SMALL),
        ("show", "-H", "L1H2,L0H1", *SMALL),
        ("show", "-H", "L0H1,L0H3,L1H2", "--values", "norms", "--top", "2", "--json", *SMALL),
        ("show", "-H", "L0H1,L1H2,L1H4", "--top", "2", "--json", "--hide-special"),
        ("heads", "-H", "L0H1,L0H3,L1H2", "--ablation", *SMALL),
        ("show", "--reduce", "mean-heads", "--hide-special", "--renormalize"),
        ("show", "--mask", "window", "--window", "1", "--window-layers", "1", "--reduce", "max", *SMALL),
        ("show", "--target", "the dog", "--kind", "cross", "--json", *SMALL),
        ("heads", "--words", "--columns", "all", "-L", "1,2"),
        ("heads", "--cluster", *SMALL),
        ("heads", "--ablation", *SMALL),
        ("check", "--where", "max(entropy) > 1", "--where", "L0H1.previous < 2", *SMALL),
    ],
    ids=" ".join,
)
def test_what_is_printed_of_a_long_text_is_what_is_printed_of_it_whole(cli, held_in_parts, argv):
    whole = cli(*argv, TEXT)
    held_in_parts()
    assert cli(*argv, TEXT) == whole
    assert (whole.code, whole.err) == (0, "")


@pytest.mark.parametrize("heads", ["0-1", "L0H1,L0H3,L1H2"])
def test_the_picture_of_a_long_text_is_that_of_it_whole(cli, held_in_parts, tmp_path, heads):
    assert cli("heatmap", TEXT, "-H", heads, "-o", "whole", "--overview-only", *SMALL).code == 0
    held_in_parts()
    assert cli("heatmap", TEXT, "-H", heads, "-o", "parts", "--overview-only", *SMALL).code == 0
    assert (tmp_path / "parts" / "overview.png").read_bytes() == (tmp_path / "whole" / "overview.png").read_bytes()


def test_a_long_text_among_others_has_its_place(cli, held_in_parts, tmp_path):
    (tmp_path / "texts.txt").write_text(f"a b\n{TEXT}\nc d\n")
    command = ("show", "--json", "--file", "texts.txt", "--n-ctx", "30", *SMALL)
    whole = cli(*command)
    held_in_parts()
    ran = cli(*command)
    assert (ran.code, ran.err, whole.code) == (0, "", 0)
    for ours, theirs in zip(ran.out.splitlines(), whole.out.splitlines(), strict=True):
        assert equal_but_for_noise(json.loads(ours), json.loads(theirs))
