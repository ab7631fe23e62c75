"""What a run kept, and what entered it, is there, or an error says what to ask for."""

import numpy as np
import pytest

import attnviz
from attnviz.analysis.matrices.parts import joined
from attnviz.analysis.matrices.rerun import Ran
from attnviz.encoder.embedding import Sequence
from attnviz.trace.trace import EmbeddingTrace, LayerTrace, Trace

SOURCE, TARGET = (Sequence(np.zeros((n, 3), dtype=np.float32)) for n in (5, 2))


def ran(target):
    model = attnviz.load(seed=0)
    return Ran(model.params, model.config, Trace({}), SOURCE, target)


def test_each_kind_has_the_stack_that_its_queries_entered():
    assert ran(TARGET).entering("encoder") is SOURCE
    assert ran(TARGET).entering("decoder") is ran(TARGET).entering("cross") is TARGET


@pytest.mark.parametrize("kind", ["decoder", "cross"])
def test_a_run_without_a_target_has_no_attention_of_the_decoder(kind):
    with pytest.raises(ValueError, match=f"a run without a target has no {kind} attention; give the target too"):
        ran(None).entering(kind)


@pytest.mark.parametrize("trace", [LayerTrace("encoder", 0), EmbeddingTrace("encoder")])
def test_an_array_that_was_not_kept_is_named(trace):
    name = "q" if isinstance(trace, LayerTrace) else "embedded"
    with pytest.raises(KeyError, match=f"the trace does not hold {name}; ask the run for it"):
        trace.kept(name)


def test_an_array_that_was_kept_is_given():
    q = np.ones((2, 3, 5))
    assert LayerTrace("encoder", 0, q=q).kept("q") is q


def test_no_parts_cannot_be_joined():
    with pytest.raises(ValueError, match="there are no parts to join; give at least one"):
        joined(iter([]), (1, 1))
