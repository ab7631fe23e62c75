"""Attention from any program, and attnviz's own, is read back whole."""

import hashlib
import io
import json
from itertools import islice

import numpy as np
import pytest

import attnviz
from attnviz.elsewhere.attention_file import read_attention
from attnviz.errors import InputError
from attnviz.output.documents.results import dump, result_document
from tests.elsewhere.arrays import RNG, labels, npy, npz, read, softmax, text


@pytest.mark.parametrize("shape", [(5, 5), (3, 5, 5), (2, 3, 5, 5), (1, 1), (1, 2, 1, 1)])
@pytest.mark.parametrize(
    "encode", [npy, lambda a: npz(a=a), lambda a: npz(b=a, attention=a), lambda a: text(a.tolist())]
)
def test_two_to_four_axes_are_one_head_a_layers_heads_or_layers_of_heads(shape, encode):
    array = softmax(*shape)
    result = read(encode(array), name="saved")
    view = result.views["encoder"]
    full = (1,) * (4 - len(shape)) + shape
    assert (view.matrices.shape, view.matrices.dtype) == (full, np.float32)
    np.testing.assert_array_equal(view.matrices, array.reshape(full))
    assert (view.layers, view.heads) == (tuple(range(full[0])), tuple(range(full[1])))
    assert (view.values, view.reduce, view.masked, view.kind) == ("weights", "none", None, "encoder")
    assert labels(result.tokens) == labels(view.queries) == labels(view.keys) == [f"x{i}" for i in range(shape[-1])]
    assert [(matrix.name, matrix.title) for matrix in view][-1] == (
        f"L{full[0] - 1}H{full[1] - 1}",
        f"L{full[0] - 1}H{full[1] - 1}",
    )
    assert (result.text, result.target_tokens) == (None, ())


@pytest.mark.parametrize("encode", [npy, lambda a: text(a.tolist()), lambda a: text({"attention": a.tolist()})])
def test_the_origin_of_foreign_numbers_is_the_digest_of_their_bytes(tmp_path, encode):
    data = encode(softmax(2, 3, 5, 5))
    (tmp_path / "saved").write_bytes(data)
    (result,) = read_attention(tmp_path / "saved")
    assert result.model.name == "saved"
    assert result.model.weights == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert result.model.config == {"n_layers": 2, "n_heads": 3}
    assert read(data).model.name == "standard input"
    assert [r.model.weights for r in read_attention(str(tmp_path / "saved"))] == [result.model.weights]


@pytest.mark.parametrize(
    ("stored", "kept"), [("f2", "f4"), ("f4", "f4"), ("f8", "f8"), (">f8", "f8"), (">f4", "f4"), ("i8", "f4")]
)
def test_single_precision_unless_an_array_is_double(stored, kept):
    array = np.eye(3)[[0, 2, 2]].astype(stored) if stored == "i8" else softmax(3, 3, dtype=stored)
    matrices = read(npy(array)).attention
    assert matrices.dtype == np.dtype(kept)
    np.testing.assert_array_equal(matrices[0, 0], array.astype(kept))


def test_an_array_in_fortran_order_is_not_transposed():
    array = softmax(2, 3, 5, 7)
    np.testing.assert_array_equal(read(npy(np.asfortranarray(array))).cross_attention, array)


def test_matrices_that_are_not_square_are_cross_attention():
    result = read(npy(softmax(3, 2, 5)))
    view = result.views["cross"]
    assert list(result.views) == ["cross"]
    assert labels(view.queries) == labels(result.target_tokens) == ["y0", "y1"]
    assert labels(view.keys) == labels(result.tokens) == ["x0", "x1", "x2", "x3", "x4"]


def test_named_queries_make_a_square_matrix_cross_attention():
    weights = softmax(2, 2).tolist()
    crossed = read(text({"attention": weights, "queries": ["le", "chat"], "keys": ["the", "cat"]})).views["cross"]
    assert (labels(crossed.queries), labels(crossed.keys)) == (["le", "chat"], ["the", "cat"])
    same = read(text({"attention": weights, "queries": ["the", "cat"], "keys": ["the", "cat"]})).views["encoder"]
    assert labels(same.queries) == ["the", "cat"]


def test_labels_of_an_object_name_the_tokens_and_are_printable():
    result = read(text({"attention": softmax(3, 3).tolist(), "tokens": ["a", "\x1b[31m", ""], "text": "a \x1b[31m"}))
    assert [token.text for token in result.tokens] == ["a", "\x1b[31m", ""]
    assert labels(result.tokens) == ["a", "\\x1b[31m", "∅"]
    assert all(token.id is None for token in result.tokens)
    assert result.text == "a \x1b[31m"


@pytest.mark.parametrize(
    ("given", "queries", "keys"),
    [
        (["a", "b", "c"], ["y0", "y1"], ["a", "b", "c"]),
        (["a", "b"], ["a", "b"], ["x0", "x1", "x2"]),
    ],
)
def test_given_labels_go_to_the_axis_that_has_as_many(given, queries, keys):
    view = read(npy(softmax(2, 3)), token_labels=given).views["cross"]
    assert (labels(view.queries), labels(view.keys)) == (queries, keys)


def test_given_labels_replace_those_of_the_document():
    own = dump(result_document(attnviz.run("one two", seed=0)))
    result = read(own, token_labels=["a", "\t"])
    assert labels(result.tokens) == ["a", "⇥"]
    assert labels(result.views["encoder"].keys) == ["a", "⇥"]


def test_a_row_may_be_all_zero_and_sums_may_be_off_by_rounding():
    array = softmax(2, 3, 5, 5, dtype=np.float16)
    array[1, 2, 3] = 0
    np.testing.assert_array_equal(read(npy(array)).attention, array.astype(np.float32))
    rounded_to_bfloat16 = ((softmax(4, 9, 99).view(np.uint32) + 0x8000) & 0xFFFF0000).view(np.float32)
    assert read(npy(rounded_to_bfloat16)).cross_attention.shape == (1, 4, 9, 99)


def test_scores_need_not_sum_to_1_and_minus_infinity_is_masked():
    scores = RNG.standard_normal((2, 3, 4, 4)).astype(np.float32) * 9
    scores[:, :, 0, 1:] = -np.inf
    scores[1, 0, 2, 3] = -np.inf  # in one head only: not a mask
    view = read(npy(scores), scores=True).views["encoder"]
    assert view.values == "scores"
    assert np.argwhere(view.masked).tolist() == [[layer, 0, key] for layer in (0, 1) for key in (1, 2, 3)]
    listed = np.where(np.isfinite(scores), scores, None).tolist()
    for document in ({"attention": listed, "values": "scores"}, {"attention": listed}):
        again = read(text(document), scores=True).views["encoder"]
        np.testing.assert_array_equal(again.matrices, scores)
        np.testing.assert_array_equal(again.masked, view.masked)


def test_a_document_says_itself_what_its_values_are():
    own = dump(result_document(attnviz.run("one two")))
    assert read(own, scores=True).views["encoder"].values == "weights"


def test_json_may_be_spread_over_lines_with_white_space_around():
    value = {"attention": softmax(2, 3, 3).tolist(), "tokens": ["a", "b", "c"]}
    for data in (
        json.dumps(value, indent=1).encode(),
        b"\xef\xbb\xbf" + text(value),
        b"\n \r\n" + text(value) + b"\n\n",
    ):
        np.testing.assert_array_equal(read(data).attention[0], np.array(value["attention"], np.float32))


def test_each_line_is_a_document_read_when_it_is_asked_for():
    class Endless(io.RawIOBase):
        """Gives the same line for ever."""

        def __init__(self):
            self.n_read, self._line, self._rest = 0, text(np.eye(2).tolist()) + b"\n\n", b""

        def readable(self):
            return True

        def readinto(self, buffer):
            self._rest = self._rest or self._line
            n = min(len(buffer), len(self._rest))
            buffer[:n], self._rest = self._rest[:n], self._rest[n:]
            self.n_read += n
            return n

    source = Endless()
    results = read_attention(io.BufferedReader(source, buffer_size=1))
    assert len(list(islice(results, 3))) == 3
    assert source.n_read < 200
    results.close()


RUNS = [
    ("a b c", {}),
    ("日本 👩‍👩‍👧 [red] \x1b[31m \u202e", {}),
    ("the cat", {"pair": "so what"}),
    ("a b", {"target": "c d e"}),
    ("a b c", {"target": "d e", "kinds": ("cross",)}),
    ("a b c", {"target": "d e", "kinds": ("decoder",)}),
    ("a b c", {"target": "d e", "kinds": ("encoder",)}),
    ("a b c", {"target": "d e", "values": "scores", "mask": "causal"}),
    ("a b c", {"layers": "1", "heads": "3,0"}),
    ("a b c", {"reduce": "mean-heads", "mask": "causal"}),
    ("a b c", {"reduce": "mean", "heads": "1-2"}),
    ("a b c", {"reduce": "max", "target": "d e"}),
    ("a b c", {"reduce": "mean", "values": "scores", "mask": "window", "window": 1}),
    ("a b c", {"pad_to": 5, "values": "scores"}),
    ("a b c", {"pad_to": 5}),
]


@pytest.mark.parametrize(("sentence", "options"), RUNS, ids=str)
def test_what_show_prints_is_read_back_whole(sentence, options):
    ran = attnviz.run(sentence, seed=0, **options)
    printed = dump(result_document(ran))
    again = read(printed)
    assert dump(result_document(again)) == printed
    assert (again.text, again.pair, again.target) == (ran.text, ran.pair, ran.target)
    assert (again.model.name, again.model.weights) == ("seeded", "seed:0")
    assert dict(again.model.config) == json.loads(json.dumps(ran.model.config))
    for kind, view in ran.views.items():
        other = again.views[kind]
        assert view.matrices.dtype == other.matrices.dtype
        np.testing.assert_array_equal(view.matrices, other.matrices)
        assert (view.masked is None) == (other.masked is None)
        if view.masked is not None:
            np.testing.assert_array_equal(view.masked, other.masked)
        for name in ("layers", "heads", "kind", "values", "reduce"):
            assert getattr(view, name) == getattr(other, name)
        assert [matrix.title for matrix in view] == [matrix.title for matrix in other]
        for axis in ("queries", "keys"):
            for one, two in zip(getattr(view, axis), getattr(other, axis), strict=True):
                for name in ("text", "label", "start", "end", "id", "piece", "special", "segment"):
                    assert getattr(one, name) == getattr(two, name), name


def test_rounded_numbers_are_read_with_their_rounding():
    ran = attnviz.run(" ".join("abcdefghijklmnopqrstuvwxyz"))
    rounded = result_document(ran, precision=2)
    assert abs(rounded["attention"].sum(axis=-1) - 1).max() > 0.01
    assert read(dump(rounded)).attention.shape == ran.attention.shape
    del rounded["precision"]
    noted = []
    assert read(dump(rounded), note=noted.append).attention.shape == ran.attention.shape
    assert "weights are rounded to 2 decimals" in noted[0]
    rounded["attention"] = rounded["attention"] * np.float32(0.707)
    with pytest.raises(InputError, match="row 0 sums to"):
        read(dump(rounded))
