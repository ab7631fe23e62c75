"""GPT-Neo (Black et al. 2021): GPT-2 without the scores' scale; every other layer sees a window."""

from attnviz.checkpoints.huggingface.families import gpt2
from attnviz.checkpoints.huggingface.family import Family
from attnviz.checkpoints.huggingface.generation.language_head import LanguageHead
from attnviz.checkpoints.huggingface.settings import Settings, activation_from, four_times, number_from, size_from
from attnviz.errors import CheckpointError
from attnviz.numbers import spans

_MOST_LAYERS = 2**14


def _kinds(settings: Settings) -> list[str]:
    """``global`` or ``local`` for each layer: ``attention_layers``, or what ``attention_types`` makes."""
    layers, made = settings.get("attention_layers"), _made_kinds(settings)
    name = "attention_types" if layers is None else "attention_layers"
    form = "" if name == "attention_layers" else "[kinds, times] that makes "
    kinds, n = made if layers is None else layers, settings.number("num_layers", least=1)
    if not isinstance(kinds, list) or len(kinds) != n or any(kind not in ("global", "local") for kind in kinds):
        raise CheckpointError(f"{settings.where}: {name} is not a list of {form}{n} of global and local; expected one")
    if kinds != made and "attention_types" in settings.values:
        settings.notes.append("attention_layers is not what attention_types makes: only attention_layers is read")
    return kinds


def _made_kinds(settings: Settings) -> list[str] | None:
    """The layers' kinds by ``attention_types``, a list of [kinds, how many times]; None where it is not one."""
    said = settings.get("attention_types", [[["global", "local"], 12]])
    try:
        return [str(kind) for names, times in said if times <= _MOST_LAYERS for _ in range(times) for kind in names]
    except (TypeError, ValueError):
        return None


def _windows(settings: Settings) -> dict[str, object]:
    kinds = _kinds(settings)
    local = tuple(i for i, kind in enumerate(kinds) if kind == "local")
    window = settings.number("window_size", 256, least=1)
    return {"window": window - 1, "window_layers": spans(local)} if local else {}


FAMILY = Family(
    name="GPT-Neo",
    paper="Black et al. 2021",
    example="EleutherAI/gpt-neo-125m",
    kind="decoder",
    fields={
        "n_layers": size_from("num_layers"),
        "n_heads": size_from("num_heads"),
        "d_model": size_from("hidden_size"),
        "d_ff": four_times("hidden_size", unless="intermediate_size"),
        "n_vocab": size_from("vocab_size"),
        "n_ctx": size_from("max_position_embeddings"),
        "score": "dot",
        "mask": "causal",
        "position": "learned",
        "norm_placement": "pre",
        "norm_eps": number_from("layer_norm_epsilon", 1e-5),
        "activation": activation_from("activation_function", "gelu_new"),
        "qkv_bias": False,
    },
    more=_windows,
    modules={name: theirs for name, theirs in gpt2.FAMILY.modules.items() if name != "layers.{}.attn.o"}
    | {
        "layers.{}.attn.q": "h.{}.attn.attention.q_proj",
        "layers.{}.attn.k": "h.{}.attn.attention.k_proj",
        "layers.{}.attn.v": "h.{}.attn.attention.v_proj",
        "layers.{}.attn.o": "h.{}.attn.attention.out_proj",
    },
    aliases={"num_hidden_layers": "num_layers", "num_attention_heads": "num_heads"},
    ignored={"is_causal": (True,)},  # its layers have a causal mask to themselves
    classes="GPTNeo",
    prefixes=("transformer.",),
    unused=(
        "lm_head.*",
        "score.*",
        "classifier.*",
        "qa_outputs.*",
        "h.*.attn.attention.bias",
        "h.*.attn.attention.masked_bias",
    ),
    vocabulary=gpt2.FAMILY.vocabulary,
    head=LanguageHead(),
)
