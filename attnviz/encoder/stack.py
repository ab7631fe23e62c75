"""The one stack: embed, run the blocks, and keep of it only what somebody asked for."""

from collections.abc import Callable, Generator, Iterable, Iterator, Set
from functools import cache
from typing import NamedTuple

import numpy as np

from attnviz.encoder.attention import Geometry
from attnviz.encoder.block import cross_attention_part, encoder_block, feed_forward_part, self_attention_part
from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.embedding import Sequence, embed
from attnviz.encoder.masks import allowed_keys, without_padding
from attnviz.encoder.norms import normalize
from attnviz.encoder.parameters.params import Params
from attnviz.encoder.positions import rotary_angles, score_bias
from attnviz.errors import InputError
from attnviz.trace.trace import EmbeddingTrace, LayerTrace, Trace

BY_HEADS = ("scores", "weights")  # what is computed some heads at a time


class Wanted(NamedTuple):
    """The address of one array of a trace; ``layer`` is None for what belongs to no layer.

    Of a layer: the array fields of ``LayerTrace``. Of none: those of ``EmbeddingTrace``, and ``output``.
    """

    kind: str
    layer: int | None
    name: str


class Step(NamedTuple):
    """An array of a run, as it is computed.

    Attributes:
        address: what it is.
        value: read-only; scores are good only until the next step is asked for.
        heads: of scores and weights, which they are of; several steps, in order, give all heads of a layer.
    """

    address: Wanted
    value: np.ndarray
    heads: range


Arrays = Generator[tuple[Wanted, np.ndarray], None, np.ndarray]


def self_geometry(
    config: EncoderConfig, params: Params, sequence: Sequence, dtype: np.dtype, layer: int, *, causal: bool
) -> Geometry:
    """Positions and masks of a sequence's attention to itself in a layer, for scores of a float type."""
    n, windowed = len(sequence), layer in config.windowed_layers
    allowed = allowed_keys(config, n, causal=causal, windowed=windowed)
    return Geometry(
        allowed=without_padding(allowed, sequence.padding, n),
        bias=score_bias(config, params, n, dtype, causal=causal or config.mask == "causal"),
        angles=rotary_angles(config, n, windowed=windowed),
        normed=config.first_norm or layer > 0,
    )


def _self_geometries(
    config: EncoderConfig, params: Params, sequence: Sequence, dtype: np.dtype, *, causal: bool
) -> Callable[[int], Geometry]:
    """Each layer's geometry, made once for all layers that are alike."""
    windowed = config.windowed_layers

    @cache
    def made(like: tuple[bool, bool]) -> Geometry:
        layer = next(i for i in range(config.n_layers) if (i in windowed, i == 0) == like)
        return self_geometry(config, params, sequence, dtype, layer, causal=causal)

    return lambda layer: made((layer in windowed, layer == 0))


def cross_geometry(source: Sequence, n_target: int) -> Geometry:
    """Cross-attention sees every real token of the source, and no positions of its own."""
    return Geometry(allowed=without_padding(None, source.padding, n_target))


def encode(params: Params, config: EncoderConfig, source: Sequence) -> Arrays:
    """The encoder, step by step; returns its output (n, d_model), normed at the end where norms come first."""
    x = yield from _addressed("encoder", None, embed(params, config, source))
    geometry = _self_geometries(config, params, source, x.dtype, causal=False)
    for layer in range(config.n_layers):
        block = encoder_block(x, params.at(f"layers.{layer}"), config, geometry(layer))
        x = yield from _addressed("encoder", layer, block)
    return (yield from _finish("encoder", x, params, config))


def decode(params: Params, config: EncoderConfig, target: Sequence, source: Sequence, memory: np.ndarray) -> Arrays:
    """The decoder, step by step: causal self-attention, cross-attention to memory, feed-forward.

    ``memory`` (n_source, d_model) is the encoder's output. The decoder's
    self-attention is of kind ``decoder``, its attention to the source of kind ``cross``.
    """
    own = params.at("decoder")
    x = yield from _addressed("decoder", None, embed(params, config, target))
    self_view = _self_geometries(config, own, target, x.dtype, causal=True)
    cross_view = cross_geometry(source, len(target))
    for layer in range(config.n_layers):
        at = own.at(f"layers.{layer}")
        yield Wanted("decoder", layer, "resid_pre"), x
        entered = x
        x = yield from _addressed("decoder", layer, self_attention_part(x, at, config, self_view(layer)))
        x = yield from _addressed("cross", layer, cross_attention_part(x, memory, at, config, cross_view))
        part = feed_forward_part(x, at, config, norm="norm3", layer_input=entered)
        x = yield from _addressed("decoder", layer, part)
        yield Wanted("decoder", layer, "out"), x
    return (yield from _finish("decoder", x, own, config))


def stream(
    params: Params,
    config: EncoderConfig,
    wanted: Set[Wanted],
    source: Sequence,
    target: Sequence | None = None,
) -> Iterator[Step]:
    """Runs the stack, and the decoder if there is a target, until everything wanted has been computed.

    Yields:
        what is wanted, as it is computed, scores and weights some heads at a time.

    Raises:
        InputError: a wanted array is not finite (the scores' -inf of masked keys apart).
    """
    left = {address: config.n_heads if address.name in BY_HEADS else 1 for address in wanted}
    steps = _both(params, config, source, target)
    while left:
        with np.errstate(over="ignore", invalid="ignore"):
            step = next(steps, None)
        if step is None:
            return
        address, value = step
        if address in left:
            _check_finite(address, value)
            before = config.n_heads - left[address]
            count = value.shape[-3] if address.name in BY_HEADS else 1
            left[address] -= count
            if not left[address]:
                del left[address]
            yield Step(address, _read_only(value), range(before, before + count))


def run(
    params: Params,
    config: EncoderConfig,
    wanted: Set[Wanted],
    source: Sequence,
    target: Sequence | None = None,
    *,
    heads: tuple[int, ...] | None = None,
) -> Trace:
    """What is wanted of a run of the stack, kept.

    Args:
        params: the whole model's.
        config: the block's fields.
        wanted: addresses.
        source: what enters the encoder.
        target: what enters the decoder, if there is one.
        heads: of scores and weights keep only these, in this order; None for all.

    Raises:
        InputError: as ``stream``.
    """
    chosen = tuple(range(config.n_heads)) if heads is None else heads
    kept: dict[Wanted, np.ndarray] = {}
    for address, value, there in stream(params, config, wanted, source, target):
        if address.name not in BY_HEADS or (address.name == "weights" and tuple(there) == chosen):
            kept[address] = value
            continue
        places = [at for at, head in enumerate(chosen) if head in there]
        if not places:  # and what has been kept may be all, as it came
            continue
        if address not in kept:
            kept[address] = np.empty((*value.shape[:-3], len(chosen), *value.shape[-2:]), value.dtype)
        kept[address][..., places, :, :] = value[..., [chosen[at] - there.start for at in places], :, :]
    return _trace({address: _read_only(value) for address, value in kept.items()})


def _read_only(value: np.ndarray) -> np.ndarray:
    """A view that nobody can write through: the run goes on with the same numbers."""
    view = value.view()
    view.flags.writeable = False
    return view


def _both(params: Params, config: EncoderConfig, source: Sequence, target: Sequence | None) -> Arrays:
    memory = yield from encode(params, config, source)
    if target is not None:
        yield from decode(params, config, target, source, memory)
    return memory


def _finish(kind: str, x: np.ndarray, params: Params, config: EncoderConfig) -> Arrays:
    if config.norm_placement == "pre":
        x = normalize(x, params.at("final_norm"), config)
    yield Wanted(kind, None, "output"), x
    return x


def _addressed(kind: str, layer: int | None, steps: Iterable) -> Arrays:
    """The part's steps under their full addresses."""
    try:
        while True:
            name, value = next(steps)
            yield Wanted(kind, layer, name), value
    except StopIteration as end:
        return end.value


def _check_finite(address: Wanted, value: np.ndarray) -> None:
    bad = np.isnan(value) | np.isposinf(value) if address.name == "scores" else ~np.isfinite(value)
    if bad.any():
        where = address.kind if address.layer is None else f"{address.kind} layer {address.layer}"
        raise InputError(f"{where}: the {address.name} are not finite; expected vectors and weights of a usual size")


def _trace(kept: dict[Wanted, np.ndarray]) -> Trace:
    layers: dict[tuple[str, int], dict[str, np.ndarray]] = {}
    stacks: dict[str, dict[str, np.ndarray]] = {}
    for (kind, layer, name), value in kept.items():
        (stacks.setdefault(kind, {}) if layer is None else layers.setdefault((kind, layer), {}))[name] = value
    outputs = {kind: arrays.pop("output") for kind, arrays in stacks.items() if "output" in arrays}
    return Trace(
        layers={key: LayerTrace(*key, **arrays) for key, arrays in layers.items()},
        embeddings={kind: EmbeddingTrace(kind, **arrays) for kind, arrays in stacks.items()},
        outputs=outputs,
    )


def masked_keys(
    config: EncoderConfig, kind: str, layers: Iterable[int], source: Sequence, target: Sequence | None
) -> np.ndarray | None:
    """Which keys are hidden from which queries, (n_layers, n_queries, n_keys) of the given layers; None for none."""
    sequence = target if kind == "decoder" else source
    n = len(source if kind == "encoder" else target)
    windowed = config.windowed_layers

    @cache
    def hidden(windowed: bool) -> np.ndarray:
        allowed = None if kind == "cross" else allowed_keys(config, n, causal=kind == "decoder", windowed=windowed)
        allowed = without_padding(allowed, sequence.padding, n)
        return np.zeros((n, len(sequence)), dtype=bool) if allowed is None else ~allowed

    masked = [hidden(layer in windowed) for layer in layers]
    if not any(mask.any() for mask in masked):
        return None
    same = all(mask is masked[0] for mask in masked)
    return np.broadcast_to(masked[0], (len(masked), *masked[0].shape)) if same else np.stack(masked)
