"""Settings of a ``config.json`` that a family does not read: harmless, unknown, or known to change attention.

A family reads what it computes (``Settings`` keeps the record) and names what has no part in attention. Any other
setting is a note, and one that changes attention in some model is an error: a setting that is read past is a wrong
picture.
"""

import fnmatch
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache

from attnviz.checkpoints.huggingface.family import Family
from attnviz.checkpoints.huggingface.settings import Settings
from attnviz.errors import CheckpointError, brief, some

# No part in attention, in any family: names, labels, training, generation, how a library stores or runs the model.
IRRELEVANT = (
    *("architectures", "auto_map", "custom_pipelines", "model_type", "name_or_path", "transformers_version"),
    *("dtype", "torch_dtype", "torchscript", "use_bfloat16", "use_cache", "cache_implementation", "return_dict"),
    *("attn_implementation", "_attn_implementation*", "_experts_implementation*", "_name_or_path"),
    *("_commit_hash", "_output_attentions", "experts_implementation"),
    *("_flash_attn_2_enabled", "use_flash_attention*", "chunk_size_feed_forward", "gradient_checkpointing"),
    *(
        "*_token_id",
        "*_token_ids",
        "token_healing",
        "padding_side",
        "pad_token",
        "tokenizer_class",
        "tokenizer_name",
        "max_length",
        "max_new_tokens",
    ),
    *("*dropout*", "*_pdrop", "*layerdrop", "initializer_*", "tie_*", "is_encoder_decoder", "add_cross_attention"),
    *("id2label", "label2id", "num_labels", "problem_type", "finetuning_task", "task_specific_params", "language"),
    *("classifier_*", "summary_*", "output_attentions", "output_hidden_states", "output_scores", "prefix"),
    *("cross_attention_hidden_size", "model_max_length", "forced_*", "suppress_tokens", "begin_suppress_tokens"),
    *("bad_words_ids", "diversity_penalty", "do_sample", "early_stopping", "encoder_no_repeat_ngram_size"),
    *("exponential_decay_length_penalty", "length_penalty", "min_length", "no_repeat_ngram_size", "num_beam_groups"),
    *("num_beams", "num_return_sequences", "remove_invalid_values", "repetition_penalty", "return_dict_in_generate"),
    *("temperature", "tf_legacy_loss", "top_k", "top_p", "typical_p"),
    *("sentence_transformers", "transformers.js_config"),
    *("*_bias", "bias"),  # where a family has a choice it reads it; all tensors are accounted for besides
    *("_num_labels", "export_model_type", "generator_size", "is_llama_config", "masked_softmax_fusion", "num_steps"),
    *("matryoshka_dimensions", "max_sequence_length", "output_past", "sbert_ce_default_activation_function"),
    *("final_logit_softcapping", "logits_scaling", "logit_scale"),  # of the head, after all attention
    "quantization_config",  # the tensors and their scales say it; other methods are refused before
    "use_mrope",  # of a text alone, rotary positions in three parts are the usual ones
    *("unsloth_fixed", "unsloth_version", "generation_config", "loss_type", "vocab_size_padded"),
)

# Known to change attention in some model, each with the values that change nothing. A family that computes one of them
# reads it; for all others it is an error.
CHANGES_ATTENTION: Mapping[str, tuple[object, ...]] = {
    "alibi": (False,),
    "attention_chunk_size": (),
    "attention_multiplier": (),
    "attention_type": ("full", "original_full"),
    "attention_types": (),
    "attention_window": (),
    "attn_logit_softcapping": (),
    "attn_logit_softcap": (),
    "clip_qkv": (),
    "embedding_multiplier": (1,),
    "is_causal": (True,),
    "is_decoder": (True, False),  # decoder families do not ask
    "kv_lora_rank": (),
    "layer_types": (),
    "multi_query": (False,),
    "no_rope_layer_interval": (),
    "no_rope_layers": ([],),
    "partial_rotary_factor": (1,),
    "per_layer_config": ({},),
    "position_embedding_type": ("absolute", "rope", "rotary"),
    "pruned_heads": ({},),
    "qk_layer_norms": (False,),
    "qk_layernorm": (False,),
    "query_pre_attn_scalar": (),
    "relative_attention": (False,),
    "residual_multiplier": (1,),
    "rope_interleaved": (False,),
    "rope_parameters": ({},),
    "rope_scaling": ({},),
    "scale_attn_by_inverse_layer_idx": (False,),
    "sliding_window": (),
    "use_alibi": (False,),
    "use_bidirectional_attention": (False,),
    "use_qk_norm": (False,),
    "use_sliding_window": (False,),
}

_CLASS = (
    "(?:Model|ModelWithProjection|PreTrainedModel|LMHeadModel|DoubleHeadsModel|Encoder|Decoder|Reader"
    "|For[A-Z][A-Za-z]*)"
)


def check_settings(settings: Settings, family: Family) -> tuple[str, ...]:
    """Notes on settings that were not read, one line each; to be called when the family has read its own.

    Raises:
        CheckpointError: a setting that changes attention and that the family does not compute.
    """
    refused, unknown = [], []
    for name, value in settings.unread():
        own = name.rpartition(".")[2]  # of attn_config.clip_qkv: clip_qkv
        if name in family.ignored:
            continue
        if own in CHANGES_ATTENTION:
            if not _is_neutral(own, value):
                refused.append(f"{name} is {_short(value)}")
        elif not matches(own, IRRELEVANT) and not matches(name, family.irrelevant):
            unknown.append(brief(name))
    if refused:
        raise CheckpointError(
            f"{settings.where}: {some(refused)}, which attnviz does not compute for {family.name}; "
            "expected settings that it computes",
            hint=f"if the model was trained without {'it, remove it' if len(refused) == 1 else 'them, remove them'} "
            "from config.json",
        )
    return (*settings.notes, *_notes(settings, family, unknown))


def _notes(settings: Settings, family: Family, unknown: list[str]) -> Iterator[str]:
    if settings.values.get("auto_map"):
        yield "auto_map names the model's own code, which attnviz does not run: the numbers may differ from its own"
    for name in _architectures(settings):
        if not re.fullmatch(family.classes + _CLASS, name):
            yield f"architectures names {brief(name)}, computed as {family.name}: the numbers may differ"
    for name, neutral in family.ignored.items():
        value = settings.values.get(name)
        if value is not None and value not in neutral:
            yield f"{name} is {_short(value)}: {family.name} in transformers does not read it, nor does attnviz"
    if unknown:
        many = len(unknown) > 1
        yield (
            f"config.json has {'settings' if many else 'a setting'} that attnviz does not know: {some(unknown)}; "
            f"if {'one of them' if many else 'it'} changes attention, the numbers are wrong"
        )


def family_of_classes(settings: Mapping[str, object], families: Mapping[str, Family]) -> str | None:
    """The ``model_type`` whose classes ``architectures`` names, for files from before ``model_type`` (2019)."""
    for name in _architectures(Settings(settings, "")):
        for model_type, family in families.items():
            if re.fullmatch(family.classes + _CLASS, name):
                return model_type
    return None


def _architectures(settings: Settings) -> list[str]:
    names = settings.values.get("architectures")
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _is_neutral(name: str, value: object) -> bool:
    if name == "layer_types":
        return isinstance(value, list) and all(kind in ("full_attention", "attention") for kind in value)
    return value in CHANGES_ATTENTION[name]


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a name is one of those that patterns with ``*`` stand for."""
    return _any_of(patterns).fullmatch(name) is not None


@cache
def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One expression for all patterns: as many searches for each of 100,000 settings take half a minute."""
    return re.compile("|".join(map(fnmatch.translate, patterns)) or "(?!)")


def _short(value: object) -> str:
    return brief(json.dumps(value, ensure_ascii=False))
