"""What heat maps show: scales, blocks of maxima, mosaics, labels and sentences."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from attnviz.analysis.difference import as_attention, compared, weights_in_words
from attnviz.output.labels import cut
from attnviz.output.picture_scales import own_picture_scale, picture_scale
from attnviz.output.pictures.fonts import missing_note, replacements
from attnviz.output.pictures.painting import Grid, hatch, paint_mosaic
from attnviz.output.pictures.pictures import (
    file_stem,
    fitted,
    head_pictures,
    head_sheet,
    overview_picture,
    overview_sheet,
    sentence,
    token_side,
)
from attnviz.output.scale import block_maxima
from attnviz.output.words import escaped, foot
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token

PALETTE = np.stack([np.arange(256), 255 - np.arange(256), np.full(256, 7), np.full(256, 255)], axis=1).astype(np.uint8)


def tokens(n):
    return tuple(Token(f"t{i}", f"t{i}") for i in range(n))


def attention(matrices, **fields):
    matrices = np.asarray(matrices, float)
    n_layers, n_heads, n_queries, n_keys = matrices.shape
    model = ModelInfo("toy", "seed:0")
    base = Attention(
        matrices, tokens(n_queries), tokens(n_keys), tuple(range(n_layers)), tuple(range(n_heads)), model, "encoder"
    )
    return replace(base, **fields)


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


def test_rows_of_rollout_and_flow_are_tokens_of_the_last_layer_selected():
    path = attention(np.full((1, 1, 3, 1), 0.5), reduce="rollout", layers=(0, 1), heads=(0, 1))
    sheet, _ = head_sheet(path, 100, {})
    assert (sheet.rows.name, sheet.columns.name) == ("token of layer 1", "input token")
    assert sheet.subtitle == "self-attention rollout, 3 tokens of layer 1 × 1 input token"


def heads_of(n):
    named = tuple(Token(text="", label=f"L{i // 12}H{i % 12}") for i in range(n))
    return attention(np.zeros((1, 1, n, n)), queries=named, keys=named, values="distances")


@pytest.mark.parametrize("n", [1, 2, 65, 72, 144])
def test_every_head_of_a_matrix_of_heads_is_named_where_there_is_room(n):
    sheet, _ = head_sheet(heads_of(n), 150, {})
    for side in (sheet.rows, sheet.columns):
        assert (side.name, side.labels) == ("head", tuple(f"L{i // 12}H{i % 12}" for i in range(n)))
        assert side.spacing >= 0.1
    assert sheet.subtitle == f"self-attention weights, {n} × {n} head{'s' * (n > 1)}, similar ones together"
    assert sheet.quantity == "jsd"


def test_names_of_too_many_heads_are_thinned_and_have_no_number_before_them():
    sheet, _ = head_sheet(heads_of(384), 150, {})
    assert sheet.rows.name == "head (every 5th of 384 labelled)"
    assert sheet.rows.labels[:3] == ("L0H0", "L0H5", "L0H10")


def changes(n_heads, **fields):
    a = attention(np.full((1, n_heads, 2, 2), 0.5))
    b = replace(a, layers=(3,), **fields)
    return as_attention(compared(a, b), (("A", "The cat sat"), ("B", "The dog sat"), ("target", "x\ny")))


def test_pictures_of_a_difference_say_so_and_name_both_heads_and_both_sides():
    sheet, grids, gap = overview_sheet(changes(2), 100, {})
    assert (sheet.rows.labels, sheet.columns.labels) == (("0 -> 3",), ("0", "1"))
    assert (
        overview_picture(changes(2), grids, gap, PALETTE, "shared").title
        == "Overview: B less A, layer 0 -> 3, heads 0-1"
    )
    sheet, grids = head_sheet(changes(2), 100, {})
    assert [p.title for p in head_pictures(changes(2), grids, PALETTE, "shared")] == [
        "B less A, L0H0 -> L3H0",
        "B less A, L0H1 -> L3H1",
    ]
    weights = "model: random weights of seed 0: any pattern is chance"
    assert sheet.provenance.split("\n") == ["A: The cat sat", "B: The dog sat", "target: x\\ny", weights]
    turned = changes(40, heads=tuple(range(1, 41)))
    assert not overview_sheet(turned, 100, {})[0].columns.upright
    assert overview_sheet(changes(2), 100, {})[0].columns.upright


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


def test_the_mosaic_has_a_row_per_layer_a_column_per_head_and_hatched_masked_cells():
    values = np.arange(2 * 3 * 1 * 2).reshape(2, 3, 1, 2) / 12
    view = attention(values, masked=np.array([[[False, False]], [[False, True]]]))
    grids, gap = (Grid(1, 1, 5), Grid(2, 1, 7)), 3
    image = paint_mosaic(view, grids, gap, [picture_scale(view)] * len(view), PALETTE)
    assert image.shape == (2 * 8 + 3, 3 * 17 + 3, 4)
    pattern = hatch(5, 14)
    for layer in range(2):
        for head in range(3):
            tile = image[3 + layer * 8 :, 3 + head * 17 :][:5, :14]
            assert (tile[:, :7] == PALETTE[int(values[layer, head, 0, 0] * 256)]).all()
            if layer == 0:
                assert (tile[:, 7:] == PALETTE[int(values[layer, head, 0, 1] * 256)]).all()
            else:
                assert (tile[:, 7:] == pattern[:, 7:]).all()


@settings(max_examples=80)
@given(st.integers(1, 3000), st.integers(1, 3000), st.sampled_from([50, 100, 150, 300]))
def test_labels_are_few_enough_and_far_enough_apart_for_any_number_of_tokens(n_queries, n_keys, dpi):
    view = attention(np.zeros((1, 1, 1, 1)), queries=tokens(n_queries), keys=tokens(n_keys))
    view = replace(view, matrices=np.broadcast_to(np.float32(0), (1, 1, n_queries, n_keys)))
    sheet, grids = head_sheet(view, dpi, {})
    for side, n, length in zip((sheet.rows, sheet.columns), (n_queries, n_keys), sheet.size, strict=True):
        assert len(side.labels) == len(side.ticks) <= 64
        assert (len(side.labels) == n) == (n <= 64)
        assert side.spacing > 0.12
        assert 0 < min(side.ticks) <= max(side.ticks) < length
    assert max(grid.cells for grid in grids) <= 512
    assert ("largest of" in sheet.subtitle) == (max(n_queries, n_keys) > 512)


def test_thinned_labels_carry_their_indexes_and_the_side_says_so():
    side = token_side("key", tokens(130), Grid(130, 1, 10), 150, {})
    assert side.name == "key (every 5th of 130 labelled)"
    assert side.labels[:3] == ("0 t0", "5 t5", "10 t10")
    assert side.ticks[:2] == (5.0, 55.0)


@given(st.text(max_size=40), st.integers(2, 20))
def test_a_shortened_label_fits_and_says_that_it_was_cut(label, width):
    short = cut(label, width)
    assert cell_len(short) <= width
    assert short == label if cell_len(label) <= width else short.endswith("…")


@given(st.text(max_size=20))
def test_printable_text_can_be_encoded_and_is_one_line(text):
    assert len(escaped(text).encode().decode().splitlines()) <= 1
    assert escaped("a\nb\ud800\x1b") == "a\\nb\\ud800\\x1b"


def test_characters_without_a_font_become_boxes_with_the_tokens_index():
    words = (Token("日本", "日本"), Token("hi", "hi"), Token("x\u200d", "x\u200d"))
    view = replace(attention(np.zeros((1, 1, 3, 3))), queries=words, keys=words)
    missing = {"日", "本", "\u200d"}
    sheet, _ = head_sheet(view, 100, replacements(missing))
    assert sheet.rows.labels == ("□□ #0", "hi", "x")
    assert missing_note(missing) == (
        "fonts: no installed font has 日 本; drawn as □ with the token's index, "
        "until a font that has them (such as Noto Sans) is installed"
    )
    assert missing_note({"\u200d", "\ufe0f"}) is None


def test_the_sentence_names_the_strongest_pair_among_queries_that_have_a_choice():
    values = [[[[1.0, 0.0, 0.0], [0.3, 0.7, 0.0], [0.2, 0.2, 0.6]]]]
    view = attention(values, masked=~np.tri(3, dtype=bool)[None])
    assert sentence(next(iter(view))) == "L0H0: query 1 “t1” attends most to key 1 “t1” (weight 0.7)."
    scores = replace(view, values="scores")
    assert "query 1 “t1” has the largest value for key 1 “t1” (score 0.7)." in sentence(next(iter(scores)))
    nothing = replace(view, masked=np.ones((1, 3, 3), bool))
    assert sentence(next(iter(nothing))) == "L0H0: every key is masked."


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({}, ["L00H01", "L00H10", "L12H01", "L12H10"]),
        ({"kind": "cross"}, ["cross-L00H01", "cross-L00H10", "cross-L12H01", "cross-L12H10"]),
        ({"kind": "decoder", "layers": (0, 100)}, ["decoder-L00H01", "decoder-L00H10", "decoder-L100H01"]),
        ({"reduce": "mean-heads", "matrices": np.zeros((2, 1, 3, 3))}, ["L00mean", "L12mean"]),
        ({"reduce": "max", "matrices": np.zeros((1, 1, 3, 3))}, ["max"]),
        ({"reduce": "mean", "kind": "cross", "matrices": np.zeros((1, 1, 3, 3))}, ["cross-mean"]),
    ],
)
def test_file_names_say_layer_and_head_in_two_digits_or_more(fields, names):
    view = replace(attention(np.zeros((2, 2, 3, 3)), layers=(0, 12), heads=(1, 10)), **fields)
    assert [file_stem(view, i) for i in range(len(names))] == names


def test_the_overview_names_layers_and_heads_and_says_what_a_cell_is():
    view = attention(np.zeros((2, 3, 5, 900)), layers=(3, 7), heads=(0, 1, 4), kind="cross")
    sheet, grids, gap = overview_sheet(view, 100, {})
    assert sheet.rows.labels == ("3", "7")
    assert sheet.columns.labels == ("0", "1", "4")
    assert sheet.subtitle == "cross-attention weights, each tile 5 queries × 900 keys; each cell: the largest of 1 × 6"
    assert sheet.size == (2 * (grids[0].length + gap) + gap, 3 * (grids[1].length + gap) + gap)
    mean, _, _ = overview_sheet(replace(view, reduce="mean", matrices=np.zeros((1, 1, 5, 900))), 100, {})
    assert (mean.rows.labels, mean.columns.labels) == (("3,7",), ("0-1,4",))


def with_rest(n_keys=3):
    weights = np.full((1, 2, 2, n_keys), 0.5 / n_keys)
    return attention(weights, rest=np.array([[[0.5, 0.25], [0.75, 0.5]]]), words=True, hidden=True)


def test_what_hidden_keys_got_is_a_column_of_its_own_set_apart_by_white():
    whole = with_rest()
    shown, (sheet, grids) = fitted(whole, partial(head_sheet, dpi=100, instead={}))
    assert [token.label for token in shown.keys] == ["t0", "t1", "t2", "special"]
    np.testing.assert_array_equal(shown.matrices[..., -1], whole.rest)
    assert sheet.columns.labels[-1] == "special"
    assert sheet.subtitle == "self-attention weights, 2 queries × 3 keys, special tokens hidden"
    image = paint_mosaic(shown, grids, 2, [picture_scale(shown)] * len(shown), PALETTE)
    one = image[2 : 2 + grids[0].length, 2 : 2 + grids[1].length]
    pixels = grids[1].pixels
    assert (one[:, -pixels] == 255).all()
    assert tuple(one[0, -1]) == tuple(PALETTE[128])
    assert (one[:, :-pixels] != 255).any(axis=-1).all()


def test_the_rest_is_no_key_that_something_attends_to():
    shown, _ = fitted(with_rest(), partial(head_sheet, dpi=100, instead={}))
    assert "rest" not in sentence(next(iter(shown)))


def test_the_overview_says_what_the_strip_beside_each_tile_is():
    shown, (sheet, _, _) = fitted(with_rest(), partial(overview_sheet, dpi=100, instead={}))
    assert shown.rest is not None
    assert sheet.subtitle == (
        "self-attention weights, each tile 2 queries × 3 keys, special tokens hidden; "
        "strip at the right: special, what they got"
    )
    _, (sheet, _, _) = fitted(replace(with_rest(), rest=None), partial(overview_sheet, dpi=100, instead={}))
    assert sheet.subtitle.endswith("special tokens hidden")


@pytest.mark.parametrize(
    ("reduce", "words"), [("mean", "rows renormalized"), ("max", "rows renormalized before the maximum")]
)
def test_rows_of_a_maximum_were_renormalized_before_it(reduce, words):
    one = attention(np.ones((1, 1, 2, 2)), hidden=True, renormalized=True, reduce=reduce)
    sheet, _ = head_sheet(one, 100, {})
    assert sheet.subtitle.endswith(f"special tokens hidden, {words}")


def test_pictures_name_the_kind_of_attention_as_tables_do():
    for kind, name in (
        ("encoder", "self-attention"),
        ("decoder", "decoder self-attention"),
        ("cross", "cross-attention"),
    ):
        sheet, _ = head_sheet(attention(np.ones((1, 1, 2, 2)), kind=kind), 100, {})
        assert sheet.subtitle == f"{name} weights, 2 queries × 2 keys"


def test_where_keys_share_cells_the_rest_is_left_out_rather_than_mixed_with_them():
    whole = with_rest(600)
    shown, (sheet, grids) = fitted(whole, partial(head_sheet, dpi=100, instead={}))
    assert grids[1].block > 1
    assert shown.rest is None
    assert len(shown.keys) == 600
    assert sheet.subtitle.endswith("600 keys, special tokens hidden; each cell: the largest of 1 × 2")


def test_labels_of_pictures_are_cut_between_graphemes():
    flags = "🇫🇷🇩🇪" * 10
    one = Attention(
        np.ones((1, 1, 1, 1), np.float32),
        (Token(flags, flags),),
        (Token(flags, flags),),
        (0,),
        (0,),
        ModelInfo("toy", "seed:0"),
    )
    sheet, _ = head_sheet(one, 100, {})
    (label,) = sheet.rows.labels
    assert cell_len(label) <= 20
    assert label.endswith("…")
    assert {label[:-1][i : i + 2] for i in range(0, len(label) - 1, 2)} == {"🇫🇷", "🇩🇪"}
