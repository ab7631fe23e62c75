"""Every kind of hostile input gets one clear line: some draws of each, the same in every run.

The long run is ``tests/benchmarks/fuzz.py``, in processes with time limits.
"""

import pytest

from tests.fuzz.draws import KINDS, drawn
from tests.fuzz.run import faults_of

DRAWS = 15


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_input_gets_one_clear_line(kind):
    for seed in range(DRAWS):
        case = drawn(kind, seed)
        assert not (found := faults_of(case)), f"{kind}, seed {seed}: {found}; {[word[:80] for word in case.argv]}"
