"""The one stack: embed, run the blocks, and keep only the arrays that the caller asks for."""

from collections.abc import Callable, Generator, Iterator, Mapping, Set
from collections.abc import Sequence as Seq
from dataclasses import replace
from typing import NamedTuple, TypeAlias

import numpy as np

from attnviz.encoder.attention import Geometry, Past, Steps
from attnviz.encoder.block import cross_attention_part, encoder_block, feed_forward_part, self_attention_part
from attnviz.encoder.config.block import Block
from attnviz.encoder.embedding import Sequence, embed
from attnviz.encoder.long.head_rows import Asked
from attnviz.encoder.masks import Packing, allowed_keys, without_padding
from attnviz.encoder.norms import normalize
from attnviz.encoder.parameters.params import Array, DType, Params
from attnviz.encoder.positions.bias import score_bias
from attnviz.encoder.positions.disentangled import Offsets, offset_vectors
from attnviz.encoder.positions.rotary import rotations
from attnviz.errors import InputError
from attnviz.trace.trace import EmbeddingTrace, LayerTrace, Trace

BY_HEADS = ("scores", "weights")  # computed in groups of heads
_LAST = ("out", "embedded")  # of a layer, and of what is before it: what has not come by then does not exist


class Address(NamedTuple):
    """The address of one array of a trace; ``layer`` is None for arrays that belong to no layer.

    ``name`` is an array field of ``LayerTrace``; without a layer, one of ``EmbeddingTrace``, or ``output``.
    """

    kind: str
    layer: int | None
    name: str


class StreamedArray(NamedTuple):
    """An array of a run, as it is computed.

    Attributes:
        address: its place in the trace.
        value: read-only; scores are valid only until the next array.
        heads: the heads of scores and weights, of all or of those asked for; several arrays, in order, give a layer's.
    """

    address: Address
    value: Array
    heads: Seq[int]


Arrays: TypeAlias = Generator[tuple[Address, Array], None, Array]
AskedOfLayer: TypeAlias = Callable[[int], Asked]
Pasts: TypeAlias = Mapping[tuple[str, int], Past]  # by kind and layer


def self_geometry(
    config: Block, params: Params, sequence: Sequence, dtype: DType, layer: int, *, causal: bool
) -> Geometry:
    """Positions and masks of a sequence's attention to itself in a layer, of its queries from ``sequence.start`` on."""
    n, start, windowed = len(sequence), sequence.start, layer in config.windowed_layers
    allowed = allowed_keys(config, n, causal=causal, windowed=windowed, start=start)
    one_way = causal or config.attention.mask == "causal"
    table = _relative_table(config, params, layer)
    bias = score_bias(config.position, config.n_heads, table, n, dtype, causal=one_way)
    turned = _rotations(config, sequence, dtype, windowed=windowed) if layer in config.rotary_layers else None
    return Geometry(
        allowed=without_padding(allowed, sequence.padding, n - start),
        bias=None if bias is None else bias[:, start:],
        rotations=None if turned is None else turned[..., start:, :],
        offsets=_offsets(config, params, n, dtype),
        padding=sequence.padding,
        normed=config.norm.first or layer > 0,
    )


def _relative_table(config: Block, params: Params, layer: int) -> Array | None:
    """The biases of relative positions, (buckets, n_heads): one table for all layers, or the layer's own."""
    if not config.position.has_relative_bias:
        return None
    return params["embed.relative" if config.position.relative_shared else f"layers.{layer}.attn.relative"]


def _offsets(config: Block, params: Params, n: int, dtype: DType) -> Offsets | None:
    offsets = offset_vectors(config.disentangled, params, n, dtype)
    if offsets is None or not config.disentangled.norm:
        return offsets
    return replace(offsets, vectors=normalize(offsets.vectors, params.at("embed.offsets_norm"), config))


def _rotations(config: Block, sequence: Sequence, dtype: DType, *, windowed: bool) -> Array | None:
    lengths = None if sequence.padding is None else (~sequence.padding).sum(axis=-1)
    turned = rotations(config.position, config.d_head, len(sequence), windowed=windowed, lengths=lengths)
    return None if turned is None else turned.astype(np.result_type(dtype, np.complex64))


def _self_geometries(
    config: Block,
    params: Params,
    sequence: Sequence,
    dtype: DType,
    *,
    causal: bool,
    past: Pasts | None = None,
    packing: Packing | None = None,
    asked: AskedOfLayer | None = None,
) -> Callable[[int], Geometry]:
    """Each layer's geometry, made once for all layers that share it; keys and values that are known are its own."""
    kind = "decoder" if causal else "encoder"
    windowed, rotary = config.windowed_layers, config.rotary_layers
    each = config.position.has_relative_bias and not config.position.relative_shared
    made: dict[tuple[int, ...], Geometry] = {}

    def geometry(layer: int) -> Geometry:
        like = (layer in windowed, layer in rotary, config.norm.first or layer > 0, layer if each else -1)
        if like not in made:
            view = self_geometry(config, params, sequence, dtype, layer, causal=causal)
            made[like] = view if packing is None else replace(view, packing=packing)
        view = made[like] if past is None else replace(made[like], past=past.get((kind, layer)))
        return view if asked is None else replace(view, asked=asked(layer))

    return geometry


def cross_geometry(source: Sequence, n_target: int) -> Geometry:
    """The geometry of cross-attention: every real token of the source, and no positions."""
    return Geometry(allowed=without_padding(None, source.padding, n_target))


def encode(
    params: Params, config: Block, source: Sequence, past: Pasts | None = None, *, asked: AskedOfLayer | None = None
) -> Arrays:
    """The encoder, step by step; returns its output (n, d_model), normed at the end where norms come first.

    With ``past``, keys and values of the first ``source.start`` tokens, only the others are computed. With ``asked``,
    where that is scores and weights alone, everything else leaves out what fills up the texts of a batch:
    (n_rows, width).
    """
    x = yield from _addressed("encoder", None, embed(params, config, source))
    x = x[..., source.start :, :]
    lengths = source.lengths if asked is not None and not config.convolution.kernel else None
    packing = None if lengths is None else Packing.of(lengths)
    x = x if packing is None else packing.packed(x)
    geometry = _self_geometries(config, params, source, x.dtype, causal=False, past=past, packing=packing, asked=asked)
    for layer in range(config.n_layers):
        block = encoder_block(x, params.at(f"layers.{layer}"), config.at_layer(layer), geometry(layer))
        x = yield from _addressed("encoder", layer, block)
    return (yield from _finish("encoder", x, params, config))


def decode(
    params: Params, config: Block, target: Sequence, source: Sequence, memory: Array, past: Pasts | None = None
) -> Arrays:
    """The decoder, step by step: causal self-attention, cross-attention to memory, feed-forward.

    ``memory`` (n_source, d_model) is the encoder's output. The kind of self-attention is ``decoder``, that of attention
    to the source ``cross``. ``past`` is as in ``encode``, with those of the source too.
    """
    x = yield from _addressed("decoder", None, embed(params, config, target, decoder=True))
    x = x[..., target.start :, :]
    stack, config = params.at("decoder"), config.decoder_block
    self_view = _self_geometries(config, stack, target, x.dtype, causal=True, past=past)
    cross_view = cross_geometry(source, len(target) - target.start)
    for layer in range(config.n_layers):
        at = stack.at(f"layers.{layer}")
        yield Address("decoder", layer, "resid_pre"), x
        entered = x
        x = yield from _addressed("decoder", layer, self_attention_part(x, at, config, self_view(layer)))
        view = cross_view if past is None else replace(cross_view, past=past.get(("cross", layer)))
        x = yield from _addressed("cross", layer, cross_attention_part(x, memory, at, config, view))
        part = feed_forward_part(x, at, config.at_layer(layer), norm="norm3", layer_input=entered)
        x = yield from _addressed("decoder", layer, part)
        yield Address("decoder", layer, "out"), x
    return (yield from _finish("decoder", x, stack, config))


def stream(
    params: Params,
    config: Block,
    addresses: Set[Address],
    source: Sequence,
    target: Sequence | None = None,
    *,
    heads: Mapping[str, tuple[int, ...]] | None = None,
) -> Iterator[StreamedArray]:
    """Runs the stack, and the decoder if there is a target, until every array asked for has been computed.

    An array that the configuration does not have, such as the norm of a part without one, is left out.

    Args:
        params: the whole model's.
        config: the block's fields.
        addresses: the arrays asked for.
        source: the encoder's input.
        target: the decoder's input, if there is one.
        heads: by kind, the heads that are needed: where weights or scores alone are asked for, others do not come.

    Yields:
        those arrays as they are computed, scores and weights in groups of heads.

    Raises:
        InputError: an array asked for is not finite (the scores' -inf of masked keys apart).
    """
    heads_alone = target is None and all(address.name in BY_HEADS for address in addresses)
    some = None if heads is None or not heads_alone else _narrowed(heads["encoder"], config.n_heads)
    coming = {one: some or range(config.heads_of(one.kind)) for one in addresses if one.name in BY_HEADS}
    left = {one: len(coming.get(one, range(1))) for one in addresses}
    steps = _both(params, config, source, target, _asked(addresses, some) if heads_alone else None)
    while left:
        with np.errstate(over="ignore", invalid="ignore"):
            step = next(steps, None)
        if step is None:
            return
        address, value = step
        if address in left:
            _check_finite(address, value)
            numbers = coming.get(address, range(1))[-left[address] :]  # of the heads that are still to come
            count = value.shape[-3] if address in coming else 1
            left[address] -= count
            if not left[address]:
                del left[address]
            yield StreamedArray(address, _read_only(value), numbers[:count])
        del step, value  # the next matrix needs its room
        if address.name in _LAST:
            left = {one: n for one, n in left.items() if one[:2] != address[:2] or one.name == "output"}


def run(
    params: Params,
    config: Block,
    addresses: Set[Address],
    source: Sequence,
    target: Sequence | None = None,
    *,
    heads: Mapping[str, tuple[int, ...]] | None = None,
) -> Trace:
    """The trace of a run, with the arrays asked for.

    Args:
        params: the whole model's.
        config: the block's fields.
        addresses: the arrays to keep.
        source: the encoder's input.
        target: the decoder's input, if there is one.
        heads: by kind, the heads whose scores and weights are kept, in this order; None for all.

    Raises:
        InputError: as ``stream``.
    """
    kept: dict[Address, Array] = {}
    for address, value, computed in stream(params, config, addresses, source, target, heads=heads):
        kept_heads = tuple(range(config.heads_of(address.kind))) if heads is None else heads[address.kind]
        if address.name not in BY_HEADS or (address.name == "weights" and tuple(computed) == kept_heads):
            kept[address] = value
            continue
        places = [at for at, head in enumerate(kept_heads) if head in computed]
        if not places:
            continue
        if address not in kept:
            kept[address] = np.empty((*value.shape[:-3], len(kept_heads), *value.shape[-2:]), value.dtype)
        kept[address][..., places, :, :] = value[..., [computed.index(kept_heads[at]) for at in places], :, :]
    return _trace({address: _read_only(value) for address, value in kept.items()})


def _read_only(value: Array) -> Array:
    """A read-only view: the run goes on with the same numbers."""
    view = value.view()
    view.flags.writeable = False
    return view


def _narrowed(heads: tuple[int, ...], n_heads: int) -> tuple[int, ...] | None:
    """These heads in order; None for all."""
    some = tuple(sorted(set(heads)))
    return None if len(some) == n_heads else some


def _asked(addresses: Set[Address], heads: tuple[int, ...] | None) -> AskedOfLayer:
    """What of each layer somebody asks for, where that is scores and weights alone."""
    layers = {one.layer: {two.name for two in addresses if two.layer == one.layer} for one in addresses}
    last = max((layer for layer in layers if layer is not None), default=-1)
    return lambda layer: Asked(frozenset(layers.get(layer, set()) | ({"z"} if layer < last else set())), heads)


def _both(
    params: Params, config: Block, source: Sequence, target: Sequence | None, asked: AskedOfLayer | None
) -> Arrays:
    """The encoder, then the decoder if there is a target."""
    memory = yield from encode(params, config, source, asked=asked)
    if target is not None:
        yield from decode(params, config, target, source, memory)
    return memory


def _finish(kind: str, x: Array, params: Params, config: Block) -> Arrays:
    """The output of a stack, normed unless the last sum was."""
    if not config.norm.on_sum:
        x = normalize(x, params.at("final_norm"), config)
    yield Address(kind, None, "output"), x
    return x


def _addressed(kind: str, layer: int | None, steps: Steps) -> Arrays:
    """The steps of a part under their full addresses."""
    while True:
        try:
            name, value = next(steps)
        except StopIteration as end:
            output: Array = end.value
            return output
        yield Address(kind, layer, name), value
        del value  # the next matrix needs its room


def output_of(steps: Generator[object, None, Array]) -> Array:
    """What a part or a stack returns, its steps passed over."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            output: Array = end.value
            return output


def _check_finite(address: Address, value: Array) -> None:
    if not value.size:
        return
    highest = value.max()  # NaN where one of them is
    if not (highest < np.inf and (address.name == "scores" or value.min() > -np.inf)):
        raise not_finite(address)


def not_finite(address: Address) -> InputError:
    """What is wrong where an array is not finite."""
    where = address.kind if address.layer is None else f"{address.kind} layer {address.layer}"
    return InputError(f"{where}: the {address.name} are not finite; expected vectors and weights of a usual size")


def _trace(kept: dict[Address, Array]) -> Trace:
    layers: dict[tuple[str, int], dict[str, Array]] = {}
    stacks: dict[str, dict[str, Array]] = {}
    for (kind, layer, name), value in kept.items():
        (stacks.setdefault(kind, {}) if layer is None else layers.setdefault((kind, layer), {}))[name] = value
    outputs = {kind: arrays.pop("output") for kind, arrays in stacks.items() if "output" in arrays}
    return Trace(
        layers={(kind, layer): LayerTrace(kind, layer, **arrays) for (kind, layer), arrays in layers.items()},
        embeddings={kind: EmbeddingTrace(kind, **arrays) for kind, arrays in stacks.items()},
        outputs=outputs,
    )
