"""BioGPT (Luo et al. 2022): OPT with a GELU, and embeddings times the root of d_model."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import bert, opt
from attnviz.checkpoints.huggingface.generation.language_head import LanguageHead
from attnviz.checkpoints.huggingface.settings import Settings, activation_from, causal, switch_from


def _embed_scale(settings: Settings) -> float:
    scaled = switch_from("scale_embedding", default=True)(settings)
    return float(settings.number("hidden_size", least=1)) ** 0.5 if scaled else 1.0


FAMILY = replace(
    opt.FAMILY,
    name="BioGPT",
    paper="Luo et al. 2022",
    example="microsoft/biogpt",
    fields={
        **{name: bert.FIELDS[name] for name in ("n_layers", "n_heads", "d_model", "d_ff", "n_vocab", "n_ctx")},
        "mask": causal,
        "position": "learned",
        "embed_scale": _embed_scale,
        "norm_placement": "pre",
        "norm_eps": 1e-5,
        "activation": activation_from("hidden_act", "gelu"),
    },
    more=lambda settings: {},  # noqa: ARG005
    modules=opt.FAMILY.modules | {"final_norm": "layer_norm"},
    prefixes=("biogpt.",),
    unused=("output_projection.*", "classifier.*", "score.*"),
    required={},
    ignored={"layer_norm_eps": (1e-12,)},
    irrelevant=(),
    classes="BioGpt",
    vocabulary=None,
    head=LanguageHead(("output_projection",)),
)
