"""BLOOM (Le Scao et al. 2022): ALiBi, a norm of the embeddings, fused projections head by head."""

from attnviz.checkpoints.huggingface.families import gpt_neox
from attnviz.checkpoints.huggingface.family import Family, Fused
from attnviz.checkpoints.huggingface.generation.language_head import LanguageHead
from attnviz.checkpoints.huggingface.settings import Settings, four_times, is_causal, number_from, size_from
from attnviz.errors import CheckpointError


def causal_alibi(settings: Settings) -> str:
    """The causal mask, which alone makes ALiBi by the key's position the same as by the distance."""
    if not is_causal(settings):
        raise CheckpointError(f"{settings.where}: is_causal is false, which attnviz does not compute; expected true")
    return "causal"


def _check_exactness(settings: Settings) -> dict[str, object]:
    """In parts that are added up, the published code forgets two biases."""
    choices = {False: False} if settings.number("pretraining_tp", 1) > 1 else {False: False, True: True}
    settings.one_of("slow_but_exact", choices, default=False)
    return {}


FAMILY = Family(
    name="BLOOM",
    paper="Le Scao et al. 2022",
    example="bigscience/bloom-560m",
    kind="decoder",
    fields={
        "n_layers": size_from("n_layer"),
        "n_heads": size_from("n_head"),
        "d_model": size_from("hidden_size"),
        "d_ff": four_times("hidden_size"),
        "n_vocab": size_from("vocab_size"),
        "n_ctx": size_from("seq_length", 2048),
        "embed_norm": True,
        "mask": causal_alibi,
        "position": "alibi",
        "norm_placement": "pre",
        "norm_eps": number_from("layer_norm_epsilon", 1e-5),
        "activation": "gelu_tanh",
    },
    more=_check_exactness,
    defaults={"n_layer": 2, "n_head": 8, "hidden_size": 64, "vocab_size": 250880},
    aliases={"num_hidden_layers": "n_layer", "num_attention_heads": "n_head", "n_embed": "hidden_size"},
    modules={
        "embed.tokens": "word_embeddings",
        "embed.norm": "word_embeddings_layernorm",
        "layers.{}.norm1": "h.{}.input_layernorm",
        "layers.{}.attn.o": "h.{}.self_attention.dense",
        "layers.{}.norm2": "h.{}.post_attention_layernorm",
        "layers.{}.ffn.1": "h.{}.mlp.dense_h_to_4h",
        "layers.{}.ffn.2": "h.{}.mlp.dense_4h_to_h",
        "final_norm": "ln_f",
    },
    fused=(Fused("h.{}.self_attention.query_key_value", gpt_neox.FAMILY.fused[0].holds, groups=gpt_neox.n_heads),),
    required={"apply_residual_connection_post_layernorm": (False,)},
    irrelevant=(
        *("attention_softmax_in_fp32", "bias_dropout_fusion", "offset_alibi", "skip_bias_add", "skip_bias_add_qkv"),
        "n_embed",
    ),
    classes="Bloom",
    prefixes=("transformer.",),
    unused=("lm_head.*", "score.*", "classifier.*", "qa_outputs.*"),
    head=LanguageHead(),
)
