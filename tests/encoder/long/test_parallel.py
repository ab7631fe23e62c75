"""Threads that share what is computed of a long text: the same numbers, and the first error."""

import threading
import warnings

import numpy as np
import pytest

from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.embedding import Sequence
from attnviz.encoder.long import head_rows, parallel
from attnviz.encoder.long.parallel import each, n_threads, set_threads
from attnviz.encoder.parameters.params import ArrayParams
from attnviz.encoder.products import of_rows, with_matrix
from attnviz.encoder.stack import Address, run
from tests.encoder.mixtures import params_of


@pytest.fixture(autouse=True)
def as_before():
    before = n_threads()
    yield
    set_threads(before)


@pytest.mark.parametrize("count", [1, 2, 7])
def test_everything_is_done_once_by_that_many_threads_at_most(count):
    set_threads(count)
    done, threads = [], set()

    def do(item):
        threads.add(threading.get_ident())
        done.append(item)

    each(do, (number for number in range(100)))
    assert sorted(done) == list(range(100))
    assert 1 <= len(threads) <= count
    each(do, ())


@pytest.mark.parametrize("count", [1, 3])
def test_the_first_error_is_raised_and_nothing_more_begun(count):
    set_threads(count)
    begun = []

    def do(item):
        begun.append(item)
        raise ValueError(item)

    with pytest.raises(ValueError, match=r"^[012]$"):
        each(do, range(1000))
    assert len(begun) <= count


def test_after_ctrl_c_nothing_more_is_begun(monkeypatch):
    set_threads(2)
    begun, released = threading.Event(), threading.Event()
    done, threads = [], []

    class Interrupted(threading.Thread):
        def start(self):
            threads.append(self)
            super().start()
            begun.wait()
            raise KeyboardInterrupt  # which comes to the thread that asked

    def do(item):
        begun.set()
        released.wait()
        done.append(item)

    monkeypatch.setattr(parallel, "Thread", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        each(do, range(1000))
    released.set()
    for thread in threads:
        thread.join()
    assert done == [0]


def test_where_the_system_gives_no_thread_all_is_done_without(monkeypatch):
    class NoThread(threading.Thread):
        def start(self):
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(parallel, "Thread", NoThread)
    set_threads(3)
    done = []
    each(done.append, range(9))
    assert done == list(range(9))


@pytest.mark.parametrize("count", [1, 3])
def test_an_error_of_the_items_is_raised(count):
    set_threads(count)

    def items():
        yield 0
        raise LookupError("no more")

    with pytest.raises(LookupError, match="no more"):
        each(str, items())


def test_threads_handle_what_is_not_finite_as_the_thread_that_asks():
    set_threads(3)
    both = threading.Barrier(3)  # each thread does one

    def do(item):
        both.wait()
        np.exp(np.float32([1000 + item]))

    with warnings.catch_warnings(), np.errstate(over="ignore"):
        warnings.simplefilter("error")
        each(do, range(3))
    with pytest.raises(FloatingPointError), np.errstate(over="raise"):
        each(do, range(3))


def test_products_are_the_same_in_threads(monkeypatch):
    monkeypatch.setattr("attnviz.encoder.products._ROWS_OF_A_THREAD", 16)
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((3, 33, 20)), rng.standard_normal((20, 9))
    blocks = ArrayParams({"w": w})

    def column_blocks(name):
        return (blocks[name][:, i : i + 2].T for i in range(0, 9, 2))

    monkeypatch.setattr(blocks, "column_blocks", column_blocks)
    for count in (1, 3):
        set_threads(count)
        np.testing.assert_allclose(of_rows(x, w), x @ w, atol=1e-12)
        np.testing.assert_allclose(with_matrix(x, blocks, "w"), x @ w, atol=1e-12)


@pytest.mark.parametrize("activation", ["gelu", "gelu_tanh", "relu"])
def test_a_long_text_has_the_same_numbers_in_threads(monkeypatch, activation):
    monkeypatch.setattr(head_rows, "AT_ONCE", 64)
    config = EncoderConfig(n_layers=2, n_heads=3, d_model=12, d_ff=30, n_vocab=101, n_ctx=90, activation=activation)
    source = Sequence(ids=np.arange(90))
    addresses = {Address("encoder", layer, "weights") for layer in (0, 1)}
    alone = run(params_of(config, np.float32), config, addresses, source)
    set_threads(3)
    shared = run(params_of(config, np.float32), config, addresses, source)
    assert parallel.n_threads() == 3
    for layer in (0, 1):
        np.testing.assert_allclose(shared["encoder", layer].weights, alone["encoder", layer].weights, atol=2e-6)
