"""What transformers made of texts with a trained checkpoint (``golden/make.py``)."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

import attnviz
from attnviz.analysis.matrices.selection import Request
from attnviz.sweeps.runs import run_prepared, runs
from tests.noise import ROUNDING

GOLDEN = Path(__file__).parent / "golden"


def cases(name: str) -> Iterator[tuple[str, str | None, np.ndarray, np.ndarray]]:
    """Each text, its second segment, the ids and the attention."""
    with np.load(GOLDEN / f"{name}.npz") as golden:
        texts = [str(text) for text in golden["texts"]]
        for i, text in enumerate(texts[:-2]):
            yield text, None, golden[f"t{i}_ids"], golden[f"t{i}_attention"]
        yield texts[-2], texts[-1], golden["pair_ids"], golden["pair_attention"]


def assert_alone_as_together(model: attnviz.Model) -> None:
    """Texts of 1 to 89 words have the same attention alone and in batches, up to rounding."""
    words = 5 * "The animal didn't cross the street because it was too tired, said Mary, whose dog had seen it all. "
    texts = [attnviz.prepare(model, " ".join(words.split()[:n])) for n in range(1, 90)]
    for text, run in zip(texts, runs(model, texts, Request()), strict=True):
        alone = run_prepared(model, text, Request())
        np.testing.assert_allclose(run.result().attention, alone.attention, atol=ROUNDING, rtol=0)
