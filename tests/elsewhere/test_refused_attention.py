"""A file that is not attention is refused in one line, with the exact place of the fault."""

import io
import json
import pickle
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import attnviz
from attnviz.elsewhere.attention_file import read_attention
from attnviz.errors import InputError
from attnviz.output.documents.results import dump, result_document
from tests.elsewhere.arrays import RNG, npy, npz, read, softmax, text

JSON_WORDS = re.compile(r"not JSON \(.*line 1 column [0-9]+.*\);")  # the library's own words
DAMAGE_WORDS = re.compile(r"damaged \(.*\);")
EXPECTED = "expected attention as .npy, .npz, .safetensors or JSON"
NAMES = (
    "expected attention, attentions, encoder_attentions, decoder_attentions, cross_attentions, or layer_0, layer_1, ..."
)
OWN = result_document(attnviz.run("a b c", n_layers=1, n_heads=2))
OWN = json.loads(dump(OWN))
GOOD = [[0.5, 0.5], [0.25, 0.75]]
HINT = "scores, as they are before softmax, are read by show, heatmap and html, with --values scores"


def changed(**fields):
    return text({key: value for key, value in {**OWN, **fields}.items() if value is not ...})


def bad(place, value):
    array = softmax(2, 3, 4, 4)
    array[place] = value
    return array


TOO_LARGE = np.lib.format.magic(1, 0) + (118).to_bytes(2, "little") + (
    b"{'descr': '<f4', 'fortran_order': False, 'shape': (1048576, 1048576, 1048576), }".ljust(117) + b"\n" + bytes(16)
)  # fmt: skip

REFUSED = {
    "empty": (b"", f"it is empty; {EXPECTED}"),
    "blank": (b" \n\t\n", f"it is empty; {EXPECTED}"),
    "random": (b"\xd5" + RNG.bytes(500), f"it is not an .npy, .npz, .safetensors or JSON file; {EXPECTED}"),
    "text": (b"the cat sat", f"it is not an .npy, .npz, .safetensors or JSON file; {EXPECTED}"),
    "pickle": (pickle.dumps(GOOD), f"it is a pickle, which could run any program and is never read; {EXPECTED}"),
    "pickled array": (
        npy(np.array([None])),
        f"it is a pickle, which could run any program and is never read; {EXPECTED}",
    ),
    "pickled member": (
        npz(attention=np.array([None])),
        f"its array attention is a pickle, which could run any program and is never read; {EXPECTED}",
    ),
    "cut array": (
        npy(softmax(3, 3))[:-1],
        f"it has 35 bytes of data for the shape (3, 3) of float32; {EXPECTED}",
    ),
    "cut in its header": (npy(softmax(3, 3))[:50], f"it is damaged (...); {EXPECTED}"),
    "2^60 numbers": (
        TOO_LARGE,
        f"it has 16 bytes of data for the shape (1048576, 1048576, 1048576) of float32; {EXPECTED}",
    ),
    "cut archive": (npz(a=softmax(3, 3))[:-9], f"it is damaged (...); {EXPECTED}"),
    "several arrays": (
        npz(a=softmax(3, 3), b=softmax(3, 3)),
        f"its arrays are a, b; which one is attention is not clear; {NAMES}",
    ),
    "no arrays": (npz(), f"its arrays are none; which one is attention is not clear; {NAMES}"),
    "texts": (npy(np.array([["a"]])), "attention: its numbers are of type <U1; expected real numbers"),
    "complex": (npy(np.eye(2) + 0j), "attention: its numbers are of type complex128; expected real numbers"),
    "booleans": (npy(np.eye(2) > 0), "attention: its numbers are of type bool; expected real numbers"),
    "no axis": (npy(np.float32(1)), "attention has the shape (); expected (layer, head, query, key) or its last axes"),
    "5 axes, none of length 1": (
        npy(softmax(2, 2, 3, 5, 5)),
        "attention has the shape (2, 2, 3, 5, 5), and which axis counts texts is not clear; expected --axes",
    ),
    "no rows": (
        npy(np.zeros((2, 0, 3))),
        "attention has the shape (2, 0, 3), which holds no numbers; expected (layer, head, query, key) or its last "
        "axes",
    ),
    "empty lists": (
        b"[[],[]]",
        "attention has the shape (2, 0), which holds no numbers; expected (layer, head, query, key) or its last axes",
    ),
    "7 lists deep": (b"[[[[[[[1]]]]]]]", "attention has lists 7 deep; expected at most 6"),
    "100000 brackets": (b"[" * 100_000 + b"]" * 100_000, f"it is not JSON (...); {EXPECTED}"),
    "900 lists deep": (b"[" * 900 + b"]" * 900, "attention has lists 900 deep; expected at most 6"),
    "cut JSON": (text(GOOD)[:-3], f"it is not JSON (...); {EXPECTED}"),
    "NaN in JSON": (b"[[0.5, NaN], [0, 1]]", "L0H0, row 0, column 1 is nan; expected a number from 0 to 1"),
    "NaN in bad JSON": (b"[[0.5, NaN]", f"it is not JSON (...); {EXPECTED}"),
    "half a surrogate pair": (b'{"attention": [[1]], "tokens": ["\\ud800"]}', f"it is not JSON (...); {EXPECTED}"),
    "not UTF-8": (b'{"attention": [[1]], "tokens": ["\xff"]}', None),
    "ragged": (
        text([[[0.5, 0.5], [1, 0]], [[0.5, 0.5], [0.2, 0.3, 0.5]]]),
        "attention[1][1] has 3 numbers, and [0][0] has 2; expected lists of equal length",
    ),
    "ragged by one number": (
        text([[0.5, 0.5], [1]]),
        "attention[1] has 1 number, and [0] has 2; expected lists of equal length",
    ),
    "ragged heads": (
        text([[[1, 0], [0, 1]], [[1, 0]]]),
        "attention[1] has 1 item, and [0] has 2; expected lists of equal length",
    ),
    "a number for a row": (
        text([[0.5, 0.5], 1]),
        "attention[1] is 1, and [0] is a list; expected lists of equal length",
    ),
    "a row for a number": (text([[0.5, 0.5], [[1], 0]]), "attention[1][0] is a list; expected a number"),
    "a text for a number": (text([[0.5, "0.5\x1b"]]), 'attention[0][1] is "0.5\\u001b"; expected a number'),
    "true for a number": (text([[True, False]]), "attention[0][0] is true; expected a number"),
    "an object for a number": (text([[{}, 1]]), "attention[0][0] is an object; expected a number"),
    "null in weights": (text([[1, None], [0, 1]]), "attention[0][1] is null; expected a number"),
    "a text": (text({"attention": "x" * 99}), f'attention is "{"x" * 56}...{"x" * 19}"; expected lists of numbers'),
    "no attention": (
        text({"weights": GOOD, "others": GOOD}),
        "it has no 'attention', only weights, others; expected lists, or an object with attention, attentions, "
        "encoder_attentions, decoder_attentions, cross_attentions, or layer_0, layer_1, ...",
    ),
    "an array among objects": (
        text([{"attention": GOOD}, GOOD]),
        "item 1 of its list is not an object, and others are; expected an object for each text, or lists of numbers",
    ),
    "edges": (
        changed(edges=[], attention=...),
        "edges is not a list of edges; expected (query, key, weight) or (layer, head, query, key, weight)",
    ),
    "a row sum": (
        npy(bad((0, 2, 3), [0.11, 0.2, 0.3, 0.1])),
        "L0H2, row 3 sums to 0.71; expected 1",
    ),
    "a row sum of a single head": (npy(softmax(3, 3) / 2), "L0H0, row 0 sums to 0.5; expected 1"),
    "NaN": (
        npy(bad((1, 0, 2, 3), np.nan)),
        "L1H0, row 2, column 3 is nan; expected a number from 0 to 1",
    ),
    "infinity": (
        npy(bad((1, 0, 2, 3), np.inf)),
        "L1H0, row 2, column 3 is inf; expected a number from 0 to 1",
    ),
    "too large for single precision": (
        b"[[1e300, 0], [0, 1]]",
        "L0H0, row 0, column 0 is inf; expected a number from 0 to 1",
    ),
    "negative": (
        npy(bad((1, 2, 0), [0.4, 0.4, 0.4, -0.2])),
        "L1H2, row 0, column 3 is -0.2; expected a number from 0 to 1",
    ),
    "above 1": (
        npy(bad((0, 0, 0), [1.5, 0, 0, 0])),
        "L0H0, row 0, column 0 is 1.5; expected a number from 0 to 1",
    ),
    "own layers and heads": (
        changed(attention=[[[[1, 0, 0], [0, 1, 0], [0, 0, 0.5]]]], layers=[4], heads=[7]),
        "L4H7, row 2 sums to 0.5; expected 1",
    ),
    "a reduced row sum": (
        changed(attention=[[[1, 0, 0], [0, 1, 0], [0, 0, 0.5]]], reduce="mean-heads", axes=..., heads=[0, 3]),
        "layer 0, mean of heads 0,3, row 2 sums to 0.5; expected 1",
    ),
    "a cross row sum": (
        text({"cross_attention": [[0.5, 0.5, 0.5]]}),
        "cross attention, L0H0, row 0 sums to 1.5; expected 1",
    ),
    "tokens": (changed(tokens=["a", "b"]), "2 tokens, and the matrices have 3; expected 3"),
    "token texts": (changed(tokens=["a", 1, "c"]), "tokens is not a list of texts; expected one"),
    "special": (changed(special=[2, 0, 0]), "special is not a list of true and false; expected one"),
    "ids": (
        changed(token_ids=[1, -2, 3]),
        "token_ids is not a list of whole numbers from 0; expected one",
    ),
    "offsets": (
        changed(offsets=[[0, 1], [2, 3], [4]]),
        "offsets is not a list of pairs of whole numbers; expected one",
    ),
    "labels": (changed(labels=["a"]), "1 labels, and the matrices have 3; expected 3"),
    "layers": (changed(layers=[0, 1]), "2 layers, and the matrices have 1; expected 1"),
    "heads": (changed(heads="all"), "heads is not a list of whole numbers from 0; expected one"),
    "schema": (changed(schema="attnviz/2"), "its schema is 'attnviz/2'; expected attnviz/1"),
    "values": (changed(values="q"), "values 'q' is not known; expected one of weights, scores, norms, zeroing"),
    "reduce": (
        changed(reduce="min"),
        "reduce 'min' is not known; expected one of none, mean-heads, mean, max, rollout, flow",
    ),
    "axes": (
        changed(axes=["head", "layer", "query", "key"]),
        "attention: its axes are ['head', 'layer', 'query', 'key']; expected ['layer', 'head', 'query', 'key'] for the "
        "shape (1, 2, 3, 3)",
    ),
    "axes of a reduction": (changed(reduce="mean"), "attention has the shape (1, 2, 3, 3); expected (query, key)"),
    "a mask": (changed(masked=[[True]]), "masked is not a list of true and false of the shape (3, 3); expected that"),
    "a weight that is masked": (
        changed(attention=[[[[0.5, 0.25, 0.25]] * 3]], layers=[0], heads=[0], masked=[[False, True, False]] * 3),
        "L0H0, row 0, column 1 is 0.25, and masked; expected 0 where it is masked",
    ),
    "a ragged mask": (
        changed(masked=[[True], [True, False]]),
        "masked is not a list of true and false of the shape (3, 3); expected that",
    ),
    "precision": (changed(precision=-1), "its precision is '-1'; expected decimals from 0 to 20"),
    "model": (changed(model={"name": "x"}), "its model has no name or no weights; expected an object with both"),
    "weights": (
        changed(model={"name": "x", "weights": "\x1b]0;"}),
        "its model's weights are '\\\\x1b]0;'; expected seed:N or sha256:...",
    ),
    "text of a text": (changed(text=7), "its text is not a string; expected a string or null"),
    "kinds that differ": (
        changed(cross_attention=[[[[0.5, 0.5]], [[1, 0]]]], target_tokens=["y"]),
        "cross_attention has the shape (1, 2, 1, 2); expected (1, 2, 1, 3), to fit the rest",
    ),
    "heads that differ": (
        changed(cross_attention=[[1, 0, 0]], axes=...),
        "cross_attention has the shape (1, 1, 1, 3); expected (1, 2, 1, 3), to fit the rest",
    ),
    "two rectangles": (
        text({"attention": [[1, 0, 0]], "cross_attention": [[1, 0, 0]]}),
        "attention is 1 x 3 (queries x keys); expected square matrices of encoder attention",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_attention_is_one_line(tmp_path, case):
    data, message = REFUSED[case]
    path = tmp_path / "saved"
    path.write_bytes(data)
    for source, name, where in ((path, None, path), (io.BytesIO(data), "pipe\n", "pipe\\n")):
        with pytest.raises(InputError) as caught:
            list(read_attention(source, name=name))
        said = DAMAGE_WORDS.sub("damaged (...);", JSON_WORDS.sub("not JSON (...);", str(caught.value)))
        assert said == f"{where}: {message}" if message else said.startswith(f"{where}: it is not JSON (")
        assert caught.value.exit_code == 3
        assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        (npy(softmax(3, 3) / 2), "its rows all sum to 0.5: divide them by it"),
        (npy(-softmax(3, 3)), HINT),
        (npy(softmax(3, 3) * 1.01), "its rows all sum to 1.01: divide them by it"),
        (npy(softmax(3, 3).T), "its columns sum to 1, and rows are queries: --axes key,query turns them"),
        (npy(bad((0, 0, 0, 0), np.nan)), None),
        (npy(softmax(2, 2, 3, 5, 5)), "for example --axes layer,batch,head,query,key"),
        (b"[[0.5, NaN]", None),
        (text({"attention": [[1, 0]], "tokens": ["a"]}), None),
    ],
)
def test_a_hint_says_what_can_be_done(data, hint):
    with pytest.raises(InputError) as caught:
        read(data)
    assert caught.value.hint == hint


@pytest.mark.parametrize(("value", "said"), [(np.nan, "nan"), (np.inf, "inf")])
def test_scores_that_are_not_finite_are_refused(value, said):
    with pytest.raises(InputError) as caught:
        read(npy(bad((0, 1, 2, 3), value)), name="s", scores=True)
    assert str(caught.value) == (
        f"s: L0H1, row 2, column 3 is {said}; expected a finite number, or -inf where it is masked"
    )
    assert caught.value.hint is None


@pytest.mark.parametrize(("shape", "held"), [((3, 3), "3 tokens"), ((2, 3), "3 keys and 2 queries")])
def test_labels_that_fit_no_axis_are_refused_with_all_numbers(shape, held):
    with pytest.raises(InputError) as caught:
        read(npy(softmax(*shape)), name="s", token_labels=["a"] * 5)
    assert str(caught.value) == f"s: there are 5 labels, and the matrices have {held}; expected one label per token"


def test_a_later_line_is_named_by_its_number_after_the_results_before_it():
    results = read_attention(io.BytesIO(text(GOOD) + b"\n\n" + text([[0.5, 0.2]]) + b"\n"), name="s")
    next(results)
    with pytest.raises(InputError) as caught:
        next(results)
    assert str(caught.value) == "s, line 3: cross attention, L0H0, row 0 sums to 0.7; expected 1"


def test_files_that_cannot_be_opened_are_one_line(tmp_path):
    for name, message in [("missing", "no such file"), ("", "it is a folder")]:
        with pytest.raises(InputError) as caught:
            next(read_attention(tmp_path / name))
        assert str(caught.value) == f"{tmp_path / name}: {message}; {EXPECTED}"


def test_a_stream_that_fails_is_one_line():
    class Failing(io.BytesIO):
        def readline(self, *_):
            raise IsADirectoryError(21, "Is a directory")

    with pytest.raises(InputError) as caught:
        next(read_attention(Failing(b"[[1]]")))
    assert str(caught.value) == f"standard input: it is a folder; {EXPECTED}"


WHOLE = [text(OWN), npy(softmax(2, 3, 3)), npz(a=softmax(2, 3, 3))]


@settings(max_examples=100)
@given(data=st.data())
def test_any_damage_is_either_harmless_or_one_line(data):
    whole = bytearray(data.draw(st.sampled_from(WHOLE)))
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 9)))
    whole[start:end] = data.draw(st.binary(max_size=9))
    try:
        for result in read_attention(io.BytesIO(bytes(whole))):
            assert all(np.isfinite(view.matrices).all() for view in result.views.values())
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017 (not every damage is an error)
