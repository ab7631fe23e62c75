"""I-BERT (Kim et al. 2021): RoBERTa, made for arithmetic with whole numbers, which only its ``quant_mode`` uses."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import roberta
from attnviz.checkpoints.huggingface.settings import choice_from

_INTEGERS = (
    *("*.weight_integer", "*.weight_scaling_factor", "*.fc_scaling_factor", "*.bias_integer"),
    *("*.act_scaling_factor", "*.norm_scaling_factor", "*.x_min", "*.x_max", "*.shift"),
)

FAMILY = replace(
    roberta.FAMILY,
    name="I-BERT",
    paper="Kim et al. 2021",
    example="kssteven/ibert-roberta-base",
    fields=roberta.FIELDS | {"mask": "none", "activation": choice_from("hidden_act", {"gelu": "gelu"}, "gelu")},
    required={"position_embedding_type": ("absolute",), "quant_mode": (False,)},
    ignored={"is_causal": (False,), "is_decoder": (False,)},
    irrelevant=("force_dequant",),
    classes="IBert",
    prefixes=("ibert.",),
    unused=(*_INTEGERS, *roberta.HEADS),
)
