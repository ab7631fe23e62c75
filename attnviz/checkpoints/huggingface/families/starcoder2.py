"""StarCoder2 (Lozhkov et al. 2024): Mistral with layer norms, a plain feed-forward and biases."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import llama, mistral
from attnviz.checkpoints.huggingface.generation.language_head import LanguageHead
from attnviz.checkpoints.huggingface.settings import activation_from, number_from, switch_from

FAMILY = replace(
    mistral.FAMILY,
    name="StarCoder2",
    paper="Lozhkov et al. 2024",
    example="bigcode/starcoder2-3b",
    fields=llama.FIELDS
    | {
        "norm": "layer",
        "norm_eps": number_from("norm_epsilon", 1e-5),
        "activation": activation_from("hidden_act", "gelu_pytorch_tanh"),
        "gated": False,
        "bias": switch_from("use_bias", default=True),
        "norm_bias": True,
    },
    modules=llama.MODULES
    | {
        "layers.{}.ffn.1": "layers.{}.mlp.c_fc",
        "layers.{}.ffn.2": "layers.{}.mlp.c_proj",
    },
    ignored={
        **mistral.FAMILY.ignored,
        "activation_function": ("gelu", "gelu_pytorch_tanh"),  # hidden_act is read
        "layer_norm_epsilon": (1e-5,),  # norm_epsilon is read
        "mlp_type": ("default",),
        "norm_type": ("layer_norm",),
        "scale_attn_weights": (True,),
    },
    irrelevant=(*mistral.FAMILY.irrelevant, "attention_softmax_in_fp32", "scale_attention_softmax_in_fp32"),
    classes="Starcoder2",
    defaults={"num_key_value_heads": 2},
    head=LanguageHead(),
)
