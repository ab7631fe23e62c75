"""The text part of a model that also reads pictures or sound: the settings inside its ``text_config``.

A text alone gets the attention of the text model. The settings leave out what is the default of that model.
"""

from collections.abc import Mapping
from typing import Any

from attnviz.errors import CheckpointError, brief
from attnviz.records import dataclass

# The wrappers that were compared with transformers, or whose code was read, each with the text model that its
# text_config has where it does not say so.
TEXT_MODELS: Mapping[str, str] = {
    "aya_vision": "cohere2",
    "blip-2": "opt",
    "clip": "clip_text_model",
    "colpali": "gemma",
    "gemma3": "gemma3_text",
    "got_ocr2": "qwen2",
    "idefics3": "llama",
    "internvl": "qwen2",
    "llava": "llama",
    "llava_next": "llama",
    "llava_next_video": "llama",
    "llava_onevision": "qwen2",
    "mistral3": "mistral",
    "paligemma": "gemma",
    "qwen2_5_vl": "qwen2_5_vl_text",
    "qwen2_vl": "qwen2_vl_text",
    "qwen3_vl": "qwen3_vl_text",
    "smolvlm": "llama",
    "video_llava": "llama",
    "vipllava": "llama",
}
_FLAT = ("qwen2_5_vl", "qwen2_vl")  # older files of these have the text model's settings beside those of pictures
# Text models that have a name to themselves there: rotary positions in three parts are the usual ones for a text alone.
_SAME_AS: Mapping[str, str] = {"qwen2_5_vl_text": "qwen2", "qwen2_vl_text": "qwen2", "qwen3_vl_text": "qwen3"}
_SECTIONS = ("mrope_section", "mrope_interleaved")


def _sizes(vocab: int, width: int, d_ff: int, layers: int, heads: int, ctx: int, **more: object) -> dict[str, object]:
    return {
        "vocab_size": vocab,
        "hidden_size": width,
        "intermediate_size": d_ff,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "max_position_embeddings": ctx,
    } | more


_QWEN_VL = _sizes(
    152064, 8192, 29568, 80, 64, 32768, num_key_value_heads=8, rms_norm_eps=1e-5, rope_theta=1e6, max_window_layers=80
)
_DEFAULTS: Mapping[str, Mapping[str, object]] = {
    "gemma": _sizes(256000, 3072, 24576, 28, 16, 8192),
    "gemma2": _sizes(256000, 2304, 9216, 26, 8, 8192, num_key_value_heads=4),
    "gemma3_text": _sizes(262208, 2304, 9216, 26, 8, 131072, num_key_value_heads=4),
    "llama": _sizes(32000, 4096, 11008, 32, 32, 2048),
    "mistral": _sizes(32000, 4096, 14336, 32, 32, 131072),
    "opt": _sizes(50272, 768, 3072, 12, 12, 2048, ffn_dim=3072),
    "qwen2": _sizes(151936, 4096, 22016, 32, 32, 32768, num_key_value_heads=32),
    "qwen2_5_vl_text": _QWEN_VL,
    "qwen2_vl_text": _QWEN_VL,
    "qwen3_vl_text": _sizes(151936, 4096, 22016, 32, 32, 128000, num_key_value_heads=32, rope_theta=5e5),
}
_OWN_DEFAULTS = {"idefics3": {"rms_norm_eps": 1e-5}, "smolvlm": {"rms_norm_eps": 1e-5}}

# What else such a file holds, by the start of its names without ``model.``.
PICTURE_PARTS = (
    *("vision_tower.*", "vision_model.*", "vision_embed_tokens.*", "visual.*", "image_newline", "audio_tower.*"),
    *("multi_modal_projector.*", "mm_projector.*", "connector.*", "qformer.*", "query_tokens"),
    *("image_tower.*", "video_tower.*", "language_projection.*", "vision_projection.*", "visual_projection.*"),
    *("embedding_proj_layer.*", "custom_text_proj.*", "lm_head.*", "logit_scale"),
)
PICTURE_SETTINGS = (
    *("image_token_*", "num_image_tokens", "perceiver_config", "pixel_shuffle_factor", "use_resampler"),
    "neftune_noise_alpha",  # noise in training
)


@dataclass(frozen=True, eq=False)
class TextPart:
    """The settings of the text model inside another one's.

    Attributes:
        model_type: whose family reads it.
        values: the settings, with the defaults of the text model.
        where: the settings' place, for messages.
        note: what a reader must know.
    """

    model_type: str
    values: dict[str, Any]
    where: str
    note: str


def text_part(values: Mapping[str, Any], where: str) -> TextPart | None:
    """The text part of the settings; None where they have none.

    Args:
        values: of a ``config.json``.
        where: the file, for messages.

    Raises:
        CheckpointError: ``text_config`` is not an object, or says no ``model_type``.
    """
    outer = values.get("model_type")
    inner = values.get("text_config")
    if inner is None and outer in _FLAT:
        inner = {name: value for name, value in values.items() if name not in ("model_type", "vision_config")}
        inner.pop("architectures", None)
    if inner is None:
        return None
    if not isinstance(inner, dict):
        raise CheckpointError(f"{where}: text_config is not an object; expected the settings of a text model")
    model_type = inner.get("model_type") or TEXT_MODELS.get(str(outer))
    if not isinstance(model_type, str):
        raise CheckpointError(f"{where}, text_config: it has no model_type; expected that of a text model")
    given = {name: value for name, value in inner.items() if name != "model_type"}
    usual = {**_DEFAULTS.get(model_type, {}), **_OWN_DEFAULTS.get(str(outer), {})}
    family = _SAME_AS.get(model_type, model_type)
    note = f"model_type is {brief(outer)}: its text part alone is read (text_config, {brief(family)})"
    if outer not in TEXT_MODELS:
        note += ", which was not compared with transformers: the numbers may differ"
    rope = {name: _without_sections(given[name]) for name in ("rope_scaling", "rope_parameters") if name in given}
    shared = {name: values[name] for name in ("auto_map",) if name in values}
    return TextPart(family, {**usual, **given, **rope, **shared}, f"{where}, text_config", note)


def _without_sections(rope: object) -> object:
    """Rotary settings without their division among time, height and width: a text's three positions are equal."""
    if not isinstance(rope, dict) or not set(_SECTIONS) & set(rope):
        return rope
    kept = {name: value for name, value in rope.items() if name not in _SECTIONS}
    return {name: "default" if value == "mrope" else value for name, value in kept.items()}
