"""Rotary positions, as ``rope_parameters``, ``rope_scaling`` and their older spellings describe them."""

import json
import math
from collections.abc import Mapping
from typing import Any

from attnviz.checkpoints.huggingface.settings import Settings
from attnviz.errors import CheckpointError

_SAME: Mapping[str, str] = {}
_SCALINGS = ("default", "linear", "dynamic", "llama3", "yarn", "longrope", "proportional")


def rope_settings(settings: Settings) -> Settings:
    """The settings of rotary positions: the older ``rope_scaling`` wins, as in the published code."""
    scaling, parameters = settings.object("rope_scaling"), settings.object("rope_parameters")
    return scaling if scaling.values else parameters


def rope_type(rope: Settings, kinds: Mapping[str, Any]) -> Any:
    """The meaning of the kind of rotary positions; older files call it ``type``."""
    older = rope.get("type", "default")
    return rope.one_of("rope_type" if rope.get("rope_type") else "type", kinds, older)


def rotary(
    settings: Settings, d_head: int, share: str | None = None, renamed: Mapping[str, str] = _SAME
) -> dict[str, object]:
    """The rotary fields, from ``rope_parameters`` or the older ``rope_theta`` and ``rope_scaling``.

    Args:
        settings: the model's.
        d_head: a head's width.
        share: the setting that says how much of it is turned; None where all of it is.
        renamed: kinds that the family takes for another one, such as Phi-3's ``su`` for ``longrope``.

    Raises:
        CheckpointError: a kind that is not computed here, or a share where there is none.
    """
    rope = rope_settings(settings)
    factor = settings.number(share or "partial_rotary_factor", 1.0, float)
    factor = rope.number("partial_rotary_factor", factor, float)
    stretch = stretching(settings, rope, renamed)
    proportional = stretch["rotary_scaling"] == "proportional"
    if share is None and factor != 1 and not proportional:
        raise CheckpointError(f"{settings.where}: partial_rotary_factor is {factor}; expected 1 of {settings.family}")
    return {
        "position": "rotary",
        "rotary_base": rope.number("rope_theta", settings.number("rope_theta", 10000.0, float), float),
        "rotary_dims": 2 * int(factor * d_head // 2) if proportional else int(d_head * factor),
        **stretch,
    }


def rotary_by_layer_type(
    settings: Settings, base: float, window_base: float, older: str | None = None
) -> tuple[dict[str, object], float]:
    """The rotary fields of layers that see all, and the base of those with a window, which are never stretched.

    Args:
        settings: the model's; ``rope_parameters`` has an object for each type of layer.
        base: of layers that see all, where nothing says it.
        window_base: of layers with a window, where nothing says it.
        older: the setting that older files have for it; None for none.

    Raises:
        CheckpointError: a kind that is not computed here.
    """
    nested, scaling = settings.object("rope_parameters"), settings.object("rope_scaling")
    wide, near = nested.object("full_attention"), nested.object("sliding_attention")
    for one in (nested, near):
        rope_type(one, {"default": None})
    if older is not None:
        window_base = settings.number(older, window_base, float)
    wide = scaling if scaling.values else wide
    fields = {
        "position": "rotary",
        "rotary_base": wide.number("rope_theta", settings.number("rope_theta", base, float), float),
        **stretching(settings, wide),
    }
    return fields, near.number("rope_theta", window_base, float)


def stretching(settings: Settings, rope: Settings, renamed: Mapping[str, str] = _SAME) -> dict[str, object]:
    """``rotary_scaling`` and its fields, as transformers' ``modeling_rope_utils`` reads them.

    Args:
        settings: the model's.
        rope: the rotary ones among them.
        renamed: as in ``rotary``.

    Raises:
        CheckpointError: a kind that is not computed here, or a number that is missing.
    """
    kind = rope_type(rope, {name: name for name in _SCALINGS} | dict(renamed))
    if kind == "default":
        rope.get("factor")  # without effect
        return {"rotary_scaling": "none"}
    fields: dict[str, object] = {"rotary_scaling": kind}
    if kind == "dynamic":
        fields["rotary_ctx"] = settings.number("max_position_embeddings", least=1)
    if kind in ("llama3", "yarn", "longrope"):
        trained = rope.number("original_max_position_embeddings", settings.get("max_position_embeddings"))
        fields["rotary_ctx"] = settings.number("original_max_position_embeddings", trained)
    if kind == "llama3":
        fields["rotary_low"] = rope.number("low_freq_factor", kind=float)
        fields["rotary_high"] = rope.number("high_freq_factor", kind=float)
    if kind == "longrope":
        fields["rotary_short"] = _numbers(rope, "short_factor")
        fields["rotary_long"] = _numbers(rope, "long_factor")
    fields["rotary_factor"] = factor = _factor(settings, rope, kind, fields)
    if kind == "yarn":
        fields |= _yarn(rope, factor)
    if kind in ("yarn", "longrope") and rope.get("attention_factor") is not None:
        fields["rotary_magnitude"] = rope.number("attention_factor", kind=float)
    return fields


def _factor(settings: Settings, rope: Settings, kind: str, fields: Mapping[str, object]) -> float:
    """How much longer texts may be; by the two lengths where the setting is null, or in LongRoPE missing."""
    if kind == "longrope" or (kind == "yarn" and rope.is_null("factor")):
        trained = fields["rotary_ctx"]
        longest = settings.number("max_position_embeddings", least=1)
        ratio = longest / trained if isinstance(trained, int) and trained else 1.0
        return rope.number("factor", ratio, float)
    if kind == "proportional":
        return rope.number("factor", 1.0, float)
    return rope.number("factor", kind=float)


def yarn_growth(factor: float, share: float) -> float:
    """YaRN's factor of q and k for texts so many times as long."""
    return 0.1 * share * math.log(max(factor, 1.0)) + 1


def _yarn(rope: Settings, factor: float) -> dict[str, object]:
    """YaRN's own numbers; ``mscale`` and ``mscale_all_dim`` give its attention factor (DeepSeek)."""
    fields: dict[str, object] = {
        "rotary_high": rope.number("beta_fast", 32.0, float) or 32.0,
        "rotary_low": rope.number("beta_slow", 1.0, float) or 1.0,
        "rotary_truncate": rope.one_of("truncate", {True: True, False: False}, default=True),
    }
    scales = [rope.number(name, 0.0, float) for name in ("mscale", "mscale_all_dim")]
    if all(scales):
        above, below = (yarn_growth(factor, scale) for scale in scales)
        fields["rotary_magnitude"] = above / below
    return fields


def _numbers(rope: Settings, name: str) -> list[float]:
    """A list of numbers; which of them fit is the block's to check.

    Raises:
        CheckpointError: it is missing, or something else.
    """
    values = rope.get(name)
    if values is None:
        raise CheckpointError(f"{rope.where}: it has no {name}; expected it of a {rope.family} model")
    if not isinstance(values, list) or any(isinstance(v, bool) or not isinstance(v, int | float) for v in values):
        raise CheckpointError(f"{rope.where}: {name} is {json.dumps(values)[:40]}; expected a list of numbers")
    return values
