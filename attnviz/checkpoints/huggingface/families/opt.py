"""OPT (Zhang et al. 2022): positions from row 2, ReLU; the 350m model norms after each part and projects its tokens."""

from attnviz.checkpoints.huggingface.families import bert
from attnviz.checkpoints.huggingface.family import Family, Vocabulary
from attnviz.checkpoints.huggingface.generation.language_head import LanguageHead
from attnviz.checkpoints.huggingface.settings import (
    Settings,
    activation_from,
    causal,
    choice_from,
    size_from,
    switch_from,
)


def _project(settings: Settings) -> dict[str, object]:
    width, d_model = settings.number("word_embed_proj_dim", None), settings.number("hidden_size", least=1)
    return {} if width in (None, d_model) else {"d_embed": width, "project": "before"}


FAMILY = Family(
    name="OPT",
    paper="Zhang et al. 2022",
    example="facebook/opt-125m",
    kind="decoder",
    fields={
        **{name: bert.FIELDS[name] for name in ("n_layers", "n_heads", "d_model", "n_vocab", "n_ctx")},
        "d_ff": size_from("ffn_dim"),
        "mask": causal,
        "position": "learned",
        "norm_placement": choice_from("do_layer_norm_before", {True: "pre", False: "post"}, True),
        "norm_eps": 1e-5,
        "activation": activation_from("activation_function", "relu"),
        "qkv_bias": switch_from("enable_bias", default=True),
        "out_bias": switch_from("enable_bias", default=True),
        "ffn_bias": switch_from("enable_bias", default=True),
    },
    more=_project,
    modules={
        "embed.tokens": "embed_tokens",
        "embed.positions": "embed_positions",
        "embed.project": "project_in",
        "layers.{}.norm1": "layers.{}.self_attn_layer_norm",
        "layers.{}.attn.q": "layers.{}.self_attn.q_proj",
        "layers.{}.attn.k": "layers.{}.self_attn.k_proj",
        "layers.{}.attn.v": "layers.{}.self_attn.v_proj",
        "layers.{}.attn.o": "layers.{}.self_attn.out_proj",
        "layers.{}.norm2": "layers.{}.final_layer_norm",
        "layers.{}.ffn.1": "layers.{}.fc1",
        "layers.{}.ffn.2": "layers.{}.fc2",
        "final_norm": "final_layer_norm",
    },
    first_position=2,
    zero=("embed.project.b",),
    prefixes=("model.decoder.", "decoder."),
    unused=("lm_head.*", "score.*", "qa_outputs.*", "project_out.*"),
    irrelevant=("init_std", "layerdrop"),
    classes="OPT",
    required={"layer_norm_elementwise_affine": (True,), "_remove_final_layer_norm": (False,)},
    vocabulary=Vocabulary(
        "bytes", "bos $A", "bos $A bos:1 $B:1", {"bos": "</s>", "eos": "</s>", "unk": "</s>", "pad": "<pad>"}
    ),
    head=LanguageHead(project="project_out"),
)
