"""The embedding: token vectors, positions, segments, their norm, and their projection to the model's width."""

import numpy as np

from attnviz.encoder.attention import Steps
from attnviz.encoder.config.block import Block
from attnviz.encoder.config.groups import PositionConfig
from attnviz.encoder.norms import normalize
from attnviz.encoder.parameters.params import Array, Params
from attnviz.encoder.parameters.shapes import has_decoder_positions
from attnviz.encoder.positions.vectors import counted_positions, position_vectors
from attnviz.encoder.products import of_rows
from attnviz.records import dataclass


@dataclass(frozen=True, eq=False)
class Sequence:
    """The input of a stack: token ids (n,) or vectors (n, d_model); in a batch every shape begins with the texts.

    Attributes:
        ids: each token's row of the embedding table.
        vectors: instead of ids, the vectors that the tables would give.
        padding: (n,), True where a place only fills the length; None for none.
        type_ids: (n,), each token's row of the segment table; None for row 0.
        lengths: of a batch whose texts are filled up, (n_texts,), the places of each text itself; None for all.
        start: the tokens before this one were run already: only the others are computed, from their keys and values.
    """

    ids: Array | None = None
    vectors: Array | None = None
    padding: Array | None = None
    type_ids: Array | None = None
    lengths: Array | None = None
    start: int = 0

    def __len__(self) -> int:
        if self.vectors is not None:
            return int(self.vectors.shape[-2])
        return 0 if self.ids is None else int(self.ids.shape[-1])


def embed(params: Params, config: Block, sequence: Sequence, *, decoder: bool = False) -> Steps:
    """Token vectors, scaled, plus position and segment vectors, normed and projected: (..., n, d_model).

    Vectors in place of tokens enter after the tables. Their positions are added unless the tables have another width
    (``project = after``).

    Args:
        params: the whole model's.
        config: the block's fields.
        sequence: (..., n).
        decoder: whether positions are those of the decoder.

    Yields:
        the names of ``EmbeddingTrace``.
    """
    position = config.decoder.position if decoder else config.position
    own = params.at("decoder") if decoder else params
    worded = own if config.target.n_vocab is not None else params
    placed = own if has_decoder_positions(config) else params
    normed = own if config.target.tables else params
    if sequence.vectors is not None:
        x = sequence.vectors
        yield "token_vectors", x
        if config.embedding.project != "after":
            x = yield from _with_positions(x, placed, position, None)
    elif sequence.ids is not None:
        x = _rows(worded, "embed.tokens", sequence.ids)
        scale = config.target.embed_scale if decoder else None
        scale = config.embedding.scale if scale is None else scale
        x = x if scale == 1.0 else x * x.dtype.type(scale)
        if config.embedding.zero_id is not None:
            x = _without_some(x, sequence.ids == config.embedding.zero_id, sequence.padding)
        if config.embedding.project == "before":
            x = _projected(x, params, config)
        at_first = decoder and config.target.norms_tokens
        if at_first:
            x = normalize(x, normed.at("embed.norm"), config)
        yield "token_vectors", x
        x = yield from _with_positions(x, placed, position, sequence.ids)
        if config.embedding.n_segments:
            type_ids = np.zeros(x.shape[:-1], dtype=np.int64) if sequence.type_ids is None else sequence.type_ids
            segments = _rows(params, "embed.segments", type_ids)
            yield "segment_vectors", segments
            x = x + segments
        if config.embedding.norm and not at_first:
            yield "embedding_sum", x
            x = normalize(x, normed.at("embed.norm"), config)
        if config.embedding.project == "after":
            yield "unprojected", x
            x = _projected(x, params, config)
    else:
        raise ValueError("a sequence has ids or vectors")
    yield "embedded", x
    return x


def _rows(params: Params, table: str, ids: Array) -> Array:
    """Rows of a table, (..., n, width), for ids (..., n)."""
    return params.rows(table, ids.ravel()).reshape(*ids.shape, -1)


def _without_some(x: Array, left_out: Array, padding: Array | None) -> Array:
    """Vectors x (..., n, width), of which some become 0 and the others n / (n - some) times as large.

    As dropout scales what it leaves (ESM's published code). Padding (..., n) does not count.
    """
    counted = np.ones_like(left_out) if padding is None else ~padding
    n, some = counted.sum(axis=-1), (left_out & counted).sum(axis=-1)
    growth = np.where(left_out, 0, (np.maximum(n, 1) / np.maximum(n - some, 1))[..., None])  # (..., n)
    scaled: Array = x * growth[..., None].astype(x.dtype)
    return scaled


def _with_positions(x: Array, params: Params, config: PositionConfig, ids: Array | None) -> Steps:
    """x (..., n, width) plus the vectors of its positions, where they are added."""
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


def _projected(x: Array, params: Params, config: Block) -> Array:
    """x (..., n, d_embed) in the model's width, (..., n, d_model)."""
    y = of_rows(x, params["embed.project.w"])
    return y + params["embed.project.b"] if config.biases.default else y
