"""Granite (Granite Team 2024): Llama with factors on the embeddings, on scores and on what each part adds."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import llama
from attnviz.checkpoints.huggingface.generation.language_head import LanguageHead
from attnviz.checkpoints.huggingface.settings import Settings, number_from


def _added(settings: Settings) -> dict[str, float]:
    """What each part adds is multiplied: the same as a factor on its last matrix and bias."""
    factor = settings.number("residual_multiplier", 1.0, float)
    return dict.fromkeys(("layers.{}.attn.o", "layers.{}.ffn.2"), factor)


def _logit_scale(settings: Settings) -> float:
    """What logits are divided by is a setting."""
    return 1 / settings.number("logits_scaling", 1.0, float, least=1e-6)


FAMILY = replace(
    llama.FAMILY,
    name="Granite",
    paper="Granite Team 2024",
    example="ibm-granite/granite-3.3-2b-instruct",
    fields=llama.FAMILY.fields
    | {
        "embed_scale": number_from("embedding_multiplier", 1.0),
        "score_scale": number_from("attention_multiplier", 1.0),
    },
    factors=_added,
    pieces=None,
    irrelevant=(),
    classes="Granite",
    head=LanguageHead(tied=False, scale=_logit_scale),
)
