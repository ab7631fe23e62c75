"""GPT-J (Wang and Komatsuzaki 2021): both parts side by side after one norm, rotary positions in neighbouring pairs."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import gpt2
from attnviz.checkpoints.huggingface.generation.language_head import LanguageHead
from attnviz.checkpoints.huggingface.rules.interleaved import turned_pairs
from attnviz.checkpoints.huggingface.settings import Settings
from attnviz.errors import CheckpointError


def first_numbers_rotary(settings: Settings) -> dict[str, object]:
    """The first ``rotary_dim`` numbers of each head are turned.

    Raises:
        CheckpointError: null, with which the published code turns heads as if they were as wide as the model.
    """
    if settings.is_null("rotary_dim"):
        raise CheckpointError(
            f"{settings.where}: rotary_dim is null, which attnviz does not compute; expected a number"
        )
    return {"position": "rotary", "rotary_dims": settings.number("rotary_dim", 64, least=1)}


FAMILY = replace(
    gpt2.FAMILY,
    name="GPT-J",
    paper="Wang and Komatsuzaki 2021",
    example="EleutherAI/gpt-j-6b",
    fields={name: rule for name, rule in gpt2.FAMILY.fields.items() if name not in ("score", "position")}
    | {"parallel": True, "qkv_bias": False, "out_bias": False},
    more=first_numbers_rotary,
    modules={
        "embed.tokens": "wte",
        "layers.{}.norm1": "h.{}.ln_1",
        "layers.{}.attn.q": "h.{}.attn.q_proj",
        "layers.{}.attn.k": "h.{}.attn.k_proj",
        "layers.{}.attn.v": "h.{}.attn.v_proj",
        "layers.{}.attn.o": "h.{}.attn.out_proj",
        "layers.{}.norm2": "h.{}.ln_1",
        "layers.{}.ffn.1": "h.{}.mlp.fc_in",
        "layers.{}.ffn.2": "h.{}.mlp.fc_out",
        "final_norm": "ln_f",
    },
    fused=(),
    orders=turned_pairs("layers.{}.attn.q", "layers.{}.attn.k"),
    linear=True,
    required={},
    ignored={"scale_attn_weights": (True,), "rotary": (True,)},
    irrelevant=(*gpt2.FAMILY.irrelevant, "gradient_checkpointing"),
    classes="GPTJ",
    head=LanguageHead(tied=False, bias=True),
)
