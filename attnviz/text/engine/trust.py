"""Whether the ``tokenizers`` library can be trusted with a ``tokenizer.json``: to read it and to apply it to any text.

A tokenizer that is not described here may be sound as well; it is tried in another process first.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from attnviz.text.engine.ids import is_id
from attnviz.text.engine.steps import KNOWN_MODELS, KNOWN_STEPS, Check

_PARTS = {
    "normalizer": "normalizers",
    "pre_tokenizer": "pretokenizers",
    "decoder": "decoders",
    "post_processor": "processors",
}
_MOST_STEPS = 32


def is_trusted(described: Mapping[str, Any]) -> bool:
    """Whether every part of a tokenizer is of a kind whose work ends in time and without a fault.

    Args:
        described: the JSON of the tokenizer.
    """
    for place, kinds in KNOWN_STEPS.items():
        steps = list(_steps(described.get(place), _PARTS[place]))
        if len(steps) > _MOST_STEPS or not all(_is_known(step, kinds) for step in steps):
            return False
        if place == "post_processor" and sum(step["type"] != "ByteLevel" for step in steps) > 1:
            return False
    return _is_known_model(described.get("model"))


def _steps(step: Any, parts: str) -> Iterator[Any]:
    """The steps of a sequence, or the only one."""
    if step is None:
        return
    if isinstance(step, Mapping) and step.get("type") == "Sequence" and isinstance(step.get(parts), list):
        yield from step[parts]
    else:
        yield step


def _is_known(step: Any, kinds: Mapping[str, Mapping[str, Check]]) -> bool:
    kind = step.get("type") if isinstance(step, Mapping) else None
    if kind == "TemplateProcessing":
        return _is_sound_template(step)
    return isinstance(kind, str) and kind in kinds and _has_fields(step, kinds[kind], "type")


def _has_fields(values: Mapping[str, Any], checks: Mapping[str, Check], *others: str) -> bool:
    """Whether an object has fields that are known alone, each with a value that is."""
    return all(name in others or (name in checks and checks[name](value)) for name, value in values.items())


def _is_sound_template(step: Mapping[str, Any]) -> bool:
    """Whether the templates have each text once, and special tokens that have as many ids as pieces."""
    special = step.get("special_tokens")
    if not isinstance(special, Mapping):
        return False
    for token in special.values():
        ids, pieces = (token.get(name) if isinstance(token, Mapping) else None for name in ("ids", "tokens"))
        if not isinstance(ids, list) or not isinstance(pieces, list) or len(ids) != len(pieces) or not ids:
            return False
    return _has_texts(step.get("single"), special, ["A"]) and _has_texts(step.get("pair"), special, ["A", "B"])


def _has_texts(template: Any, special: Mapping[str, Any], texts: list[str]) -> bool:
    """Whether a template has these texts, in any order, and otherwise special tokens that are described."""
    found = []
    for part in template if isinstance(template, list) else ():
        kind, value = next(iter(part.items())) if isinstance(part, Mapping) and len(part) == 1 else ("", None)
        name = value.get("id") if isinstance(value, Mapping) and is_id(value.get("type_id")) else None
        if not isinstance(name, str) or (kind == "SpecialToken" and name not in special):
            return False
        found += [name] if kind == "Sequence" else []
    return sorted(found) == texts


def _is_known_model(model: Any) -> bool:
    if not isinstance(model, Mapping):
        return False
    kind, vocabulary = model.get("type") or _kind(model), model.get("vocab")
    if (
        not isinstance(kind, str)
        or kind not in KNOWN_MODELS
        or not _has_fields(model, KNOWN_MODELS[kind], "type", "vocab")
    ):
        return False
    if kind == "Unigram":
        return isinstance(vocabulary, list)
    return isinstance(vocabulary, Mapping)


def _kind(model: Mapping[str, Any]) -> str:
    """The type of a model that does not say it, as files of 2020 do not."""
    if "merges" in model:
        return "BPE"
    if isinstance(model.get("vocab"), list):
        return "Unigram"
    return "WordPiece" if "max_input_chars_per_word" in model else "WordLevel"
