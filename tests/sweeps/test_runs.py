"""Texts through the stack: together or alone, whole or a part at a time, they give the same."""

import math
import tracemalloc
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from attnviz.analysis.heads.metrics import head_metrics
from attnviz.analysis.matrices.parts import joined
from attnviz.analysis.matrices.selection import Request
from attnviz.analysis.remainders import metrics_of_parts, metrics_of_rows
from attnviz.encoder import attention, batch
from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.embedding import Sequence
from attnviz.encoder.long import head_rows
from attnviz.encoder.long.parallel import n_threads, set_threads
from attnviz.encoder.parameters.params import ArrayParams
from attnviz.encoder.stack import Address
from attnviz.errors import InputError, UsageError
from attnviz.model import load
from attnviz.sweeps import runs as module
from attnviz.sweeps.preparation import prepare, prepare_vectors
from attnviz.sweeps.run import Run
from attnviz.sweeps.runs import run_prepared, runs
from attnviz.trace.attention import Attention
from attnviz.trace.result import Result
from tests.encoder.mixtures import configs, model_of, params_of, prepared_of, sequences
from tests.noise import ROUNDING

ALIKE = ("queries", "keys", "layers", "heads", "kind", "values", "reduce", "words", "hidden", "renormalized")
SMALL = EncoderConfig(n_layers=3, n_heads=4, d_model=20, d_ff=0, n_vocab=101, n_ctx=900)


def assert_same(ours: Attention, theirs: Attention, tolerance: float) -> None:
    """The same matrices, but for noise, and the same of everything else."""
    assert {name: getattr(ours, name) for name in ALIKE} == {name: getattr(theirs, name) for name in ALIKE}
    for name in ("matrices", "rest"):
        mine, other = getattr(ours, name), getattr(theirs, name)
        assert (mine is None) == (other is None), name
        if mine is not None:
            assert mine.dtype == other.dtype
            scale = np.abs(other[np.isfinite(other)]).max(initial=1)
            np.testing.assert_allclose(mine, other, rtol=0, atol=tolerance * scale)
    assert (ours.masked is None) == (theirs.masked is None)
    if ours.masked is not None:
        np.testing.assert_array_equal(ours.masked, theirs.masked)


def assert_same_result(ours: Result, theirs: Result, tolerance: float) -> None:
    assert list(ours.views) == list(theirs.views)
    for kind, view in ours.views.items():
        assert_same(view, theirs.views[kind], tolerance)
    for name in ("text", "pair", "target", "tokens", "target_tokens", "model"):
        assert getattr(ours, name) == getattr(theirs, name), name


selections = st.sampled_from(["all", "1", "1,0"])


@settings(max_examples=50)
@given(st.data())
def test_whatever_texts_run_together_each_gives_what_it_gives_alone(data):
    config = data.draw(configs())
    model = model_of(config, np.float64)
    request = Request(
        layers=data.draw(selections),
        heads=data.draw(selections),
        values=data.draw(st.sampled_from(["weights", "scores"])),
        reduce=data.draw(st.sampled_from(["none", "mean-heads", "mean", "max"])),
        kinds=data.draw(st.sampled_from([None, ("encoder",)])),
    )
    decoded = data.draw(st.booleans())
    texts = [
        replace(prepared_of(source, data.draw(sequences(config)) if decoded else None), text=f"text {number}")
        for number, source in enumerate(data.draw(st.lists(sequences(config), min_size=1, max_size=8)))
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "_MOST_PLACES", data.draw(st.sampled_from([1, 20, 1024])))
        patch.setattr(batch, "_COST", data.draw(st.sampled_from([0, 5, 500])))
        patch.setattr(module, "MOST_HELD", data.draw(st.sampled_from([100, 1000, 1 << 24])))
        patch.setattr(module, "_MOST_TEXTS", data.draw(st.sampled_from([1, 3, 256])))
        together = [run.result() for run in runs(model, iter(texts), request)]
    assert [result.text for result in together] == [text.text for text in texts]
    for result, text in zip(together, texts, strict=True):
        assert_same_result(result, run_prepared(model, text, request), 1e-11)


def texts_of(lengths: list[int]) -> list[module.Prepared]:
    ids = np.arange(1000) * 7919 % 101
    return [prepared_of(Sequence(ids=ids[start : start + n])) for start, n in enumerate(lengths)]


def watched_batches(monkeypatch) -> list[tuple[int, ...]]:
    """The shapes of the ids that the stack is run with from now on, the source's and then the target's."""
    shapes, run_stack = [], module.run_stack

    def watched(params, config, addresses, source, target=None, **options):
        shapes.append((*source.ids.shape, *(() if target is None else target.ids.shape)))
        return run_stack(params, config, addresses, source, target, **options)

    monkeypatch.setattr(module, "run_stack", watched)
    return shapes


def test_short_texts_run_together_and_come_in_their_order(monkeypatch):
    monkeypatch.setattr(batch, "_COST", 5)
    shapes = watched_batches(monkeypatch)
    texts = texts_of([5, 20, 5, 19, 5, 40])
    found = [run.result() for run in runs(model_of(SMALL, np.float32), texts, Request())]
    assert [len(result.tokens) for result in found] == [5, 20, 5, 19, 5, 40]
    assert sorted(shapes) == [(3, 5), (3, 40)]


def test_texts_are_read_a_bounded_number_ahead(monkeypatch):
    monkeypatch.setattr(module, "_MOST_TEXTS", 4)
    read = []

    def endless():
        for n in count(1):
            read.append(n)
            yield texts_of([3 + n % 2])[0]

    found = runs(model_of(SMALL, np.float32), endless(), Request())
    for _ in range(5):
        next(found)
    assert len(read) == 8


def test_a_batch_holds_a_bounded_number_of_matrices(monkeypatch):
    shapes = watched_batches(monkeypatch)
    per_text = 3 * 4 * 10 * 10
    monkeypatch.setattr(module, "MOST_HELD", 2 * per_text)
    assert len(list(runs(model_of(SMALL, np.float32), texts_of([10] * 5), Request()))) == 5
    assert shapes == [(2, 10), (2, 10)]  # the last text runs when it is asked for


def test_long_targets_bound_a_batch_as_long_texts_do(monkeypatch):
    monkeypatch.setattr(batch, "_MOST_PLACES", 1024)
    shapes = watched_batches(monkeypatch)
    target = texts_of([300])[0].source
    texts = [prepared_of(text.source, target) for text in texts_of([2] * 9)]
    request = Request(layers=0, heads=0, kinds=("cross",))
    found = [run.result() for run in runs(model_of(SMALL, np.float32), texts, request)]
    assert [result.cross_attention.shape for result in found] == [(1, 1, 300, 2)] * 9
    assert shapes == [(3, 2, 3, 300)] * 3


def test_texts_with_and_without_a_target_share_a_batch_of_what_the_encoder_does():
    model = model_of(SMALL, np.float64)
    plain = texts_of([5, 5, 5])
    texts = [plain[0], prepared_of(plain[1].source, plain[2].source), plain[2]]
    for order in (texts, texts[::-1], texts[1:]):
        found = list(runs(model, order, Request(kinds=("encoder",))))
        for run, text in zip(found, order, strict=True):
            assert_same_result(run.result(), run_prepared(model, text, Request(kinds=("encoder",))), 1e-12)


@pytest.mark.parametrize(
    "request_", [Request(values="norms"), Request(keep=frozenset({"q"})), Request(values="zeroing")]
)
def test_what_needs_more_than_the_attention_runs_by_itself(request_):
    model = model_of(SMALL, np.float64)
    texts = texts_of([4, 4, 4])
    for run, text in zip(runs(model, texts, request_), texts, strict=True):
        alone = run_prepared(model, text, request_)
        assert_same_result(run.result(), alone, 0)
        assert (run.result().trace is None) == (alone.trace is None)


def test_vectors_run_by_themselves_among_texts():
    model = model_of(SMALL, np.float32)
    vectors = prepare_vectors(model, np.random.default_rng(3).normal(size=(4, 20)))
    texts = texts_of([4, 4])
    found = [run.result() for run in runs(model, [texts[0], vectors, texts[1]], Request())]
    for result, text in zip(found, [texts[0], vectors, texts[1]], strict=True):
        assert_same_result(result, run_prepared(model, text, Request()), ROUNDING)


def test_a_text_whose_numbers_overflow_fails_by_itself_when_it_is_asked_for():
    made = params_of(SMALL, np.float32)
    tokens = made["embed.tokens"].copy()
    tokens[99] = np.resize(np.array([3e38, -3e38], np.float32), 20)
    model = replace(model_of(SMALL, np.float32), params=ArrayParams({**made, "embed.tokens": tokens}))
    ids = ([1, 2, 3], [4, 99, 5], [6, 7, 8])
    found = list(runs(model, [prepared_of(Sequence(ids=np.array(one))) for one in ids], Request()))
    for number in (0, 2):
        assert np.isfinite(found[number].result().attention).all()
    with pytest.raises(InputError, match=r"encoder layer 0: the \w+ are not finite"):
        found[1].result()


def test_a_selection_that_is_not_there_is_refused_before_anything_runs(monkeypatch):
    shapes = watched_batches(monkeypatch)
    with pytest.raises(UsageError, match="there is no layer 3"):
        next(runs(model_of(SMALL, np.float32), texts_of([4, 4]), Request(layers=3)))
    assert shapes == []


@st.composite
def requests(draw) -> Request:
    values = draw(st.sampled_from(["weights", "scores", "norms"]))
    hidden = draw(st.booleans())
    layers = draw(st.sampled_from(["all", "0,2", "1", "2,0"]))
    reductions = ["none", "mean-heads", "mean", "max"]
    return Request(
        layers=layers,
        heads=draw(st.sampled_from(["all", "0-3", "11", "1,7,2"])),
        values=values,
        reduce=draw(st.sampled_from([*reductions, *["rollout"] * (values == "weights" and layers == "all")])),
        words=values == "weights" and draw(st.booleans()),
        hide_special=hidden,
        renormalize=hidden and values == "weights" and draw(st.booleans()),
    )


TEXT = "Unquestionably the longstanding misunderstandings were cleared up, weren't they?"


@pytest.fixture(scope="module")
def tiny():
    return load()


@settings(max_examples=30)
@given(request=requests(), at_once=st.sampled_from([1, 1000, 1 << 22]), pad_to=st.sampled_from([None, 40]))
def test_parts_are_the_whole_whatever_is_asked_of_them(tiny, request, at_once, pad_to):
    prepared = prepare(tiny, TEXT, pad_to=pad_to)
    whole = run_prepared(tiny, prepared, request)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_HELD", 1)
        patch.setattr(attention, "_AT_ONCE", at_once)
        (run,) = runs(tiny, [prepared], request)
        assert_same_result(run.result(), whole, ROUNDING)
        # Parts are good only until the next; what is out of order is whole.
        found = joined(run.parts(), whole.views["encoder"].matrices.shape[:2])
    assert_same(found, whole.views["encoder"], ROUNDING)
    in_order = request.layers != "2,0" and request.heads != "1,7,2"
    assert run.is_long == in_order
    assert math.prod(run.shape) == len(whole.views["encoder"])
    assert_same_result(replace(run.bare, views=whole.views), whole, 0)


@settings(max_examples=25)
@given(config=configs(), data=st.data(), kind=st.sampled_from(["encoder", "decoder", "cross"]))
def test_parts_are_the_whole_of_any_kind_and_mask(config, data, kind):
    model = model_of(config, np.float64)
    prepared = prepared_of(data.draw(sequences(config)), data.draw(sequences(config)))
    values = data.draw(st.sampled_from(["weights", "scores", "norms"]))
    reductions = ["none", "mean-heads", "mean", "max", *["rollout"] * (values == "weights" and kind != "cross")]
    request = Request(
        kinds=(kind,),
        values=values,
        reduce=data.draw(st.sampled_from(reductions)),
        heads=data.draw(st.sampled_from(["all", "0,2"])),
    )
    whole = run_prepared(model, prepared, request)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_HELD", 0)
        patch.setattr(attention, "_AT_ONCE", 1)
        (run,) = runs(model, [prepared], request)
        found = joined(run.parts(), whole.views[kind].matrices.shape[:2])
        assert_same_result(run.result(), whole, 1e-12)
    assert run.is_long
    assert_same(found, whole.views[kind], 1e-12)


def test_over_layers_a_key_is_masked_only_where_it_is_in_all_of_them(monkeypatch):
    config = SMALL.replaced({"mask": "window", "window": 1, "window_layers": "1"})
    model, (text,) = model_of(config, np.float32), texts_of([5])
    for how in ("mean", "max"):
        whole = run_prepared(model, text, Request(reduce=how)).views["encoder"]
        with monkeypatch.context() as patch:
            patch.setattr(module, "MOST_HELD", 1)
            part = next(next(runs(model, [text], Request(reduce=how))).parts())
        assert not whole.masked.any()
        assert_same(part, whole, ROUNDING)


def test_flow_needs_the_whole(monkeypatch, tiny):
    monkeypatch.setattr(module, "MOST_HELD", 1)
    prepared = prepare(tiny, "The cat sat.")
    (run,) = runs(tiny, [prepared], Request(reduce="flow"))
    (part,) = run.parts()
    assert not run.is_long
    assert_same(part, run.result().views["encoder"], 0)


@settings(max_examples=15)
@given(
    hidden=st.booleans(), words=st.booleans(), at_once=st.sampled_from([1, 2000]), layers=st.sampled_from(["all", 1])
)
def test_metrics_of_parts_are_the_metrics_of_the_whole(tiny, hidden, words, at_once, layers):
    request = Request(layers=layers, words=words, hide_special=hidden, renormalize=hidden)
    prepared = prepare(tiny, TEXT)
    whole = run_prepared(tiny, prepared, request).views["encoder"]
    expected = head_metrics(whole)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_HELD", 1)
        patch.setattr(attention, "_AT_ONCE", at_once)
        (run,) = runs(tiny, [prepared], request)
        assume(run.is_long)
        common, metrics = metrics_of_parts(run.parts())
    assert (metrics.layers, metrics.heads, metrics.missing) == (expected.layers, expected.heads, expected.missing)
    assert (common.layers, common.heads, common.matrices.size) == (whole.layers, whole.heads, 0)
    for name, values in expected.values.items():
        np.testing.assert_allclose(metrics.values[name], values, atol=1e-5, equal_nan=True)
        np.testing.assert_array_equal(metrics.counts[name], expected.counts[name])


def metrics_by_rows(model, prepared, request, at_once):
    """Of rows that are seen as they are computed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_HELD", 1)
        patch.setattr(head_rows, "AT_ONCE", at_once)
        (run,) = runs(model, [prepared], request)
        assert run.rows is not None
        return metrics_of_rows(run.rows)


@settings(max_examples=40)
@given(config=configs(), data=st.data(), at_once=st.sampled_from([1, 13, 1 << 18]), threads=st.sampled_from([1, 3]))
def test_metrics_of_rows_are_those_of_matrices(config, data, at_once, threads):
    assume(not config.attention.sink and not config.disentangled.parts)
    model, prepared = model_of(config, np.float64), prepared_of(data.draw(sequences(config)))
    request = Request(
        layers=data.draw(st.sampled_from(["all", "0", "1"])), heads=data.draw(st.sampled_from(["all", "0,2", "1"]))
    )
    whole = run_prepared(model, prepared, request).views["encoder"]
    common, expected = metrics_of_parts(iter([whole]))
    before = n_threads()
    set_threads(threads)
    try:
        seen, metrics = metrics_by_rows(model, prepared, request, at_once)
    finally:
        set_threads(before)
    assert (metrics.layers, metrics.heads, metrics.missing) == (expected.layers, expected.heads, expected.missing)
    assert (seen.layers, seen.heads, seen.queries) == (common.layers, common.heads, common.queries)
    for ours, theirs in ((metrics, expected), (metrics.remainder, expected.remainder)):
        assert ours.values.keys() == theirs.values.keys()
        for name, values in theirs.values.items():
            np.testing.assert_allclose(ours.values[name], values, atol=1e-9, equal_nan=True, err_msg=name)
            np.testing.assert_array_equal(ours.counts[name], theirs.counts[name], err_msg=name)
    np.testing.assert_allclose(metrics.remainder.share, expected.remainder.share, atol=1e-9, equal_nan=True)


def test_metrics_of_rows_are_those_of_matrices_in_a_text_with_names_and_padding(tiny):
    for pad_to in (None, 40):
        prepared = prepare(tiny, TEXT, pad_to=pad_to)
        expected = head_metrics(run_prepared(tiny, prepared, Request()).views["encoder"])
        for at_once in (1, 100, 1 << 18):
            _, metrics = metrics_by_rows(tiny, prepared, Request(), at_once)
            assert metrics.missing == expected.missing
            for name, values in expected.values.items():
                np.testing.assert_allclose(metrics.values[name], values, atol=2e-5, equal_nan=True, err_msg=name)
                np.testing.assert_array_equal(metrics.counts[name], expected.counts[name], err_msg=name)


@pytest.mark.parametrize(
    "fields",
    [{"words": True}, {"hide_special": True}, {"reduce": "mean"}, {"values": "norms"}, {"rows": "0"}, {"blocks": True}],
)
def test_what_changes_the_matrices_needs_them(monkeypatch, tiny, fields):
    monkeypatch.setattr(module, "MOST_HELD", 1)
    (run,) = runs(tiny, [prepare(tiny, TEXT)], Request(**fields))
    assert run.rows is None


def peak(action) -> float:
    """The most that was held while it ran, in bytes."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_of_a_long_text_little_more_than_one_heads_matrix_is_held(monkeypatch):
    n = 700
    config = EncoderConfig(n_layers=2, n_heads=12, d_model=24, d_ff=0, n_vocab=101, n_ctx=n)
    model = load(fields=config.as_dict())
    (text,) = texts_of([n])
    matrix = n * n * 4
    monkeypatch.setattr(module, "MOST_HELD", 12 * n * n)
    monkeypatch.setattr(attention, "_AT_ONCE", n * n)

    def long(reduce: str = "none", values: str = "weights") -> Run:
        (run,) = runs(model, [text], Request(reduce=reduce, values=values))
        assert run.is_long
        return run

    def counted(*how: str) -> int:
        return sum(part.matrices.shape[1] for part in long(*how).parts())

    assert peak(lambda: long().result()) > 24 * matrix
    assert counted("none") == 24
    assert peak(lambda: counted("none")) < 4 * matrix
    assert peak(lambda: counted("max")) < 5 * matrix
    assert peak(lambda: counted("mean")) < 8 * matrix  # a sum in float64, and how many there are of each
    assert peak(lambda: counted("rollout")) < 8 * matrix  # a layer and a product, in float64
    assert peak(lambda: counted("none", "norms")) < 5 * matrix
    assert peak(lambda: metrics_of_parts(long().parts())) < 8 * matrix


def test_of_a_layer_no_more_is_computed_than_is_asked_for(monkeypatch):
    monkeypatch.setattr(module, "MOST_HELD", 1)
    monkeypatch.setattr(attention, "_AT_ONCE", 1)
    (run,) = runs(model_of(SMALL, np.float32), texts_of([6]), Request(layers="0,2", heads="1,3"))
    assert [(part.layers, part.heads) for part in run.parts()] == [
        ((0,), (1,)),
        ((0,), (3,)),
        ((2,), (1,)),
        ((2,), (3,)),
    ]


def test_one_that_was_read_gives_what_it_has():
    model = model_of(SMALL, np.float32)
    text = prepared_of(texts_of([4])[0].source, texts_of([5])[0].source)
    result = run_prepared(model, text, Request(keep=frozenset({Address("encoder", 0, "q")})))
    run = Run.of(result)
    assert (run.result(), run.shape, run.is_long) == (result, (3, 4), False)
    assert [part.kind for part in run.parts()] == ["encoder", "decoder", "cross"]
    assert (dict(run.bare.views), run.bare.trace) == ({}, None)


def test_where_the_weights_came_from_is_asked_for_after_the_run(monkeypatch):
    """A thread may still be reading them, and the run need not wait for it."""
    order, run_stack = [], module.run_stack
    monkeypatch.setattr(module, "run_stack", lambda *args, **named: (order.append("run"), run_stack(*args, **named))[1])
    model = replace(model_of(SMALL, np.float32), weights=lambda: order.append("weights") or "sha256:0")
    run_prepared(model, texts_of([4])[0], Request())
    assert order == ["run", "weights"]
