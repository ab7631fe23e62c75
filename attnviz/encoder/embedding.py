"""What enters the stack: token vectors, positions, segments, their norm, and their projection to the model's width."""

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.norms import normalize
from attnviz.encoder.parameters.params import Params
from attnviz.encoder.positions import counted_positions, position_vectors
from attnviz.encoder.products import of_rows


@dataclass(frozen=True, eq=False)
class Sequence:
    """What enters a stack: token ids (n,) or vectors (n, d_model); of a batch of texts every shape begins with theirs.

    Attributes:
        ids: each token's row of the embedding table.
        vectors: instead of ids, what the table and everything of its width would give.
        padding: (n,), which places only fill the length; None for none.
        type_ids: (n,), each token's row of the segment table; None for row 0.
    """

    ids: np.ndarray | None = None
    vectors: np.ndarray | None = None
    padding: np.ndarray | None = None
    type_ids: np.ndarray | None = None

    def __len__(self) -> int:
        return self.ids.shape[-1] if self.vectors is None else self.vectors.shape[-2]


def embed(
    params: Params, config: EncoderConfig, sequence: Sequence
) -> Generator[tuple[str, np.ndarray], None, np.ndarray]:
    """Token vectors, scaled, plus position and segment vectors, normed and projected where configured.

    (..., n, d_model) for a sequence (..., n).
    Vectors in place of tokens enter where their width allows it: their positions are added unless those belong to
    tables of another width (``project = after``).

    Yields:
        the names of ``EmbeddingTrace``.
    """
    if sequence.vectors is not None:
        x = sequence.vectors
        yield "token_vectors", x
        if config.project != "after":
            x = yield from _with_positions(x, params, config, None)
    else:
        x = _rows(params, "embed.tokens", sequence.ids)
        x = x if config.embed_scale == 1.0 else x * x.dtype.type(config.embed_scale)
        if config.project == "before":
            x = _projected(x, params, config)
        yield "token_vectors", x
        x = yield from _with_positions(x, params, config, sequence.ids)
        if config.n_segments:
            type_ids = np.zeros(x.shape[:-1], dtype=np.int64) if sequence.type_ids is None else sequence.type_ids
            segments = _rows(params, "embed.segments", type_ids)
            yield "segment_vectors", segments
            x = x + segments
        if config.embed_norm:
            yield "embedding_sum", x
            x = normalize(x, params.at("embed.norm"), config)
        if config.project == "after":
            yield "unprojected", x
            x = _projected(x, params, config)
    yield "embedded", x
    return x


def _rows(params: Params, table: str, ids: np.ndarray) -> np.ndarray:
    """Rows of a table, (..., n, width), for ids (..., n)."""
    return params.rows(table, ids.ravel()).reshape(*ids.shape, -1)


def _with_positions(
    x: np.ndarray, params: Params, config: EncoderConfig, ids: np.ndarray | None
) -> Generator[tuple[str, np.ndarray], None, np.ndarray]:
    n, width = x.shape[-2:]
    positions = counted_positions(config, ids, n)
    vectors = position_vectors(config, params, n, width, positions)
    if vectors is None:
        return x
    if positions is not None:
        yield "positions", positions
    vectors = vectors.astype(x.dtype, copy=False)
    yield "position_vectors", vectors
    return x + vectors


def _projected(x: np.ndarray, params: Params, config: EncoderConfig) -> np.ndarray:
    y = of_rows(x, params["embed.project.w"])
    return y + params["embed.project.b"] if config.bias else y
