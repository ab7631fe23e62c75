"""Falcon (Almazrouei et al. 2023): q, k and v in one matrix, group by group of heads, and parts side by side."""

from attnviz.checkpoints.huggingface.families import gpt_neox
from attnviz.checkpoints.huggingface.family import Family, Fused
from attnviz.checkpoints.huggingface.generation.language_head import LanguageHead
from attnviz.checkpoints.huggingface.rules.rotary import rotary
from attnviz.checkpoints.huggingface.settings import (
    Settings,
    activation_from,
    causal,
    four_times,
    number_from,
    size_from,
    switch_from,
)
from attnviz.encoder.config.block import Block
from attnviz.errors import CheckpointError

_new = switch_from("new_decoder_architecture", default=False)
_beside = switch_from("parallel_attn", default=True)
_biased = switch_from("bias", default=False)


def n_kv_heads(block: Block) -> int:
    """One group of queries, their key and their value for each head of keys."""
    return block.n_kv_heads


def _kv_heads(settings: Settings) -> int:
    """Keys' heads: in the new architecture as many as it says, else one or as many as queries'."""
    n_heads = settings.number("num_attention_heads", least=1)
    given, shared = (
        settings.number("num_kv_heads", n_heads, least=1),
        switch_from("multi_query", default=True)(settings),
    )
    if _new(settings):
        return given
    if not shared and given != n_heads:
        raise CheckpointError(
            f"{settings.where}: num_kv_heads is {given} without multi_query and new_decoder_architecture; "
            f"expected {n_heads}"
        )
    return 1 if shared else n_heads


def _turned(settings: Settings) -> dict[str, object]:
    return rotary(settings, settings.number("hidden_size", least=1) // settings.number("num_attention_heads", least=1))


def _norms(settings: Settings) -> dict[str, str]:
    """One norm for both parts, one for each, or one after the other; another number of them is an error there too.

    Raises:
        CheckpointError: norms that the published code does not have in this architecture.
    """
    new, beside = _new(settings), _beside(settings)
    amount = settings.number("num_ln_in_parallel_attn", 2 if new else 1)
    if amount not in ((1, 2) if new else (1,)) and beside:
        raise CheckpointError(
            f"{settings.where}: num_ln_in_parallel_attn is {amount}; expected 1{' or 2' if new else ''} with "
            f"new_decoder_architecture {str(new).lower()}"
        )
    if new and not beside:
        raise CheckpointError(
            f"{settings.where}: parallel_attn is false, and new_decoder_architecture true; expected both true"
        )
    first, second = ("ln_attn", "ln_mlp") if beside and amount == 2 else ("input_layernorm", "input_layernorm")
    second = second if beside else "post_attention_layernorm"
    return {"layers.{}.norm1": f"h.{{}}.{first}", "layers.{}.norm2": f"h.{{}}.{second}"}


FAMILY = Family(
    name="Falcon",
    paper="Almazrouei et al. 2023",
    example="tiiuae/falcon-7b",
    kind="decoder",
    fields={
        "n_layers": size_from("num_hidden_layers"),
        "n_heads": size_from("num_attention_heads"),
        "n_kv_heads": _kv_heads,
        "d_model": size_from("hidden_size"),
        "d_ff": four_times("hidden_size", unless="ffn_hidden_size"),
        "n_vocab": size_from("vocab_size"),
        "n_ctx": size_from("max_position_embeddings", 2048),
        "mask": causal,
        "norm_placement": "pre",
        "norm_eps": number_from("layer_norm_epsilon", 1e-5),
        "parallel": _beside,
        "activation": activation_from("activation", "gelu"),
        "bias": _biased,
        "norm_bias": True,
    },
    more=_turned,
    more_modules=_norms,
    modules={
        "embed.tokens": "word_embeddings",
        "layers.{}.attn.o": "h.{}.self_attention.dense",
        "layers.{}.ffn.1": "h.{}.mlp.dense_h_to_4h",
        "layers.{}.ffn.2": "h.{}.mlp.dense_4h_to_h",
        "final_norm": "ln_f",
    },
    fused=(Fused("h.{}.self_attention.query_key_value", gpt_neox.FAMILY.fused[0].holds, groups=n_kv_heads),),
    aliases={"n_embed": "hidden_size"},
    # transformers adds ALiBi twice to eager attention and once to its others, so that there is nothing to compare with.
    required={"alibi": (False,)},
    ignored={"is_decoder": (True, False), "apply_residual_connection_post_layernorm": (False,)},
    classes="Falcon",
    prefixes=("transformer.",),
    unused=("lm_head.*", "score.*", "classifier.*", "qa_outputs.*", "h.*.self_attention.rotary_emb.inv_freq"),
    head=LanguageHead(),
)
