"""What transformers made of texts with a trained checkpoint (``golden/make.py``)."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

GOLDEN = Path(__file__).parent / "golden"


def cases(name: str) -> Iterator[tuple[str, str | None, np.ndarray, np.ndarray]]:
    """Each text, its second segment, the ids and the attention."""
    with np.load(GOLDEN / f"{name}.npz") as golden:
        texts = [str(text) for text in golden["texts"]]
        for i, text in enumerate(texts[:-2]):
            yield text, None, golden[f"t{i}_ids"], golden[f"t{i}_attention"]
        yield texts[-2], texts[-1], golden["pair_ids"], golden["pair_attention"]
