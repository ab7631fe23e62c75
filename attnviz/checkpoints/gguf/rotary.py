"""Rotary positions, as the keys and tensors of a GGUF file describe them."""

from attnviz.checkpoints.gguf.architecture import Facts
from attnviz.checkpoints.huggingface.rules.rotary import yarn_growth
from attnviz.errors import CheckpointError

_SCALINGS = {name: name for name in ("none", "linear", "yarn", "longrope")}


def gguf_rotary(facts: Facts, d_head: int) -> dict[str, object]:
    """The rotary fields of a head's width.

    Args:
        facts: of the file.
        d_head: a head's width.

    Raises:
        CheckpointError: a scaling that is not computed here.
    """
    keys = facts.keys
    fields: dict[str, object] = {
        "position": "rotary",
        "rotary_base": keys.number("rope.freq_base", 10000.0, float),
        "rotary_dims": keys.number("rope.dimension_count", d_head, least=1),
        "rotary_scaling": "none",
    }
    n_ctx = keys.number("context_length", least=1)
    kind = keys.one_of("rope.scaling.type", _SCALINGS, "linear")
    factor = keys.number("rope.scaling.factor", keys.number("rope.scale_linear", 0.0, float), float)
    trained = keys.number("rope.scaling.original_context_length", n_ctx) or n_ctx
    magnitude = keys.number("rope.scaling.attn_factor", 1.0, float)
    short, long = facts.numbers("rope_factors_short.weight"), facts.numbers("rope_factors_long.weight")
    divisors = facts.numbers("rope_freqs.weight")
    if short is not None and long is not None:
        return fields | _divided(short, long, trained, magnitude)
    scaled = kind in ("linear", "yarn") and factor not in (0, 1)
    if divisors is not None and any(divisor != 1 for divisor in divisors):
        if scaled:
            raise CheckpointError(
                f"{keys.where}: it has rope_freqs.weight and rope.scaling.type {kind}, which attnviz does not compute "
                "together; expected one of the two"
            )
        return fields | _divided(divisors, divisors, n_ctx, 1.0)
    if kind == "longrope":
        raise CheckpointError(
            f"{keys.where}: rope.scaling.type is longrope, and it has no rope_factors_short.weight and "
            "rope_factors_long.weight; expected both"
        )
    if not scaled:
        return fields
    return (
        fields | {"rotary_scaling": kind, "rotary_factor": factor} | (_yarn(facts, trained) if kind == "yarn" else {})
    )


def _divided(short: list[float], long: list[float], trained: int, magnitude: float) -> dict[str, object]:
    """The fields of angles that are divided by a number each."""
    return {
        "rotary_scaling": "longrope",
        "rotary_short": short,
        "rotary_long": long,
        "rotary_ctx": trained,
        "rotary_magnitude": magnitude,
    }


def _yarn(facts: Facts, trained: int) -> dict[str, object]:
    keys = facts.keys
    factor = keys.number("rope.scaling.factor", kind=float)
    magnitude = keys.number("rope.scaling.attn_factor", 1.0, float)
    magnitude *= keys.number("rope.scaling.yarn_attn_factor", 1.0, float)
    share = keys.number("rope.scaling.yarn_log_multiplier", 0.0, float)  # of the logarithm, which scores have besides
    magnitude *= yarn_growth(factor, 1.0) / yarn_growth(factor, share)
    return {
        "rotary_ctx": trained,
        "rotary_high": keys.number("rope.scaling.yarn_beta_fast", 32.0, float),
        "rotary_low": keys.number("rope.scaling.yarn_beta_slow", 1.0, float),
        "rotary_magnitude": magnitude,
    }
