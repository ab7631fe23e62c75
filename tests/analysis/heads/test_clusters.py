"""Which heads look alike: what rows gave to hidden tokens counts, padding does not."""

from dataclasses import replace

import numpy as np
import pytest

from attnviz.analysis.heads.clusters import head_distances
from attnviz.analysis.matrices.words import hide_special
from attnviz.errors import UsageError
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token

TOKENS = (Token("", "[S]", piece="[S]", special=True), Token("a", "a", piece="a"), Token("b", "b", piece="b"))


def attention(*heads, tokens=TOKENS):
    """Heads whose rows are all equal."""
    n = len(tokens)
    matrices = np.array([[[row] * n for row in heads]], dtype=np.float32)
    return Attention(matrices, tokens, tokens, (0,), tuple(range(len(heads))), ModelInfo("test", "seed:0"))


def test_what_hidden_tokens_got_counts_as_one_key():
    # The first two heads differ only in what the hidden token got; the third looks at nothing else.
    hidden = hide_special(attention([0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [1.0, 0.0, 0.0]))
    expected = [[0.0, 0.5, 0.311278], [0.5, 0.0, 1.0], [0.311278, 1.0, 0.0]]
    np.testing.assert_allclose(head_distances(hidden), expected, atol=1e-6)


def test_rows_of_padding_do_not_count():
    padded = (*TOKENS[1:], replace(TOKENS[2], padding=True))
    heads = attention([1.0, 0.0, 0.0], [1.0, 0.0, 0.0], tokens=padded)
    matrices = heads.matrices.copy()
    matrices[0, 1, 2] = [0.0, 1.0, 0.0]
    assert head_distances(replace(heads, matrices=matrices)).tolist() == [[0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize(("fields", "held"), [({"values": "scores"}, "scores"), ({"reduce": "mean"}, "mean")])
def test_other_matrices_than_weights_of_each_head_are_refused(fields, held):
    with pytest.raises(UsageError, match=f"these matrices are {held}; expected the weights of each head"):
        head_distances(replace(attention([1.0, 0.0, 0.0]), **fields))
