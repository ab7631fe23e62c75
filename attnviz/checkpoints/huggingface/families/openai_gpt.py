"""GPT (Radford et al. 2018): GPT-2 with norms after each part."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import gpt2
from attnviz.checkpoints.huggingface.settings import choice_from, four_times

FAMILY = replace(
    gpt2.FAMILY,
    name="GPT",
    paper="Radford et al. 2018",
    example="openai-community/openai-gpt",
    fields=gpt2.FAMILY.fields
    | {
        "d_ff": four_times("n_embd"),
        "score": "scaled_dot",
        "mask": "causal",
        "norm_placement": "post",
        # ``gelu`` has always meant its approximation here.
        "activation": choice_from(
            "afn", {"gelu": "gelu_tanh", "relu": "relu", "silu": "silu", "swish": "silu"}, "gelu"
        ),
    },
    modules={name: theirs for name, theirs in gpt2.FAMILY.modules.items() if name != "final_norm"}
    | {"embed.tokens": "tokens_embed", "embed.positions": "positions_embed"},
    required={},
    ignored={"is_causal": (True,)},  # its layers have a causal mask to themselves
    irrelevant=("n_ctx", "n_special", "predict_special_tokens"),
    classes="OpenAIGPT",
    unused=(*gpt2.FAMILY.unused, "position_ids"),
    vocabulary=None,
)
