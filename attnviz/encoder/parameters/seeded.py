"""Random weights that are the same numbers on every platform and every NumPy version.

Each tensor has a stream of its own, keyed by the seed and the tensor's name, and each element's number follows from
its index alone, so that any tensor, or any row of one, is made by itself. The stream is SplitMix64 (Steele, Lea, Flood
2014, "Fast splittable pseudorandom number generators"): integer arithmetic only, written out below, because NumPy
guarantees its generators' integer streams but not its distributions. An element is uniform in +-sqrt(3) standard
deviations, with 24 random bits: exact in float32, and scaled by one multiplication, which IEEE 754 fixes.
"""

import math
from collections.abc import Iterator
from hashlib import blake2b

import numpy as np

from attnviz.encoder.config.block import Block
from attnviz.encoder.parameters.params import Array, Params
from attnviz.encoder.parameters.shapes import Shape, tensor_shapes
from attnviz.errors import InputError
from attnviz.memory import memory_fault

_BITS = 24
_DRAWING = 32  # bytes for each number while it is made
_SMALLER = "expected a smaller block (d_model, d_ff, n_heads)"


class SeededParams(Params):
    """The seeded weights of a block, float32; a tensor is made when it is first asked for.

    Queries and keys are drawn with 1.5 times the variance that keeps a vector's size (Glorot & Bengio 2010), which
    gives scaled scores a standard deviation of about 2 and heads that differ visibly. Biases are 0 and gains 1, as at
    the start of training.
    """

    def __init__(self, config: Block, seed: int = 0, *, decoder: bool = False) -> None:
        self._config, self._seed = config, seed
        self._shapes = tensor_shapes(config, decoder=decoder)
        self._made: dict[str, Array] = {}

    @property
    def seed(self) -> int:
        """The seed that the numbers were made from."""
        return self._seed

    def __getitem__(self, name: str) -> Array:
        if name not in self._made:
            shape = self._shapes[name]
            _check_memory(name, shape)
            made = self._elements(name, np.arange(np.prod(shape), dtype=np.uint64)).reshape(shape)
            made.flags.writeable = False
            self._made[name] = made
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._shapes)

    def __len__(self) -> int:
        return len(self._shapes)

    def rows(self, name: str, ids: Array) -> Array:
        """Rows of a table without making the others: (n, width)."""
        width = self._shapes[name][1]
        _check_memory(name, (len(ids), width))
        index = ids[:, None].astype(np.uint64) * np.uint64(width) + np.arange(width, dtype=np.uint64)
        return self._elements(name, index)

    def _elements(self, name: str, index: Array) -> Array:
        last = name.rsplit(".", 1)[-1]
        if last == "gain" or last.startswith("b"):  # as the names of all biases do, and of nothing else
            return np.full(index.shape, 1.0 if last == "gain" else 0.0, dtype=np.float32)
        return uniform(f"{self._seed}/{name}", index) * np.float32(3**0.5 * self._deviation(name, last))

    def _deviation(self, name: str, last: str) -> float:
        config = self._config.decoder_block if name.startswith("decoder.") else self._config
        part, own = config.feed_forward, config.attention
        of_q, of_kv = own.q_latent or config.d_model, own.kv_latent or config.d_model
        width = part.d_expert if ".experts." in name else part.d_shared if ".shared." in name else config.d_ff
        deviations: dict[str, float] = {
            "tokens": 1.0,
            "positions": 0.5**0.5,  # as large as sinusoids are
            "segments": 0.5**0.5,
            "w": (config.embedding.d_embed if name.startswith("embed.") else self._shapes[name][0]) ** -0.5,
            "relative": 1.0,
            "offsets": 1.0,
            "wq": (1.5 / of_q) ** 0.5,
            "wk": (1.5 / of_kv) ** 0.5,
            "wkr": (1.5 / config.d_model) ** 0.5,
            "wql": config.d_model**-0.5,
            "wkvl": config.d_model**-0.5,
            "sink": 1.0,
            "wpq": (1.5 / config.d_model) ** 0.5,
            "wpk": (1.5 / config.d_model) ** 0.5,
            "wv": of_kv**-0.5,
            "wo": (config.n_heads * config.d_v) ** -0.5,
            "score_w": 2.0 * config.d_head**-0.5,
            "w1": config.d_model**-0.5,
            "wg": config.d_model**-0.5,
            "w2": max(width, 1) ** -0.5,
            "wr": 2.0 * config.d_model**-0.5,  # shares that differ visibly
            "ws": config.d_model**-0.5,
        }
        return deviations[last]


def _check_memory(name: str, shape: Shape) -> None:
    """Refuses numbers that this machine cannot hold.

    Raises:
        InputError: what they need, and what is free.
    """
    if fault := memory_fault(_DRAWING * math.prod(shape)):
        raise InputError(f"{name}: {' x '.join(map(str, shape))} random numbers: drawing them {fault}; {_SMALLER}")


def is_seeded(params: Params, config: Block, seed: int) -> bool:
    """Whether weights were made from a seed: the first row of each table says so.

    A header's word is not enough: older files of trained weights name a seed too.
    """
    seeded, first = SeededParams(config, seed), np.arange(1)
    tables = (name for name, shape in tensor_shapes(config).items() if len(shape) > 1)
    try:
        rows = ((params.rows(name, first), seeded.rows(name, first)) for name in tables)
        return all(np.array_equal(row, made.astype(row.dtype)) for row, made in rows)
    except InputError:  # a number that is not finite, or a damaged file: whoever needs that tensor reports it
        return False


def uniform(key: str, index: Array) -> Array:
    """Numbers in (-1, 1) of the stream ``key`` at the given places, float32, of the index's shape (uint64)."""
    odd = 2 * (random_bits(key, index) >> np.uint64(64 - _BITS)).astype(np.int64) + 1 - 2**_BITS
    numbers: Array = odd.astype(np.float32) * np.float32(2.0**-_BITS)
    return numbers


def random_bits(key: str, index: Array) -> Array:
    """Numbers of the stream ``key`` at the given places, uint64, of the index's shape (uint64)."""
    start = np.frombuffer(blake2b(key.encode(), digest_size=8).digest(), dtype="<u8").astype(np.uint64)
    return splitmix64(start, index)


def splitmix64(start: Array, index: Array) -> Array:
    """Output number ``index`` (from 0) of SplitMix64 started at ``start`` (1,), uint64."""
    z = start + (index + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Array = z ^ (z >> np.uint64(31))
    return mixed
