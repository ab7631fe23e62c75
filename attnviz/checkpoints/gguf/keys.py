"""Keys of a GGUF file that an architecture does not read: harmless, unknown, or known to change attention.

The rule is that of ``config.json``: a key that is read past is a wrong picture.
"""

import json
from collections.abc import Iterator, Mapping

from attnviz.checkpoints.gguf.architecture import Architecture, Facts
from attnviz.checkpoints.huggingface.known_settings import matches
from attnviz.checkpoints.huggingface.settings import Settings
from attnviz.errors import CheckpointError, brief, some

# No part in attention, in any architecture; the head's numbers come after all attention.
IRRELEVANT_KEYS = (
    *("vocab_size", "embedding_length_out", "pooling_type", "logit_scale", "final_logit_softcapping"),
    *("classifier.output_labels", "rope.scaling.finetuned", "*_feat_in", "*_feat_out", "tensor_data_layout"),
    *("decoder_start_token_id", "vision.*", "mm.*", "audio.*", "image_token_index", "spatial_merge_size"),
    *("n_deepstack_layers", "dense_*"),
)

# Parts of keys that change attention in some architecture; all that is not read here is refused, but for 0.
REFUSED_KEYS = (
    *("attention.*", "rope.*", "expert*", "ssm.*", "wkv.*", "kda.*", "shortconv.*", "posnet.*", "convnext.*"),
    *("altup.*", "use_parallel_residual", "attn_logit_softcapping", "router_logit_softcapping", "residual_scale"),
    *("embedding_scale", "leading_dense_block_count", "moe_*", "nextn_predict_layers", "interleave_moe_layer_step"),
    *("full_attention_interval", "activation_sparsity_scale", "embedding_length_per_layer_input", "swiglu_*"),
    *("decoder_block_count", "rescale_every_n_layers", "swin_norm", "token_shift_count", "time_*", "features_length"),
)
# Values of keys that change nothing, besides 0.
NEUTRAL_VALUES: Mapping[str, tuple[object, ...]] = {
    "attention.scale": (1.0,),
    "attention.output_scale": (1.0,),
    "residual_scale": (1.0,),
    "embedding_scale": (1.0,),
    "expert_weights_scale": (1.0,),
    "use_parallel_residual": (False,),
    "rope.scaling.yarn_ext_factor": (1.0, -1.0),
    "rope.scaling.yarn_attn_factor": (1.0,),
    "rope.scaling.attn_factor": (1.0,),
    "rope.scaling.type": ("none",),
    "rope.scaling.factor": (1.0,),
    "rope.scale_linear": (1.0,),
}


def check_keys(
    architecture: Architecture, facts: Facts, settings: Settings, names: Mapping[str, str]
) -> tuple[str, ...]:
    """Notes on keys that were not read, one line each; to be called when all that is read has been read.

    Args:
        architecture: the architecture.
        facts: of the file.
        settings: what the family read.
        names: the keys behind settings.

    Raises:
        CheckpointError: a key that changes attention and is not computed here.
    """
    refused, unknown = [], []
    for key, value in _unread(facts, settings, names):
        if matches(key, (*IRRELEVANT_KEYS, *architecture.irrelevant)):
            continue
        if not matches(key, REFUSED_KEYS):
            unknown.append(brief(key))
        elif value not in (0, False, *NEUTRAL_VALUES.get(key, ())):
            refused.append(f"{facts.keys.family}.{brief(key)} is {_short(value)}")
    if refused:
        raise CheckpointError(
            f"{facts.keys.where}: {some(refused)}, which attnviz does not compute for {settings.family}; "
            "expected keys that it computes"
        )
    if not unknown:
        return tuple(settings.notes)
    many = len(unknown) > 1
    return (
        *settings.notes,
        f"its metadata has {'keys' if many else 'a key'} that attnviz does not know: {some(unknown)}; "
        f"if {'one of them' if many else 'it'} changes attention, the numbers are wrong",
    )


def _unread(facts: Facts, settings: Settings, names: Mapping[str, str]) -> Iterator[tuple[str, object]]:
    """Keys that nothing read, or whose setting the family did not read."""
    yield from facts.keys.unread()
    unread = {name for name, _ in settings.unread()}
    fields = ("feed_forward_length",)  # which is a field whatever the family reads
    yield from ((key, facts.keys.values[key]) for name, key in names.items() if name in unread and key not in fields)


def _short(value: object) -> str:
    return brief(json.dumps(value, ensure_ascii=False))
