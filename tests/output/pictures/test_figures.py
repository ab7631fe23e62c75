"""Heat maps as files: what is in them, where, and that nothing else happens."""

import os
import subprocess
import sys
from dataclasses import replace
from functools import partial
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from attnviz.errors import OutputError, UsageError
from attnviz.names import PICTURE_FORMATS
from attnviz.output.colormaps import table
from attnviz.output.pictures import drawing, figures
from attnviz.output.pictures.drawing import Drawing, families_for, matplotlib_palette
from attnviz.output.pictures.style import PictureStyle
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token
from tests.output.pictures.drawn import FONTS, heads

NASTY = [
    "$$",
    "$x^2$",
    "[red]x[/]",
    "\\frac{1}{2}",
    "a" * 500,
    "a\nb",
    "\ud800",
    "--> <&>",
    "é",
    "·hi",
    "העברית",
    "∅",
    "hi",
    "hi",
]


def tokens(words):
    return tuple(Token(word, word) for word in words)


def attention(n_layers=2, n_heads=3, n_queries=5, n_keys=7, *, causal=False, **fields):
    scores = np.random.default_rng(0).normal(0, 2, (n_layers, n_heads, n_queries, n_keys))
    masked = None
    if causal:
        masked = np.broadcast_to(~np.tri(n_queries, n_keys, dtype=bool), (n_layers, n_queries, n_keys))
        scores = np.where(masked[:, None], -np.inf, scores)
    weights = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    base = Attention(
        weights,
        tokens(f"q{i}" for i in range(n_queries)),
        tokens(f"k{i}" for i in range(n_keys)),
        tuple(range(n_layers)),
        tuple(range(n_heads)),
        ModelInfo("toy", "seed:0"),
        masked=masked,
    )
    return replace(base, **({"matrices": scores} if fields.get("values") == "scores" else {}), **fields)


def write_heatmaps(view, folder, *, formats=("png",), **options):
    """Writes them in a style of keywords."""
    more = {
        name: options.pop(name) for name in ("overview_only", "prefix", "force", "note", "progress") if name in options
    }
    return figures.write_heatmaps(view, folder, PictureStyle(formats=tuple(formats), **options), **more)


@pytest.mark.parametrize("scale", ["shared", "head"])
@pytest.mark.parametrize("values", ["weights", "scores"])
def test_pictures_drawn_one_after_the_other_are_those_drawn_alone(scale, values):
    scenes = heads(attention(causal=True, values=values), scale=scale)
    with drawing.own_settings():
        one_by_one = Drawing(FONTS, 80)
        for scene in scenes:
            assert (one_by_one.pixels(scene) == Drawing(FONTS, 80).pixels(scene)).all()
            alone = replace(scene, fixed=(*scene.fixed, *scene.moving), moving=())
            assert (one_by_one.pixels(scene) == Drawing(FONTS, 80).pixels(alone)).all()


def test_every_cell_has_its_values_colour_with_queries_down_and_keys_across(tmp_path):
    values = np.linspace(0.05, 0.95, 6).reshape(1, 1, 2, 3)
    write_heatmaps(attention(1, 1, 2, 3, matrices=values), tmp_path, cmap="magma", dpi=100)
    pixels = np.asarray(Image.open(tmp_path / "L00H00.png").convert("RGB"))
    centres = np.empty((2, 3, 2))
    for i in range(2):
        for j in range(3):
            colour = tuple(matplotlib_palette("magma")[int(values[0, 0, i, j] * 256)][:3])
            found = np.argwhere((pixels == colour).all(axis=-1))
            assert len(found) > 1000  # a cell, not the colour bar's one row
            centres[i, j] = np.median(found, axis=0)
    assert np.ptp(centres[..., 0], axis=1).max() <= 1
    assert np.ptp(centres[..., 1], axis=0).max() <= 1
    assert centres[0, 0, 0] < centres[1, 0, 0]
    assert centres[0, 0, 1] < centres[0, 1, 1] < centres[0, 2, 1]


def test_the_colour_bar_has_its_high_end_at_the_top(tmp_path):
    write_heatmaps(attention(1, 1, 1, 1, matrices=np.full((1, 1, 1, 1), 0.5)), tmp_path, dpi=100)
    pixels = np.asarray(Image.open(tmp_path / "L00H00.png").convert("RGB"))
    colours = {tuple(colour): i for i, colour in enumerate(table("paper"))}
    rows = {colours.get(tuple(pixel)): y for y, row in enumerate(pixels) for pixel in row}
    low, high = (min(y for i, y in rows.items() if i in ends) for ends in (range(10, 60), range(200, 250)))
    assert high < low


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({}, ["overview", "L00H00", "L00H01", "L00H02", "L01H00", "L01H01", "L01H02"]),
        ({"n_layers": 1, "n_heads": 1}, ["L00H00"]),
        ({"n_heads": 1, "reduce": "mean-heads"}, ["overview", "L00mean", "L01mean"]),
        ({"n_layers": 1, "n_heads": 1, "reduce": "max"}, ["max"]),
    ],
)
def test_the_files_are_returned_in_order_and_are_all_there_is(tmp_path, fields, names):
    calls = []
    written = write_heatmaps(
        attention(**fields), tmp_path / "new", formats=("png", "svg"), dpi=50, progress=lambda *n: calls.append(n)
    )
    assert written == [tmp_path / "new" / f"{name}.{ending}" for name in names for ending in ("png", "svg")]
    assert sorted(os.listdir(tmp_path / "new")) == sorted(path.name for path in written)
    assert calls == [(i + 1, len(names)) for i in range(len(names))]


def test_own_files_are_replaced_and_others_left_alone(tmp_path):
    (tmp_path / "mine.png").write_bytes(b"mine")
    for size in (40, 50):
        write_heatmaps(attention(1, 1), tmp_path, dpi=size)
    with Image.open(tmp_path / "L00H00.png") as image:
        assert image.info["dpi"] == pytest.approx((50, 50), abs=0.1)
    (tmp_path / "L00H00.png").write_bytes(b"another program's")
    with pytest.raises(OutputError, match="exists already"):
        write_heatmaps(attention(1, 1), tmp_path, dpi=50)
    assert (tmp_path / "L00H00.png").read_bytes() == b"another program's"
    write_heatmaps(attention(1, 1), tmp_path, dpi=50, force=True)
    assert (tmp_path / "L00H00.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "mine.png").read_bytes() == b"mine"
    assert write_heatmaps(attention(1, 1), tmp_path / "o", dpi=50, overview_only=True) == [tmp_path / "o/overview.png"]
    assert os.listdir(tmp_path / "o") == ["overview.png"]


def test_the_same_input_gives_the_same_bytes_whatever_the_users_settings(tmp_path):
    draw = partial(write_heatmaps, attention(1, 2), formats=PICTURE_FORMATS, dpi=50)
    first = [path.read_bytes() for path in draw(tmp_path / "a")]
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "text.parse_math": False, "savefig.dpi": 20}):
        second = [path.read_bytes() for path in draw(tmp_path / "b")]
        assert mpl.rcParams["font.size"] == 30
    assert first == second


def test_masked_cells_are_hatched_and_zeros_are_not(tmp_path):
    def grey(view):
        write_heatmaps(view, tmp_path, dpi=50)
        return (np.asarray(Image.open(tmp_path / "L00H00.png").convert("RGB")) == 240).all(axis=-1).sum()

    zero = attention(1, 1, 5, 5, matrices=np.eye(5)[None, None])
    assert grey(zero) < 20  # no more than the edges of letters
    assert grey(replace(zero, masked=~np.tri(5, dtype=bool)[None])) > 500


def test_files_say_what_they_are(tmp_path):
    view = attention(1, 1, 2, 2, matrices=np.array([[[[0.25, 0.75], [0.5, 0.5]]]]), keys=tokens(["the", "日本 <&>"]))
    write_heatmaps(view, tmp_path, formats=("png", "svg", "pdf"), dpi=50)
    title = "L0H0 (self-attention weights, 2 queries × 2 keys; scale 0–1)"
    sentence = "L0H0: query 0 “q0” attends most to key 1 “日本 <&>” (weight 0.75)."
    source = "model: random weights of seed 0: any pattern is chance"
    with Image.open(tmp_path / "L00H00.png") as image:
        image.load()
    assert image.text == {"Title": title, "Description": sentence, "Source": source, "Creator": "attnviz heatmap"}
    assert image.info["dpi"] == pytest.approx((50, 50), abs=0.1)
    root = ElementTree.fromstring((tmp_path / "L00H00.svg").read_bytes())  # noqa: S314 (our own file)
    assert root.get("role") == "img"
    name = "{http://www.w3.org/2000/svg}"
    assert [(child.tag, child.text) for child in root][:2] == [
        (name + "title", title),
        (name + "desc", f"{sentence} {source[0].upper()}{source[1:]}."),
    ]
    pdf = (tmp_path / "L00H00.pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    assert b"/CreationDate" not in pdf
    assert b"/Subject" in pdf


def test_any_label_is_drawn_as_text_in_every_format(tmp_path):
    n = len(NASTY)
    view = attention(
        1, 1, n, n, queries=tokens(NASTY), keys=tokens(NASTY), model=ModelInfo("$$ [b]\n", "sha256:" + "0" * 64)
    )
    for path in write_heatmaps(view, tmp_path, formats=PICTURE_FORMATS, dpi=50):
        if path.suffix == ".svg":
            ElementTree.fromstring(path.read_bytes())  # noqa: S314 (our own file)


def test_only_the_fonts_that_are_needed_and_installed_are_used():
    fonts = ("cmr10", "No Such Font", "DejaVu Sans", "DejaVu Serif")
    assert families_for({"A"}, fonts) == (("cmr10",), set())
    assert families_for({"A", "Ж"}, fonts) == (("cmr10", "DejaVu Sans"), set())
    assert families_for({"A", "日"}, fonts) == (("cmr10",), {"日"})


def test_characters_of_a_given_title_are_looked_for_too(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "families_for", partial(families_for, fonts=("DejaVu Sans",)))
    notes = []
    write_heatmaps(attention(1, 1, 1, 1), tmp_path, dpi=50, title="日", note=notes.append)
    assert len(notes) == 1
    assert notes[0].startswith("fonts: no installed font has 日; drawn as")


def test_missing_characters_are_announced_once_and_nothing_warns(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "families_for", partial(families_for, fonts=("DejaVu Sans",)))
    notes = []
    view = attention(2, 2, 2, 2, queries=tokens(["日本", "👩\u200d👩"]), keys=tokens(["本", "hi"]))
    write_heatmaps(view, tmp_path, formats=PICTURE_FORMATS, dpi=50, note=notes.append)
    assert notes == [
        "fonts: no installed font has 日 本; drawn as □ with the token's index, until a font that has them "
        "(such as Noto Sans) is installed; no installed font has 👩; drawn by name"
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"formats": ["png", "gif"]}, "format: 'gif' is not known; expected one of png, svg, pdf"),
        ({"formats": []}, "format: none is given; expected one of png, svg, pdf"),
        ({"scale": "own"}, "scale: 'own' is not known; expected one of shared, head"),
        ({"dpi": 5}, "dpi: 5 is out of range; expected 30 to 1200"),
    ],
)
def test_unknown_options_are_one_line_and_write_nothing(tmp_path, options, message):
    with pytest.raises(UsageError) as caught:
        write_heatmaps(attention(), tmp_path / "o", **options)
    assert str(caught.value) == message
    assert not (tmp_path / "o").exists()


def test_an_unknown_colour_map_names_the_known_ones(tmp_path):
    with pytest.raises(UsageError, match=r"cmap: 'jet' is not known; expected paper, .*viridis"):
        write_heatmaps(attention(), tmp_path, cmap="jet")


def test_a_file_that_cannot_be_written_is_an_error_and_the_others_are_whole(tmp_path):
    (tmp_path / "L01H00.png").mkdir()
    with pytest.raises(OutputError) as caught:
        write_heatmaps(attention(), tmp_path, dpi=50)
    assert str(caught.value) == f"{tmp_path}/L01H00.png: is a folder; expected the name of a file"
    names = sorted(os.listdir(tmp_path))
    assert {"overview.png", "L00H00.png", "L00H01.png", "L00H02.png"} <= set(names)
    for name in set(names) - {"L01H00.png"}:
        with Image.open(tmp_path / name) as image:
            image.load()


def test_pyplot_is_never_imported_and_an_unwritable_home_says_nothing(tmp_path):
    program = """
import sys
from tests_view import view
from attnviz.output.pictures.figures import write_heatmaps
from attnviz.output.pictures.style import PictureStyle
write_heatmaps(view, sys.argv[1], PictureStyle(dpi=50), overview_only=True)
assert "matplotlib.pyplot" not in sys.modules
"""
    (tmp_path / "tests_view.py").write_text(
        "import numpy as np\nfrom attnviz.trace.attention import Attention\n"
        "from attnviz.trace.model_info import ModelInfo\nfrom attnviz.trace.tokens import Token\n"
        "t = (Token('a', 'a'),)\n"
        "view = Attention(np.ones((1, 1, 1, 1)), t, t, (0,), (0,), ModelInfo('toy', 'seed:0'))\n"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MPL", "XDG"))}
    environment |= {"HOME": os.devnull, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, tmp_path / "o"],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert os.listdir(tmp_path / "o") == ["overview.png"]
