"""What ``--values`` names, from a trace; its numbers are those of norms, zeroing and the run itself."""

import numpy as np
import pytest

from attnviz.analysis.matrices.rerun import Ran
from attnviz.analysis.matrices.values import value_addresses, values_of
from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.parameters.params import ArrayParams
from attnviz.encoder.parameters.seeded import SeededParams
from attnviz.encoder.stack import Sequence, run
from attnviz.errors import InputError
from attnviz.names import VALUES

CONFIG = EncoderConfig(n_layers=2, n_heads=3, d_model=12, d_ff=8, n_vocab=50, n_ctx=16)
SOURCE = Sequence(ids=np.array([5, 17, 17, 3]))


def matrices(values, params, heads=(2, 0), layer=1):
    addresses = value_addresses(values, "encoder", layer)
    trace = run(params, CONFIG, addresses, SOURCE)
    return values_of(values, Ran(params, CONFIG, trace, SOURCE), "encoder", layer, heads)


@pytest.mark.parametrize("values", VALUES)
def test_of_the_selected_heads_what_is_wanted_is_enough(values):
    params = SeededParams(CONFIG)
    found = matrices(values, params)
    assert found.shape == (1 if values == "zeroing" else 2, 4, 4)
    assert found.dtype == np.float32
    if values != "zeroing":
        np.testing.assert_array_equal(found, matrices(values, params, (0, 1, 2))[[2, 0]])


@pytest.mark.parametrize("values", ["norms", "zeroing"])
def test_numbers_beyond_their_type_are_one_line(values):
    made = SeededParams(CONFIG)
    large = ("layers.1.attn.wv", "layers.1.attn.wo")
    params = ArrayParams({name: made[name] * np.float32(1e30 if name in large else 1) for name in made})
    with pytest.raises(InputError) as caught:
        matrices(values, params)
    assert str(caught.value) == (
        f"encoder layer 1: its {values} are not finite; expected vectors and weights of usual size"
    )
