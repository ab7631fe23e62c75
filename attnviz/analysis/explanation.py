"""One head and one query token, step by step, as data: what is computed, by which formula, with which numbers.

The numbers are those of the run itself (its trace); only what a run has no reason to keep, such as scores before their
scale, is computed here from them, by the encoder's own functions. Symbols are those of the README's introduction:
x a token's vector, q, k, v its query, key and value, r a raw score, s a score, a a weight, z a head's weighted sum.
"""

from collections.abc import Iterator

import numpy as np

from attnviz.analysis.layer_parts import steps_after_heads
from attnviz.encoder.attention import Geometry, offset_heads
from attnviz.encoder.config.block import Block
from attnviz.encoder.parameters.params import Params
from attnviz.encoder.positions.disentangled import Offsets
from attnviz.encoder.scoring import attention_scores, capped
from attnviz.encoder.stack import Address
from attnviz.trace.steps import Place, Quantity, Step, one_vector
from attnviz.trace.trace import EmbeddingTrace, LayerTrace, Trace

_OWN = ("q", "k", "scores", "weights", "v", "z", "attn_out", "resid_pre", "resid_mid", "norm1", "norm2")
_SUMMED = ("token_vectors", "positions", "position_vectors", "segment_vectors")
_EMBEDDING = (*_SUMMED, "embedding_sum", "unprojected", "embedded")
_AFTER = (
    "routing",
    "ffn_hidden",
    "ffn_out",
    "resid_post",
    "norm2",
    "norm3",
    "norm2_out",
    "norm3_out",
    "conv_out",
    "out",
)


def explanation_addresses(config: Block, kind: str, layer: int) -> set[Address]:
    """The arrays that a run must keep to be explained."""
    whole = "encoder" if kind == "encoder" else "decoder"
    addresses = {Address(kind, layer, name) for name in (*_OWN, "norm1_out", "norm2_out")}
    addresses |= {Address(whole, layer, name) for name in _AFTER if config.d_ff and kind != "decoder"}
    if layer == 0 and kind != "cross":
        addresses |= {Address(kind, None, name) for name in _EMBEDDING}
    return addresses


def explain(
    config: Block,
    params: Params,
    trace: Trace,
    place: Place,
    geometry: Geometry,
) -> tuple[Step, ...]:
    """The steps from the query token's vector to what leaves the layer.

    Args:
        config: the block's fields.
        params: the layer's parameters (``layers.3``), for what the trace does not hold.
        trace: a run that kept ``explanation_addresses``.
        place: which attention.
        geometry: its positions and masks.
    """
    config, own = config.at_layer(place.layer), trace[place.kind, place.layer]
    return (
        *_input_steps(config, trace, own, place),
        _projection(config, own, place, geometry),
        *_score_steps(config, params, own, place, geometry),
        _softmax(config, params, own, place),
        _weighted_sum(config, own, place),
        _heads(config, own, place),
        *steps_after_heads(config, trace, own, place),
    )


def _input_steps(config: Block, trace: Trace, own: LayerTrace, place: Place) -> Iterator[Step]:
    i, before = place.query, config.norm.before
    norm = "norm2" if place.kind == "cross" else "norm1"
    normed = getattr(own, norm) if before else None  # the first layer may have no norm
    symbol = "x" if normed is None else "h"
    entry = trace.embeddings.get(place.kind)
    if entry is not None:
        yield _embedding(config, entry, i, symbol)
    else:
        origin, formula, meaning = _ORIGINS["cross" if place.kind == "cross" else "layer"]
        yield Step(
            "input",
            "What comes in",
            f"{symbol} = {formula.format(place.layer - 1)}",
            meaning,
            (one_vector(symbol, origin.format(place.layer - 1), own.kept("resid_pre")[i]),),
        )
    if normed is not None:
        yield Step(
            "norm",
            "Normed first",
            f"x = {config.norm.kind}_norm({symbol})",
            f"This block norms before each part ({config.norm.placement}).",
            (one_vector("x", "the normed vector", normed[i]),),
        )


def _embedding(config: Block, entry: EmbeddingTrace, i: int, symbol: str) -> Step:
    """What a token is before the first layer: its vector, with its position's and its segment's added."""
    number = i if entry.positions is None else entry.positions[i]
    where = "the padding token's, which has no position"
    if number >= 0:
        where = f"position {number} ({config.position.kind})"
    added = [
        (name, letter, meaning, vectors[i])
        for name, letter, meaning, vectors in (
            ("position", "p", where, entry.position_vectors),
            ("segment", "g", "its segment", entry.segment_vectors),
        )
        if vectors is not None
    ]
    formula, result = " + ".join(["t", *(letter for _, letter, *_ in added)]), "their sum"
    if entry.embedding_sum is not None:
        formula, result = f"{config.norm.kind}_norm({formula})", "the sum, normed"
    if entry.unprojected is not None:
        formula, result = f"({formula}) W_E", f"projected to {config.d_model} numbers"
    if entry.position_vectors is not None:
        meaning = "The same word at another place gets another vector."
    elif config.position.kind == "none":
        meaning = "Positions play no part."
    else:
        meaning = f"Positions come in later ({config.position.kind})."
    vectors = [one_vector(symbol, "the token's vector" if formula == "t" else result, entry.kept("embedded")[i])]
    if formula != "t":
        others = [one_vector(letter, name, vector, "d_embed") for _, letter, name, vector in added]
        vectors = [one_vector("t", "the token's vector", entry.kept("token_vectors")[i], "d_embed"), *others, *vectors]
    title = "The token's vector" + "".join(f" and its {name}'s" for name, *_ in added)
    return Step("embedding", title, f"{symbol} = {formula}", meaning, tuple(vectors))


_ORIGINS = {
    "layer": ("what layer {} made of it", "y of layer {}", "Each layer works on what the one before made."),
    "cross": (
        "the target token",
        "u of the decoder's self-attention",
        "The target's tokens have seen each other already.",
    ),
}


def _projection(config: Block, own: LayerTrace, place: Place, geometry: Geometry) -> Step:
    bias = (" + b_Q", " + b_K") if config.biases.qkv else ("", "")
    source = "m" if place.kind == "cross" else "x"
    meaning = f"x ({config.d_model}) times W_Q ({config.d_model}, {config.d_head}) is q ({config.d_head})."
    meaning += _of_latent(config)
    if place.kind == "cross":
        meaning += " Keys and values come from the source: m is the encoder's output."
    if config.attention.qk_norm:
        which = (
            "The q and k of all heads together" if config.attention.qk_norm_width == "all" else "Each head's q and k"
        )
        meaning += f" {which} are normed ({config.norm.kind}_norm)."
    if config.attention.clip_qkv is not None:
        meaning += f" Their numbers are clipped to {config.attention.clip_qkv:g}."
    if geometry.rotations is not None:
        turned = config.position.rotary_dims
        part = "" if turned == config.d_head else f"The first {turned} numbers of "
        meaning += f" {part}q and k are turned by their positions' angles (rotary)."
        if abs(geometry.rotations[..., 0, 0]) != 1:  # of position 0, which is not turned
            meaning += f" Turned numbers are multiplied by {abs(geometry.rotations[..., 0, 0]):.4g}."
    if config.n_kv_heads < config.n_heads:
        meaning += f" Head {place.head} shares key and value head {_kv_head(config, place)} (grouped queries)."
    return Step(
        "projection",
        "A query, and a key for every token",
        f"q = x W_Q{bias[0]}    k_j = {source}_j W_K{bias[1]}",
        meaning,
        (
            one_vector("q", "what the token looks for", own.kept("q")[place.head, place.query], "d_head"),
            Quantity("k", "what it can be found by", own.kept("k")[_kv_head(config, place)], ("key", "d_head")),
        ),
    )


def _of_latent(config: Block) -> str:
    """What q, k and v are made of, where it is not x."""
    own, text = config.attention, ""
    if own.q_latent is not None:
        text += f" For q, x is first made a normed vector of {own.q_latent} numbers."
    if own.kv_latent is not None:
        text += f" For k and v, x is first made a normed vector of {own.kv_latent} numbers."
    if config.shared_dims:
        text += f" The first {config.shared_dims} numbers of k are the same for all heads, and made of x itself."
    return text


def _kv_head(config: Block, place: Place) -> int:
    return place.head * config.n_kv_heads // config.n_heads


def _score_steps(config: Block, params: Params, own: LayerTrace, place: Place, geometry: Geometry) -> Iterator[Step]:
    q = own.kept("q")[place.head : place.head + 1, place.query : place.query + 1]
    k = own.kept("k")[_kv_head(config, place)][None]
    part = params.at("cross" if place.kind == "cross" else "attn")
    w = part["score_w"][place.head : place.head + 1] if config.attention.score == "additive" else None
    raw = attention_scores(q, k, config.replaced({"score_scale": 1.0}), w)[0, 0]
    formula, title, meaning = _SCORE_WORDS[config.attention.score]
    extra = () if w is None else (one_vector("w", "learned, one vector a head", w[0], "d_head"),)
    yield Step("scores", title, formula, meaning, (*extra, Quantity("r", "raw score", raw, ("key",))))

    if geometry.offsets is not None:
        raw, step = _distances(config, part, own, place, geometry.offsets, raw)
        yield step
    scaled = raw * raw.dtype.type(config.score_factor)
    if config.score_factor != 1.0:
        scale = config.attention.score_scale
        by, number = ("/", f"sqrt({config.d_head * config.score_parts})") if scale is None else ("*", f"{scale:g}")
        reason = "Without it, softmax would pick almost only one token." if by == "/" else "The scale is set."
        yield Step("scale", "Scaled", f"s_j = r_j {by} {number}", reason, (Quantity("s", "scaled", scaled, ("key",)),))
    if (cap := config.attention.score_cap) is not None:
        scaled = capped(scaled.copy(), cap)
        yield _cap_step(cap, scaled)
    if geometry.bias is not None:
        kind = "relative" if config.position.relative_bias else config.position.kind
        bias = np.broadcast_to(geometry.bias[place.head, place.query], scaled.shape)
        scaled = scaled + bias.astype(scaled.dtype)
        yield Step(
            "bias",
            "Position added",
            "s_j = s_j + b_ij",
            f"Positions are {kind}: the score depends on the distance.",
            (Quantity("b", "position", bias, ("key",)), Quantity("s+b", "score", scaled, ("key",))),
        )
    if geometry.allowed is not None and not geometry.allowed[place.query].all():
        yield Step(
            "mask",
            "Masked",
            "s_j = -inf where the query may not look",
            "A masked key gets weight 0.",
            (Quantity("masked", "score", own.kept("scores")[place.head, place.query], ("key",)),),
        )


def _distances(
    config: Block, params: Params, own: LayerTrace, place: Place, offsets: Offsets, raw: np.ndarray
) -> tuple[np.ndarray, Step]:
    """The raw scores with the parts that distances add, and the step that adds them."""
    heads = slice(place.head, place.head + 1)
    q, k = own.kept("q")[heads], own.kept("k")[_kv_head(config, place)][None]
    added = [part[0, place.query] for part in offset_heads(offsets, params, config).parts(q, k, heads)]
    total = raw + sum(added)
    parts = {part: _DISTANCE_WORDS[part] for part in config.disentangled.parts}
    quantities = [Quantity(part, words[1], v, ("key",)) for (part, words), v in zip(parts.items(), added, strict=True)]
    return total, Step(
        "distance",
        "Words meet distances",
        f"r_j = r_j + {' + '.join(product for product, _ in parts.values())}",
        "Each distance between two tokens has a key kd and a query qd of its own (disentangled attention).",
        (*quantities, Quantity("r+d", "sum", total, ("key",))),
    )


_DISTANCE_WORDS = {
    "c2p": ("q . kd_ij", "content to position"),
    "p2c": ("k_j . qd_ij", "position to content"),
}


def _cap_step(cap: float, scores: np.ndarray) -> Step:
    meaning = f"No score is beyond {cap:g}; small ones hardly change."
    quantities = (Quantity("s", "capped", scores, ("key",)),)
    return Step("cap", "Softly capped", f"s_j = {cap:g} tanh(s_j / {cap:g})", meaning, quantities)


_DOT = ("r_j = q . k_j", "Score: multiply q with each k, and add up", "Large where q and k point the same way.")
_SCORE_WORDS = {
    "scaled_dot": _DOT,
    "dot": _DOT,
    "cosine": (
        "r_j = q . k_j / (|q| |k_j|)",
        "Score: the cosine of q and each k",
        "The cosine of the angle between q and k, whatever their lengths.",
    ),
    "additive": (
        "r_j = w . tanh(q + k_j)",
        "Score: a small network compares q with each k",
        "The additive score of 2015: a small network looks at q and k together.",
    ),
}


def _softmax(config: Block, params: Params, own: LayerTrace, place: Place) -> Step:
    scores, weights = own.kept("scores")[place.head, place.query], own.kept("weights")[place.head, place.query]
    top = scores.max()
    exponentials = np.exp(scores - top) if np.isfinite(top) else np.zeros_like(scores)
    meaning = f"max s = {top:.4g}, sum(e) = {exponentials.sum():.4g}."
    if not np.isfinite(top):
        meaning = "Every key is masked: all weights are 0."
    quantities = (Quantity("e", "exponential", exponentials, ("key",)), Quantity("a", "weight", weights, ("key",)))
    if not config.attention.sink:
        formula = "e_j = exp(s_j - max s)    a_j = e_j / sum(e)"
        return Step("softmax", "Softmax: weights that sum to 1", formula, meaning, quantities)
    sink = params.at("cross" if place.kind == "cross" else "attn")["sink"][place.head]
    with np.errstate(over="ignore"):
        of_sink = np.exp(sink - top) if np.isfinite(top) else np.float32(1)
    lost = 1 - weights.sum(dtype=np.float64)
    meaning += f" The head's sink (s_0 = {sink:.4g}) takes {max(lost, 0):.4g}, which no key gets."
    return Step(
        "softmax",
        "Softmax: weights, and the share of the sink",
        "e_j = exp(s_j - max s)    a_j = e_j / (e_0 + sum(e))",
        meaning,
        (
            *quantities,
            one_vector("e_0", "the sink's exponential", np.array([of_sink]), "head"),
            one_vector("a_0", "the sink's share", np.array([lost]), "head"),
        ),
    )


def _weighted_sum(config: Block, own: LayerTrace, place: Place) -> Step:
    values, weights = own.kept("v")[_kv_head(config, place)], own.kept("weights")[place.head, place.query]
    bias = " + b_V" if config.biases.qkv else ""
    return Step(
        "weighted_sum",
        "The weighted sum of the values",
        f"v_j = {'m' if place.kind == 'cross' else 'x'}_j W_V{bias}    z = sum_j a_j v_j",
        "What each token passes on, and how much of it the query takes.",
        (
            Quantity("v", "what it passes on", values, ("key", "d_head")),
            Quantity("a v", "its share of z", weights[:, None] * values, ("key", "d_head")),
            one_vector("z", "the head's output", own.kept("z")[place.head, place.query], "d_head"),
        ),
    )


def _heads(config: Block, own: LayerTrace, place: Place) -> Step:
    bias = " + b_O" if config.biases.out else ""
    width = config.n_heads * config.d_v
    many = f"Each head looks its own way; all outputs ({width})" if config.n_heads > 1 else f"The output ({width})"
    return Step(
        "heads",
        "All heads together",
        f"o = [z_0 ... z_{config.n_heads - 1}] W_O{bias}" if config.n_heads > 1 else f"o = z W_O{bias}",
        f"{many} times W_O ({width}, {config.d_model}) is o ({config.d_model}).",
        (
            Quantity("z", "every head's output", own.kept("z")[:, place.query], ("head", "d_head")),
            one_vector("o", "the attention's output", own.kept("attn_out")[place.query]),
        ),
    )
