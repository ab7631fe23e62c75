"""GPT-2 (Radford et al. 2019): pre-norm and causal, its projections fused and stored as (in, out)."""

from attnviz.checkpoints.huggingface.family import Family, Fused, Vocabulary
from attnviz.checkpoints.huggingface.generation.language_head import LanguageHead
from attnviz.checkpoints.huggingface.settings import (
    activation_from,
    causal,
    choice_from,
    four_times,
    number_from,
    size_from,
)

FAMILY = Family(
    name="GPT-2",
    paper="Radford et al. 2019",
    example="openai-community/gpt2",
    kind="decoder",
    fields={
        "n_layers": size_from("n_layer"),
        "n_heads": size_from("n_head"),
        "d_model": size_from("n_embd"),
        "d_ff": four_times("n_embd", unless="n_inner"),
        "n_vocab": size_from("vocab_size"),
        "n_ctx": size_from("n_positions"),
        "score": choice_from("scale_attn_weights", {True: "scaled_dot", False: "dot"}, True),
        "mask": causal,
        "position": "learned",
        "norm_placement": "pre",
        "norm_eps": number_from("layer_norm_epsilon", 1e-5),
        "activation": activation_from("activation_function", "gelu_new"),
    },
    modules={
        "embed.tokens": "wte",
        "embed.positions": "wpe",
        "layers.{}.norm1": "h.{}.ln_1",
        "layers.{}.attn.o": "h.{}.attn.c_proj",
        "layers.{}.norm2": "h.{}.ln_2",
        "layers.{}.ffn.1": "h.{}.mlp.c_fc",
        "layers.{}.ffn.2": "h.{}.mlp.c_proj",
        "final_norm": "ln_f",
    },
    fused=(Fused("h.{}.attn.c_attn", ("layers.{}.attn.q", "layers.{}.attn.k", "layers.{}.attn.v")),),
    linear=False,
    aliases={
        "num_hidden_layers": "n_layer",
        "num_attention_heads": "n_head",
        "hidden_size": "n_embd",
        "max_position_embeddings": "n_positions",
    },
    prefixes=("transformer.",),
    unused=(
        "lm_head.*",
        "score.*",
        "classifier.*",
        "qa_outputs.*",
        "multiple_choice_head.*",
        "h.*.attn.bias",
        "h.*.attn.masked_bias",
    ),
    required={"scale_attn_by_inverse_layer_idx": (False,), "add_cross_attention": (False,)},
    irrelevant=("n_ctx", "n_special", "predict_special_tokens", "reorder_and_upcast_attn"),
    classes="GPT2",
    vocabulary=Vocabulary("bytes", specials={"unk": "<|endoftext|>", "bos": "<|endoftext|>", "eos": "<|endoftext|>"}),
    head=LanguageHead(),
)
