"""The numbers of the commonest blocks of GGUF files, in one pass; the ``gguf`` package reads the others.

Each function turns blocks, uint8 (n, bytes), into float32 (n, numbers), with the arithmetic of ggml's reference: the
same numbers to the last bit. The layouts are those of ``block_q4_0`` and so on in ggml's ``ggml-common.h``.
"""

from collections.abc import Callable, Mapping

import numpy as np

Blocks = np.ndarray


def _floats(halves: Blocks) -> np.ndarray:
    """Float16 numbers in bytes, (n, 2 * m), as float32 (n, m)."""
    return np.ascontiguousarray(halves).view("<f2").astype(np.float32)


def _nibbles(stored: Blocks, n_bytes: int) -> np.ndarray:
    """Four bits each: of each run of bytes first the lower halves, then the upper ones; uint8 (n, runs, 2, n_bytes)."""
    runs = stored.reshape(len(stored), -1, n_bytes)
    halves = np.empty((*runs.shape[:2], 2, n_bytes), np.uint8)
    np.bitwise_and(runs, 15, out=halves[:, :, 0])
    np.right_shift(runs, 4, out=halves[:, :, 1])
    return halves


def _q4_0(blocks: Blocks) -> np.ndarray:
    scale, whole = _floats(blocks[:, :2]), _nibbles(blocks[:, 2:], 16).view(np.int8)
    whole -= 8
    numbers: np.ndarray = scale * whole.reshape(len(blocks), 32)
    return numbers


def _q4_1(blocks: Blocks) -> np.ndarray:
    scale, least = _floats(blocks[:, :2]), _floats(blocks[:, 2:4])
    numbers: np.ndarray = scale * _nibbles(blocks[:, 4:], 16).reshape(len(blocks), 32)
    numbers += least
    return numbers


def _q8_0(blocks: Blocks) -> np.ndarray:
    numbers: np.ndarray = blocks[:, 2:].view(np.int8) * _floats(blocks[:, :2])
    return numbers


def _scales_and_leasts(blocks: Blocks) -> tuple[np.ndarray, np.ndarray]:
    """The eight scales and the eight offsets of a block of 256, of 6 bits each times those of the block: (n, 8, 1)."""
    first, second, third = blocks[:, 4:8], blocks[:, 8:12], blocks[:, 12:16]
    scales = np.concatenate([first & 63, (third & 15) | ((first >> 2) & 48)], axis=1)
    leasts = np.concatenate([second & 63, (third >> 4) | ((second >> 2) & 48)], axis=1)
    return (_floats(blocks[:, :2]) * scales)[..., None], (_floats(blocks[:, 2:4]) * leasts)[..., None]


def _q4_k(blocks: Blocks) -> np.ndarray:
    scales, leasts = _scales_and_leasts(blocks)
    numbers: np.ndarray = scales * _nibbles(blocks[:, 16:], 32).reshape(len(blocks), 8, 32)
    numbers -= leasts
    return numbers


def _q5_k(blocks: Blocks) -> np.ndarray:
    scales, leasts = _scales_and_leasts(blocks)
    whole = _nibbles(blocks[:, 48:], 32).reshape(len(blocks), 8, 32)
    fifth = blocks[:, None, 16:48] >> np.arange(8, dtype=np.uint8)[:, None]  # (n, 8, 32)
    whole |= (fifth & 1) << 4
    numbers: np.ndarray = scales * whole
    numbers -= leasts
    return numbers


def _q6_k(blocks: Blocks) -> np.ndarray:
    whole = _nibbles(blocks[:, :128], 64).reshape(len(blocks), 2, 4, 32)
    upper = blocks[:, 128:192].reshape(len(blocks), 2, 32)
    for place, shift in enumerate((4, 2, 0, -2)):
        moved = upper << shift if shift >= 0 else upper >> -shift
        whole[:, :, place] |= moved & 48
    signed = whole.view(np.int8)
    signed -= 32
    scales = _floats(blocks[:, 208:]) * blocks[:, 192:208].view(np.int8)  # (n, 16)
    numbers: np.ndarray = scales[..., None] * signed.reshape(len(blocks), 16, 16)
    return numbers


DEQUANTISERS: Mapping[str, Callable[[Blocks], np.ndarray]] = {
    "Q4_0": _q4_0,
    "Q4_1": _q4_1,
    "Q8_0": _q8_0,
    "Q4_K": _q4_k,
    "Q5_K": _q5_k,
    "Q6_K": _q6_k,
}
