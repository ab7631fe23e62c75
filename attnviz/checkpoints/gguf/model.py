"""A model in a GGUF file: the family of its architecture, its settings, its tensors."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.checkpoints.checkpoint import Checkpoint
from attnviz.checkpoints.formats.gguf.open import open_gguf
from attnviz.checkpoints.formats.tensor_file import TensorFile
from attnviz.checkpoints.gguf.architecture import SETTINGS_OF_KEYS, TENSOR_NAMES, UNUSED_TENSORS, Architecture, Facts
from attnviz.checkpoints.gguf.keys import check_keys
from attnviz.checkpoints.gguf.registry import needed_architecture, read_as_architecture
from attnviz.checkpoints.gguf.reshaped import reshaped
from attnviz.checkpoints.gguf.rotary import gguf_rotary
from attnviz.checkpoints.huggingface.family import Family
from attnviz.checkpoints.huggingface.folder import assembled_checkpoint, configs_of
from attnviz.checkpoints.huggingface.generation.language_head import LanguageHead
from attnviz.checkpoints.huggingface.registry import needed_family
from attnviz.checkpoints.huggingface.settings import Settings
from attnviz.errors import CheckpointError, one_line

if TYPE_CHECKING:
    from attnviz.encoder.generation.rules import Generation
    from attnviz.text.pretrained import PretrainedTokenizer

_NEEDED = ("context_length", "embedding_length", "block_count")
_BIASES = {
    "qkv_bias": ("attn_q.bias", "attn_qkv.bias"),
    "out_bias": ("attn_output.bias",),
    "ffn_bias": ("ffn_up.bias", "ffn_up_exps.bias"),
    "gate_bias": ("ffn_gate.bias", "ffn_gate_exps.bias"),
}


def read_gguf(
    path: Path, overrides: Mapping[str, object] | None = None, *, architecture: str | None = None
) -> Checkpoint:
    """Opens a GGUF file and checks its header, every name and shape before any maths; tensors are read when asked for.

    Args:
        path: the file; of a model that is split over several, any of them.
        overrides: fields that replace those of its metadata, such as ``mask``; the tensors must still fit.
        architecture: one that is known, to read a file of an unknown one as.

    Raises:
        CheckpointError: a file that is damaged, an architecture that is not known, a key that is not computed here,
            tensors that are missing or misshapen: all of them in one message.
        UsageError: ``architecture`` is not known.
        ConfigError: overrides that do not fit the file's fields.
    """
    metadata, stored, paths = open_gguf(path)
    opened = reshaped(stored)
    where, own_name = one_line(path), metadata.get("general.architecture")
    notes: tuple[str, ...] = ()
    if architecture is not None:
        notes += (read_as_architecture(own_name, architecture),)
    chosen = needed_architecture(architecture or own_name, where, metadata.get("general.type"))
    facts = _facts(metadata, opened, where, str(own_name), chosen)
    chosen = chosen.variant(facts) if chosen.variant is not None else chosen
    settings, names = _settings(chosen, facts, where)
    family = _family(chosen, facts)
    try:
        configs = configs_of(family, settings, overrides or {})
    except CheckpointError as error:
        raise CheckpointError(_in_keys(str(error), names, str(own_name)), error.hint) from error
    notes += (*chosen.notes, *check_keys(chosen, facts, settings, names))
    checkpoint = assembled_checkpoint(
        path,
        where,
        chosen.family,
        family,
        settings,
        configs,
        opened,
        paths=paths,
        notes=notes,
        overrides=overrides,
    )
    return replace(
        checkpoint,
        tokenizer=partial(_read_tokenizer, metadata, where),
        generation=partial(_generation, metadata),
    )


def _read_tokenizer(metadata: Mapping[str, object], where: str) -> "PretrainedTokenizer":
    from attnviz.text.gguf.read import read_gguf_tokenizer  # noqa: PLC0415 (start-up time)

    return read_gguf_tokenizer(metadata, where)


def _generation(metadata: Mapping[str, object]) -> "Generation":
    """The tokens that end a text: of the text, of a turn, of a message."""
    from attnviz.encoder.generation.rules import Generation, GenerationRules  # noqa: PLC0415 (rare)

    ids = (metadata.get(f"tokenizer.ggml.{kind}_token_id") for kind in ("eos", "eot", "eom"))
    return Generation(GenerationRules(end=tuple(dict.fromkeys(one for one in ids if type(one) is int))))


def _facts(
    metadata: Mapping[str, object], opened: TensorFile, where: str, name: str, architecture: Architecture
) -> Facts:
    """The keys below the architecture's name, and the tensors.

    Raises:
        CheckpointError: keys or tensors that every language model has are missing.
    """
    below = {key.removeprefix(f"{name}."): value for key, value in metadata.items() if key.startswith(f"{name}.")}
    below = {architecture.spellings.get(key, key): value for key, value in below.items()}
    values: dict[str, Any] = {**architecture.defaults}
    values |= {key: _one_or_list(value, by_layer=key.endswith("pattern")) for key, value in below.items()}
    keys = Settings(values, where, name)
    for key in _NEEDED:
        keys.number(key, least=1)
    if "token_embd.weight" not in opened.shapes:
        raise CheckpointError(f"{where}: it has no token_embd.weight; expected a language model's tensors")
    return Facts(keys, opened, architecture.first)


def _one_or_list(value: object, *, by_layer: bool) -> object:
    """A key's value; of a list with the same number for each layer that number, unless layers are kept apart."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if (
        not by_layer
        and isinstance(value, list)
        and len(value) > 1
        and all(type(one) is int and one == value[0] for one in value)
    ):
        return value[0]
    return value


def _settings(chosen: Architecture, facts: Facts, where: str) -> tuple[Settings, dict[str, str]]:
    """The settings that a file's keys mean, as its family calls them, and the key behind each."""
    family = needed_family(chosen.family, where)
    values: dict[str, Any] = {}
    names: dict[str, str] = {}
    for key, setting in {**SETTINGS_OF_KEYS, **chosen.keys}.items():
        own = family.aliases.get(setting, setting)
        value = facts.keys.get(key) if setting else None
        if value is not None:
            values[own], names[own] = value, key
    if not chosen.latent and (width := facts.d_head) != facts.usual_d_head:
        own = family.aliases.get("head_dim", "head_dim")
        values[own], names[own] = width, "attention.key_length"
    if family.kind == "encoder":
        facts.keys.one_of("attention.causal", {False: False}, default=False)
    elif facts.keys.get("attention.causal") is not None:
        values["is_causal"] = facts.keys.one_of("attention.causal", {True: True, False: False})
    n_vocab = facts.file.shapes["token_embd.weight"][0]
    shapes = facts.file.shapes
    constants: dict[str, object] = {
        "tie_word_embeddings": "output.weight" not in shapes,
        "final_logit_softcapping": None,
    }
    constants |= {family.aliases.get(name, name): value for name, value in chosen.settings.items()}
    more = {family.aliases.get(name, name): value for name, value in chosen.more(facts).items()}
    return Settings({"vocab_size": n_vocab} | constants | values | more, where, family.name), names


def _family(chosen: Architecture, facts: Facts) -> Family:
    """The family, with the names of a GGUF file's tensors."""
    family = needed_family(chosen.family, facts.keys.where)
    biases: dict[str, object] = {field: any(map(facts.has, names)) for field, names in _BIASES.items()}

    def more(settings: Settings) -> Mapping[str, object]:
        fields = dict(family.more(settings)) | _sizes(family, facts)
        if chosen.rotary:
            fields |= gguf_rotary(facts, 64 if chosen.latent else facts.d_head)
        return fields | biases | dict(chosen.fields(facts))

    return replace(
        family,
        modules={**TENSOR_NAMES, **chosen.modules, **chosen.more_modules(facts)},
        more=more,
        more_modules=lambda settings: {},  # noqa: ARG005
        fused=chosen.fused(facts),
        stacked=dict(chosen.stacked),
        tensors=chosen.tensors,
        orders=chosen.orders,
        zero=chosen.zero,
        unused=(*UNUSED_TENSORS, *chosen.unused),
        linear=True,
        norm_plus=0.0,
        first_position=0,
        spare_positions=lambda settings: 0,  # noqa: ARG005
        added=lambda settings: {},  # noqa: ARG005
        prefixes=(),
        aliases={},
        older={},
        copies={},
        folded=dict(chosen.folded),
        convolutions=lambda settings: {},  # noqa: ARG005
        rounded=(),
        head=_head(family, facts),
    )


def _head(family: Family, facts: Facts) -> LanguageHead | None:
    """A decoder's head; llama.cpp's files of encoders have none."""
    if family.head is None or family.kind == "encoder":
        return None
    return replace(family.head, modules=("output",), bias="output.bias" in facts.file.shapes)


def _sizes(family: Family, facts: Facts) -> dict[str, object]:
    """The fields that every file's keys say, where its family has a rule or a constant."""
    keys = facts.keys
    rms, layer = (f"attention.layer_norm{kind}_epsilon" for kind in ("_rms", ""))
    first, second = (rms, layer) if family.fields.get("norm") == "rms" else (layer, rms)
    epsilon = keys.number(first, keys.number(second, -1.0, float, least=-1), float, least=-1)
    if epsilon < 0:
        raise CheckpointError(f"{keys.where}: it has no {keys.family}.{first}; expected it of a {family.name} model")
    d_ff = keys.number("feed_forward_length", 0)
    fields: dict[str, object] = {"norm_eps": epsilon}
    return fields | {"d_ff": d_ff} if d_ff else fields


def _in_keys(message: str, names: Mapping[str, str], architecture: str) -> str:
    """A message with keys in place of the settings that its family has for them."""
    if not names:
        return message
    words = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    return re.sub(rf"\b({words})\b", lambda match: f"{architecture}.{names[match[1]]}", message)
