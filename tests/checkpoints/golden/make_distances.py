"""Makes distances.json beside it: the buckets of distances that transformers' DeBERTa v2 computes, in float32.

    python tests/checkpoints/golden/make_distances.py

Made with torch 2.13.0 (CPU) and transformers 5.23.0. For each number of buckets and largest distance: the row of the
table of every distance from 0 to 1999, as the distance at which each new row begins.
"""

import json
from pathlib import Path

import torch
from transformers.models.deberta_v2.modeling_deberta_v2 import make_log_bucket_position

FILE = Path(__file__).parent / "distances.json"
SIZES = [(256, 512), (64, 512), (32, 128), (12, 24), (7, 50), (2, 9), (128, 4096)]


def begins(span, longest):
    """Pairs of a distance and the row that begins there; the same rows, mirrored, are those of negative offsets."""
    offsets = torch.arange(2000)
    rows = (make_log_bucket_position(offsets, span, longest).long() + span).clamp(0, 2 * span - 1).tolist()
    mirrored = (make_log_bucket_position(-offsets, span, longest).long() + span).clamp(0, 2 * span - 1).tolist()
    assert all(m == max(2 * span - r, 0) for m, r in zip(mirrored, rows, strict=True) if r < 2 * span - 1)
    return [[i, row] for i, row in enumerate(rows) if i == 0 or row != rows[i - 1]]


if __name__ == "__main__":
    cases = [{"span": span, "longest": longest, "begins": begins(span, longest)} for span, longest in SIZES]
    FILE.write_text(json.dumps(cases, separators=(",", ":")) + "\n")
    print(FILE.stat().st_size, "bytes")
