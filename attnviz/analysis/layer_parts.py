"""Steps of an explanation after the heads: residual sums, their norms, and the feed-forward."""

from collections.abc import Iterator

import numpy as np

from attnviz.encoder.config.block import Block
from attnviz.trace.steps import Place, Quantity, Step, one_vector
from attnviz.trace.trace import LayerTrace, Trace

_SYMBOLS = {"residual": "r", "mixed": "m", "output": "y"}  # of the sums
_TITLES = {"residual": "Residual sum", "mixed": "Residual sum", "output": "What leaves the layer"}


def steps_after_heads(config: Block, trace: Trace, attended: LayerTrace, place: Place) -> Iterator[Step]:
    """The steps from the attention's output to what leaves the layer."""
    i, norm = place.query, config.norm
    first, second = ("norm2", "norm3") if place.kind == "cross" else ("norm1", "norm2")
    entered = "h" if norm.before and getattr(attended, first) is not None else "x"
    yield _residual(
        config, "residual", (entered, "o"), attended.kept("resid_mid")[i], _normed(config, attended, first, i), place
    )
    if not config.d_ff or place.kind == "decoder":
        return
    whole = attended if place.kind == "encoder" else trace["decoder", place.layer]
    read = entered if config.feed_forward.parallel else "u" if norm.on_sum else "r"
    yield from _feed_forward(config, whole, i, read, second)
    added_to = "u" if norm.on_sum else "r"
    normed = _normed(config, whole, second, i)
    convolved = config.convolution.kernel and place.kind == "encoder"
    name = "mixed" if convolved else "output"
    yield _residual(config, name, (added_to, "f"), whole.kept("resid_post")[i], normed, place)
    if convolved:
        yield _convolution(config, whole, i)


def _convolution(config: Block, whole: LayerTrace, i: int) -> Step:
    """The convolution over what entered the first layer, added to what its other parts made."""
    part, side, bias = config.convolution, config.convolution.kernel // 2, " + b_C" if config.biases.default else ""
    return Step(
        "output",
        "What leaves the layer, with a convolution",
        f"c = {part.activation}([x_-{side} ... x_{side}] W_C{bias})    y = {config.norm.kind}_norm(m + c)",
        f"The first layer also mixes each token with its neighbours, {part.kernel} tokens in all.",
        (
            one_vector("c", "what the neighbours give", whole.kept("conv_out")[i]),
            one_vector("y", "the sum, normed", whole.kept("out")[i]),
        ),
    )


def _normed(config: Block, layer: LayerTrace, name: str, i: int) -> np.ndarray | None:
    """What the norm after a part, or after its sum, makes for a token; None where there is none."""
    if not (config.norm.on_output or config.norm.on_sum):
        return None
    normed: np.ndarray = layer.kept(config.norm.output_norm(name) if config.norm.on_output else name)[i]
    return normed


def _feed_forward(config: Block, whole: LayerTrace, i: int, read: str, norm: str) -> Iterator[Step]:
    part, formula = config.feed_forward, ""
    inner: tuple[Quantity, ...] = ()
    if config.norm.before:
        formula = f"u = {config.norm.kind}_norm({read})    "
        inner = (one_vector("u", "normed by itself" if part.parallel else "normed again", whole.kept(norm)[i]),)
        read = "u"
    if part.n_experts:
        yield from _experts(config, whole, i, f"{formula}{{}}", read, inner)
        return
    gate = "(act({u} W_G{2}) * ({u} W_1{0})) W_2{1}" if part.gated else "act({u} W_1{0}) W_2{1}"
    biases = (*((" + b_1", " + b_2") if config.biases.ffn else ("", "")), " + b_G" if config.biases.gate else "")
    hidden = whole.kept("ffn_hidden")[i]
    yield Step(
        "feed_forward",
        "Feed-forward, each token by itself",
        f"{formula}f = {gate.format(*biases, u=read)}",
        f"act is {part.activation}; {np.count_nonzero(hidden)} of {config.d_ff} hidden numbers are not 0.",
        (
            *inner,
            one_vector("act", "after the activation", hidden, "d_ff"),
            one_vector("f", "its output", whole.kept("ffn_out")[i]),
        ),
    )


def _experts(
    config: Block, whole: LayerTrace, i: int, formula: str, read: str, inner: tuple[Quantity, ...]
) -> Iterator[Step]:
    """The choice of experts, and their outputs added up.

    Args:
        config: the block's fields.
        whole: the layer's arrays.
        i: the query's index.
        formula: of the input, with ``{}`` for that of the choice.
        read: the input's symbol.
        inner: the input, where it is normed.
    """
    part, shares = config.feed_forward, whole.kept("routing")[i]
    chosen = sorted(np.flatnonzero(shares), key=lambda expert: -shares[expert])
    named = ", ".join(f"{expert} ({shares[expert]:.3g})" for expert in chosen)
    bias = " + b_R" if part.router_bias else ""
    yield Step(
        "routing",
        "The router chooses experts",
        formula.format(f"p = {part.router}({read} W_R{bias}), the {part.experts_per_token} largest"),
        f"The token is sent to {named}; there are {part.n_experts} experts.",
        (*inner, one_vector("p", "share of each expert", shares, "expert")),
    )
    shared = ""
    if part.d_shared:
        shared = f" + sigmoid({read} W_S) E_shared({read})" if part.shared_gate else f" + E_shared({read})"
    yield Step(
        "feed_forward",
        "Feed-forward, each token by its experts",
        f"f = sum_e p_e E_e({read}){shared}",
        f"Each expert E_e is a feed-forward of {part.d_expert} hidden numbers ({part.activation}).",
        (one_vector("f", "their outputs, added up", whole.kept("ffn_out")[i]),),
    )


def _residual(
    config: Block, name: str, summands: tuple[str, str], total: np.ndarray, normed: np.ndarray | None, place: Place
) -> Step:
    """The sum of a part's input and its output.

    Args:
        config: whether the output or the sum is normed.
        name: ``residual`` or ``output``.
        summands: the symbols of the input and the output.
        total: the sum.
        normed: the output (``on_output``) or the sum (``on_sum``), normed; None where neither is.
        place: which attention.
    """
    before, part = summands
    title, symbol, meaning = _TITLES[name], _SYMBOLS[name], "The output is added to the input."
    if name == "residual" and place.kind == "decoder":
        meaning += " Attention to the source comes next (--kind cross)."
    if normed is None:
        return Step(name, title, f"{symbol} = {before} + {part}", meaning, (one_vector(symbol, "the sum", total),))
    kind = f"{config.norm.kind}_norm"
    if config.norm.on_output:
        meaning = meaning.replace("is added", f"is normed ({config.norm.placement}), then added")
        quantities = (one_vector("n", "the output, normed", normed), one_vector(symbol, "the sum", total))
        return Step(name, title, f"n = {kind}({part})    {symbol} = {before} + n", meaning, quantities)
    symbol = {"residual": "u", "mixed": "m", "output": "y"}[name]
    return Step(
        name,
        f"{title}, normed" if name == "output" else f"{title} and norm",
        f"{symbol} = {kind}({before} + {part})",
        meaning,
        (one_vector(f"{before}+{part}", "the sum", total), one_vector(symbol, "normed", normed)),
    )
