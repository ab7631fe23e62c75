"""What pictures of matrices show: blocks of maxima, mosaics, labels, sizes and sentences."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from attnviz.analysis.difference import as_attention, compared, weights_in_words
from attnviz.analysis.heads.clusters import head_clusters
from attnviz.errors import UsageError
from attnviz.output.labels import cut
from attnviz.output.picture_scales import own_picture_scale, picture_scale
from attnviz.output.pictures.descriptions import file_stem, sentence
from attnviz.output.pictures.drawing import matplotlib_palette
from attnviz.output.pictures.fonts import missing_note, replacements
from attnviz.output.pictures.matrices.painting import Grid, hatch, paint_matrix, paint_mosaic
from attnviz.output.pictures.matrices.sides import grid_of, ticks, token_side
from attnviz.output.pictures.matrices.similarity import as_distances, similarity_scene
from attnviz.output.pictures.scene import Raster, TextLine
from attnviz.output.scale import block_maxima
from attnviz.output.words import escaped, foot
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token
from tests.output.pictures.drawn import (
    MEASURE,
    attention,
    drawn,
    heads,
    line,
    overview,
    painted,
    panels,
    tokens,
    written,
)

PALETTE = np.stack([np.arange(256), 255 - np.arange(256), np.full(256, 7), np.full(256, 255)], axis=1).astype(np.uint8)


def test_shared_scale_of_weights_is_0_to_1_and_wider_only_where_a_value_is_outside():
    inside = picture_scale(attention([[[[0.2, 0.8]], [[0.5, 0.5]]]]))
    assert (inside.low, inside.high, inside.words) == (0.0, 1.0, "scale 0–1, shared by all heads")
    outside = picture_scale(attention([[[[-0.5, 1.5]], [[0, 0]]]]))
    assert (outside.low, outside.high, outside.words) == (-0.5, 1.5, "scale −0.5 to 1.5, shared by all heads")


def test_a_scale_is_called_shared_only_where_there_are_several_matrices():
    two = [[[0.2, 0.8]], [[0.5, 0.5]]]
    for values, fields, words in (
        ([two[:1]], {}, "scale 0–1"),
        ([two[:1], two[:1]], {"reduce": "mean-heads"}, "scale 0–1, shared by all layers"),
        ([two], {"values": "changes"}, "scale −0.8 to 0.8, shared by all heads; red: more in B, blue: more in A"),
        ([two[:1]], {"values": "changes"}, "scale −0.8 to 0.8, red: more in B, blue: more in A"),
    ):
        assert picture_scale(attention(values, **fields)).words == words


@pytest.mark.parametrize("reduce", ["rollout", "flow"])
def test_the_scale_of_rollout_and_flow_ends_at_their_largest_and_says_so(reduce):
    path = attention([[[[0.25, 0.125], [0.5, 0]]]], reduce=reduce)
    for scale in (picture_scale(path), own_picture_scale(next(iter(path)))):
        assert (scale.low, scale.high, scale.words) == (0.0, 0.5, "scale 0–0.5, the largest")


def changes(n_heads, **fields):
    a = attention(np.full((1, n_heads, 2, 2), 0.5))
    b = replace(a, layers=(3,), **fields)
    return as_attention(compared(a, b), (("A", "The cat sat"), ("B", "The dog sat"), ("target", "x\ny")))


def test_emoji_are_drawn_by_name_and_stay_themselves_in_metadata_and_caption():
    instead = replacements({"🙂"})
    (scene,) = heads(attention([[[[1.0]]]]), texts=(("text", "fine 🙂"),), instead=instead, title="b-cells 🙂\x1b")
    assert written(scene, "title") == ["b-cells (slightly smiling face)\\x1b"]
    assert written(scene, "foot")[0] == "text: fine (slightly smiling face)"
    assert scene.title.startswith("b-cells 🙂\\x1b (")
    assert "text: fine 🙂" in scene.caption
    assert "text: fine 🙂" in scene.source


def test_the_foot_names_emoji_that_no_font_has_and_shows_what_has_no_shape():
    flag = "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f"
    texts = (("text", f"fine 👩\u200d💻 {flag}\u202e\n"),)
    (scene,) = heads(attention([[[[1.0]]]]), texts=texts, instead=replacements(set("👩💻\u200d") | set(flag)))
    assert written(scene, "foot")[0] == "text: fine (woman + personal computer) (flag gbwls)\\u202e\\n"


def test_the_foot_shows_where_long_texts_differ_and_all_of_where_numbers_came_from():
    start = "word " * 60
    a = attention([[[[1.0]]]], model=ModelInfo("a long name " * 8, "sha256:0123456789abcdef"))
    b = replace(a, model=ModelInfo("other", "seed:1"))
    lines = foot(as_attention(compared(a, b), (("A", f"{start}cat"), ("B", f"{start}dog")))).split("\n")
    assert [line[:4] + line[-9:] for line in lines[:2]] == ["A: …word cat"[:4] + " word cat", "B: …" + " word dog"]
    assert " ".join(lines[2:]) == f"model: {weights_in_words(a, b)}"
    assert all(cell_len(line) <= 100 for line in lines)


def test_scales_of_scores_are_their_extremes_without_masked_ones():
    scores = attention([[[[-3.0, 2.0], [99.0, -np.inf]], [[5.0, 0.0], [1.0, 1.0]]]], values="scores")
    scores = replace(scores, masked=np.array([[[False, False], [True, True]]]))
    assert (picture_scale(scores).low, picture_scale(scores).high) == (-3.0, 5.0)
    assert own_picture_scale(next(iter(scores))).words == "scale of this head: −3 to 2"


def test_scales_of_equal_and_of_no_values_still_have_two_ends():
    for values in (4.0, -np.inf):
        scores = attention(np.full((1, 1, 2, 3), values), values="scores")
        for scale in (picture_scale(scores), own_picture_scale(next(iter(scores)))):
            assert scale.low < scale.high
            assert np.isfinite([scale.low, scale.high]).all()


def test_own_scale_of_weights_begins_at_0():
    assert own_picture_scale(next(iter(attention([[[[0.2, 0.5]]]])))).words == "scale of this head: 0–0.5"


@settings(max_examples=60)
@given(st.integers(1, 13), st.integers(1, 11), st.integers(1, 5), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_a_block_shows_its_largest_visible_value(n_queries, n_keys, height, width, seed):
    rng = np.random.default_rng(seed)
    values, hidden = rng.normal(size=(n_queries, n_keys)), rng.random((n_queries, n_keys)) < 0.4
    maxima, empty = block_maxima(values, hidden, (height, width))
    assert maxima.shape == (-(-n_queries // height), -(-n_keys // width))
    for i in range(maxima.shape[0]):
        for j in range(maxima.shape[1]):
            rows, columns = slice(i * height, (i + 1) * height), slice(j * width, (j + 1) * width)
            seen = values[rows, columns][~hidden[rows, columns]]
            assert empty[i, j] == (seen.size == 0)
            if seen.size:
                assert maxima[i, j] == seen.max()


@given(st.text(max_size=40), st.integers(2, 20))
def test_a_shortened_label_fits_and_says_that_it_was_cut(label, width):
    short = cut(label, width)
    assert cell_len(short) <= width
    assert short == label if cell_len(label) <= width else short.endswith("…")


@given(st.text(max_size=20))
def test_printable_text_can_be_encoded_and_is_one_line(text):
    assert len(escaped(text).encode().decode().splitlines()) <= 1
    assert escaped("a\nb\ud800\x1b") == "a\\nb\\ud800\\x1b"
    assert escaped("\u202elive\u202c") == "\\u202elive\\u202c"


def test_the_sentence_names_the_strongest_pair_among_queries_that_have_a_choice():
    values = [[[[1.0, 0.0, 0.0], [0.3, 0.7, 0.0], [0.2, 0.2, 0.6]]]]
    view = attention(values, masked=~np.tri(3, dtype=bool)[None])
    assert sentence(next(iter(view))) == "L0H0: query 1 “t1” attends most to key 1 “t1” (weight 0.7)."
    scores = replace(view, values="scores")
    assert "query 1 “t1” has the largest value for key 1 “t1” (score 0.7)." in sentence(next(iter(scores)))
    nothing = replace(view, masked=np.ones((1, 3, 3), bool))
    assert sentence(next(iter(nothing))) == "L0H0: every key is masked."


def test_rows_of_rollout_and_flow_are_tokens_of_the_last_layer_selected():
    path = attention(np.full((1, 1, 3, 2), 0.5), reduce="rollout", layers=(0, 1), heads=(0, 1))
    (scene,) = heads(path)
    assert written(scene, "axis name")[:2] == ["token of layer 1", "input token"]
    assert line(scene).startswith("self-attention rollout, 3 tokens of layer 1 × 2 input tokens")


def similarity(n, **style):
    n_layers, n_heads = (1, n) if n < 13 else (-(-n // 12), 12)
    view = attention(np.ones((n_layers, n_heads, 1, 1)))
    n = n_layers * n_heads
    distances = np.abs(np.subtract.outer(np.arange(n), np.arange(n))) / n
    clusters = head_clusters(distances)
    return similarity_scene(drawn(as_distances(view, distances, clusters.order), **style), view, clusters)


@pytest.mark.parametrize("n", [1, 2, 72, 144])
def test_every_head_of_a_matrix_of_heads_is_named_where_there_is_room(n):
    scene = similarity(n)
    names = [f"L{i // 12}H{i % 12}" for i in range(n)]
    assert written(scene, "row label") == written(scene, "column label") == names
    assert written(scene, "axis name") == ["head", "head", "jsd"]
    assert f"{n} × {n} head{'s' * (n > 1)}, similar ones together" in line(scene)


def test_names_of_too_many_heads_are_thinned_and_have_no_number_before_them():
    scene = similarity(384)
    assert "head (every 5th of 384 labelled)" in written(scene, "axis name")
    assert written(scene, "row label")[:3] == ["L0H0", "L0H5", "L0H10"]


def test_pictures_of_a_difference_say_so_and_name_both_heads_and_both_sides():
    whole = overview(changes(2))
    assert (written(whole, "row label"), written(whole, "column label")) == (["0 -> 3"], ["0", "1"])
    assert written(whole, "title") == ["Overview: B less A, layer 0 -> 3, heads 0-1"]
    scenes = heads(changes(2))
    assert [written(scene, "title") for scene in scenes] == [["B less A, L0H0 -> L3H0"], ["B less A, L0H1 -> L3H1"]]
    weights = "model: random weights of seed 0: any pattern is chance"
    assert written(scenes[0], "foot") == ["A: The cat sat", "B: The dog sat", "target: x\\ny", weights]
    names = [item for item in overview(changes(40, heads=tuple(range(1, 41)))).fixed if isinstance(item, TextLine)]
    assert {item.rotation for item in names if item.role == "column label"} == {90}
    assert {item.rotation for item in whole.fixed if isinstance(item, TextLine) and item.role == "column label"} == {0}


def test_the_mosaic_has_a_row_per_layer_a_column_per_head_and_hatched_masked_cells():
    values = np.arange(2 * 3 * 1 * 2).reshape(2, 3, 1, 2) / 12
    view = attention(values, masked=np.array([[[False, False]], [[False, True]]]))
    grids, scale = (Grid(1), Grid(2)), picture_scale(view)
    tiles = [lambda *size, one=one: paint_matrix(one, grids, scale, PALETTE, *size) for one in view]
    image = paint_mosaic(tiles, (2, 3), 2, 20, 60)
    assert image.shape == (20, 60, 4)
    for layer in range(2):
        for head in range(3):
            tile = image[10 * layer + 2 : 10 * layer + 8, 20 * head + 2 : 20 * head + 18]
            assert (tile[:, :8] == PALETTE[int(values[layer, head, 0, 0] * 256)]).all()
            if layer == 0:
                assert (tile[:, 10:] == PALETTE[int(values[layer, head, 0, 1] * 256)]).all()
            else:
                greys = {tuple(colour) for colour in hatch(8, 8).reshape(-1, 4).tolist()}
                assert {tuple(colour) for colour in tile[:, 10:].reshape(-1, 4).tolist()} == greys


@settings(max_examples=60)
@given(st.integers(1, 3000), st.integers(20, 900), st.sampled_from([5.0, 7.0, 10.0]))
def test_labels_are_far_enough_apart_for_any_number_of_tokens_and_never_smaller(n, length, size):
    side = token_side("key", tokens(n), grid_of(n, length * 2, 1), {})
    found = ticks(side, length, size, 80, MEASURE)
    places = np.array(found.places) * length
    assert 1 <= len(places) == len(found.labels)
    assert (len(places) == n) == (n <= length / (1.15 * size) + 1e-9 and n <= 144)
    assert len(places) == 1 or np.diff(places).min() >= 1.1 * size
    assert places[0] > 0
    assert places[-1] < length
    assert max(MEASURE(label, size, False) for label in found.labels) <= 80
    assert side.grid.cells <= min(512, length * 2)


def test_thinned_labels_carry_their_positions_and_the_side_says_so():
    found = ticks(token_side("key", tokens(130), Grid(130), {}), 260, 7, 80, MEASURE)
    assert found.names[:2] == ("key (every 5th of 130 labelled)", "key (every 5th)")
    assert found.labels[:3] == ("0 t0", "5 t5", "10 t10")
    assert found.places[:2] == (0.5 / 130, 5.5 / 130)


def test_characters_without_a_font_become_boxes_with_the_tokens_index():
    words = (Token("日本", "日本"), Token("hi", "hi"), Token("x\u200d", "x\u200d"))
    view = replace(attention(np.zeros((1, 1, 3, 3))), queries=words, keys=words)
    missing = {"日", "本", "\u200d"}
    (scene,) = heads(view, instead=replacements(missing))
    assert written(scene, "row label") == ["□□ #0", "hi", "x"]
    assert missing_note(missing) == (
        "fonts: no installed font has 日 本; drawn as □ with the token's index, "
        "until a font that has them (such as Noto Sans) is installed"
    )
    assert missing_note({"\u200d", "\ufe0f"}) is None


def test_equal_words_are_told_apart_and_long_ones_cut_in_their_middle():
    words = tokens(["the", "cat", "the", "antidisestablishmentarianism-today"])
    (scene,) = heads(replace(attention(np.zeros((1, 1, 4, 4))), queries=words, keys=words))
    labels = written(scene, "row label")
    assert labels[:3] == ["the#0", "cat", "the#2"]
    start, end = labels[3].split("…")
    assert words[3].label.startswith(start)
    assert words[3].label.endswith(end)


def test_a_single_wide_character_stands_upright_among_turned_words():
    words = tokens(["猫", "sat", "日本"])
    (scene,) = heads(replace(attention(np.zeros((1, 1, 3, 3))), queries=words, keys=words))
    columns = [item for item in scene.fixed if isinstance(item, TextLine) and item.role == "column label"]
    assert [(item.text, item.rotation) for item in columns] == [("猫", 0), ("sat", 90), ("日本", 90)]


def test_the_overview_names_layers_and_heads_and_says_what_a_cell_is():
    view = attention(np.zeros((2, 3, 5, 900)), layers=(3, 7), heads=(0, 1, 4), kind="cross")
    scene = overview(view, dpi=100)
    assert (written(scene, "row label"), written(scene, "column label")) == (["3", "7"], ["0", "1", "4"])
    assert line(scene).startswith(
        "cross-attention weights, each tile 5 queries × 900 keys; each cell: the largest of 1 × 6"
    )
    mean = overview(replace(view, reduce="mean", matrices=np.zeros((1, 1, 5, 900))))
    assert (written(mean, "row label"), written(mean, "column label")) == (["3,7"], ["0-1,4"])


def test_queries_are_of_the_target_and_keys_of_the_source_in_cross_attention():
    (scene,) = heads(attention(np.ones((1, 1, 2, 3)), kind="cross"))
    assert written(scene, "axis name")[:2] == ["query (target)", "key (source)"]


def test_the_sentence_is_on_every_picture():
    texts = (("source", "The cat sat"), ("target", "Le chat"))
    view = attention(np.ones((1, 2, 2, 3)), kind="cross")
    for scene in (*heads(view, texts=texts), overview(view, texts=texts), panels(view, texts=texts)):
        assert written(scene, "foot")[:2] == ["source: The cat sat", "target: Le chat"]


def with_rest(n_keys=3):
    weights = np.full((1, 2, 2, n_keys), 0.5 / n_keys)
    return attention(weights, rest=np.array([[[0.5, 0.25], [0.75, 0.5]]]), words=True, hidden=True)


def test_what_hidden_keys_got_is_a_column_of_its_own_set_apart_by_white():
    scene = heads(with_rest(), cmap="greys")[0]
    assert written(scene, "column label") == ["t0", "t1", "t2", "special"]
    assert line(scene).startswith("self-attention weights, 2 queries × 3 keys, special tokens hidden")
    image = painted(scene, 20, 80)
    assert (image[:, 60:62] == 255).all()
    assert (image[:, -1] == matplotlib_palette("Greys")[255]).all()
    assert "goes beyond it" in line(scene)
    assert (image[:, :60] != 255).any(axis=-1).all()


def test_the_column_of_the_rest_has_its_label_and_no_number_where_keys_have_some():
    view = replace(with_rest(65), matrices=np.full((1, 2, 2, 65), 0.01))
    scene = heads(view, size="6.9in")[0]
    labels = written(scene, "column label")
    assert labels[:2] == ["0 t0", "2 t2"]
    assert labels[-2:] == ["62 t62", "special"]  # 64 would be too near
    assert "key (every 2nd of 65 labelled)" in written(scene, "axis name")


def test_the_rest_is_no_key_that_something_attends_to():
    assert "special" not in heads(with_rest())[0].description


def test_the_overview_says_what_the_strip_beside_each_tile_is():
    assert line(overview(with_rest())).startswith(
        "self-attention weights, each tile 2 queries × 3 keys, special tokens hidden; "
        "strip at the right: special, what they got"
    )
    assert "strip" not in line(overview(replace(with_rest(), rest=None)))


@pytest.mark.parametrize(
    ("reduce", "words"), [("mean", "rows renormalized"), ("max", "rows renormalized before the maximum")]
)
def test_rows_of_a_maximum_were_renormalized_before_it(reduce, words):
    one = attention(np.ones((1, 1, 2, 2)), hidden=True, renormalized=True, reduce=reduce)
    assert f"special tokens hidden, {words}" in line(heads(one)[0])


def test_pictures_name_the_kind_of_attention_as_tables_do():
    names = {"encoder": "self-attention", "decoder": "decoder self-attention", "cross": "cross-attention"}
    for kind, name in names.items():
        (scene,) = heads(attention(np.ones((1, 1, 2, 2)), kind=kind))
        assert line(scene).startswith(f"{name} weights, 2 queries × 2 keys")


def test_where_keys_share_cells_the_rest_is_left_out_rather_than_mixed_with_them():
    scene = heads(with_rest(600))[0]
    assert "special" not in written(scene, "column label")
    assert "600 keys, special tokens hidden; each cell: the largest of 1 × 2" in line(scene)


@pytest.mark.parametrize(("dpi", "block"), [(30, 6), (150, 1)])
def test_no_cell_is_smaller_than_a_pixel(dpi, block):
    (scene,) = heads(attention(np.ones((1, 1, 300, 300))), size="3.3in", dpi=dpi)
    assert (f"the largest of {block} × {block}" in line(scene)) == (block > 1)


def test_labels_of_pictures_are_cut_between_graphemes():
    flags = "🇫🇷🇩🇪" * 10
    (scene,) = heads(replace(attention(np.ones((1, 1, 1, 1))), queries=tokens([flags]), keys=tokens([flags])))
    (label,) = written(scene, "row label")
    start, end = label.split("…")
    assert start
    assert {part[i : i + 2] for part in (start, end) for i in range(0, len(part), 2)} == {"🇫🇷", "🇩🇪"}


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({}, ["L00H01", "L00H10", "L12H01", "L12H10"]),
        ({"layers": (0, 100)}, ["L00H01", "L00H10", "L100H01"]),
        ({"reduce": "mean-heads", "matrices": np.zeros((2, 1, 3, 3))}, ["L00mean", "L12mean"]),
        ({"reduce": "max", "matrices": np.zeros((1, 1, 3, 3))}, ["max"]),
    ],
)
def test_file_names_say_layer_and_head_in_two_digits_or_more(fields, names):
    view = replace(attention(np.zeros((2, 2, 3, 3)), layers=(0, 12), heads=(1, 10)), **fields)
    assert [file_stem(view, i) for i in range(len(names))] == names
    assert file_stem(view, 0, "cross-") == f"cross-{names[0]}"


def test_panels_share_their_sides_and_have_names():
    scene = panels(attention(np.random.default_rng(0).random((1, 3, 5, 5))), size="6.9in")
    assert written(scene, "panel name") == ["L0H0", "L0H1", "L0H2"]
    assert len(written(scene, "row label")) == 5
    assert len(written(scene, "column label")) == 15
    assert len([item for item in scene.moving if isinstance(item, Raster)]) == 3


def test_numbers_are_in_the_cells_that_hold_them():
    view = attention([[[[0.625, 0.005], [0.25, 0.75]]]])
    (scene,) = heads(view, numbers=True)
    assert written(scene, "number") == ["0.62", "0.25", "0.75"]
    (small,) = heads(attention(np.full((1, 1, 40, 40), 0.5)), numbers=True, size="2in")
    assert written(small, "number") == []
    assert small.notes[0].startswith("numbers: no cell has room")


def test_a_browser_says_each_cell_up_to_64_by_64():
    (scene,) = heads(
        replace(attention([[[[0.625, 0.0], [0.25, 0.75]]]]), masked=np.array([[[False, True], [False, False]]]))
    )
    assert [hover.text for hover in scene.hovers()] == [
        "t0 -> t0 0.62",
        "t0 -> t1 masked",
        "t1 -> t0 0.25",
        "t1 -> t1 0.75",
    ]
    assert len(list(heads(attention(np.ones((1, 1, 64, 64))))[0].hovers())) == 64 * 64
    assert list(heads(attention(np.ones((1, 1, 65, 64))))[0].hovers()) == []


def test_a_size_that_holds_no_cell_is_one_line_that_says_what_would_do():
    with pytest.raises(
        UsageError, match=r"^size: 0\.5in leaves no room for cells beside the labels; expected at least "
    ):
        heads(attention(np.ones((1, 1, 6, 6))), size="0.5in")
    with pytest.raises(UsageError, match=r"^size: 3in x 0\.5in leaves no room"):
        heads(attention(np.ones((1, 1, 6, 6))), size="3x0.5in")


def test_the_title_is_the_users_and_without_words_the_caption_still_has_them():
    view = attention(np.ones((1, 1, 2, 2)))
    (named,) = heads(view, title="Who reads whom")
    assert written(named, "title") == ["Who reads whom"]
    (bare,) = heads(view, title="", texts=(("text", "a b"),))
    assert not [role for role in ("title", "line", "foot") if written(bare, role)]
    assert "text: a b" in bare.caption
