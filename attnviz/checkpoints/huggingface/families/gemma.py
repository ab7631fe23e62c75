"""Gemma (Mesnard et al. 2024): Llama with embeddings times the root of d_model, and norms that multiply by 1 + w."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import llama
from attnviz.checkpoints.huggingface.generation.language_head import LanguageHead
from attnviz.checkpoints.huggingface.settings import ACTIVATION_NAMES, Settings, causal, choice_from, switch_from
from attnviz.text.pieces.layout import PieceLayout


def _mask(settings: Settings) -> str:
    bidirectional, mask = switch_from("use_bidirectional_attention", default=False)(settings), causal(settings)
    if bidirectional and mask == "causal":
        settings.notes.append(
            "use_bidirectional_attention is true: every token sees every token, as transformers documents it and its "
            "sdpa attention does; its eager attention stays causal"
        )
    return "none" if bidirectional else mask


FAMILY = replace(
    llama.FAMILY,
    name="Gemma",
    paper="Mesnard et al. 2024",
    example="google/gemma-2b",
    fields=llama.FAMILY.fields
    | {
        # ``gelu`` has always meant its approximation here; ``hidden_activation`` of some files is not read any more.
        "activation": choice_from("hidden_act", ACTIVATION_NAMES | {"gelu": "gelu_tanh"}, "gelu_pytorch_tanh"),
        "embed_scale": lambda settings: settings.number("hidden_size", least=1) ** 0.5,
        "mask": _mask,
    },
    norm_plus=1.0,
    ignored={"hidden_activation": ("gelu_pytorch_tanh", "gelu")},
    classes="Gemma",
    pieces=PieceLayout(
        around_is_set=("<bos>", "<eos>"), specials=("<pad>", "<mask>", "<start_of_turn>", "<end_of_turn>")
    ),
    defaults={"head_dim": 256, "num_key_value_heads": 16},
    head=LanguageHead(),
)
