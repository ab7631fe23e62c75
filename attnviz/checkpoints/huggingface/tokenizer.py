"""The tokenizer of a model folder: ``tokenizer.json``, or older vocabulary files."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from attnviz.checkpoints.huggingface.family import Family, Vocabulary
from attnviz.checkpoints.huggingface.hints import save_tokenizer
from attnviz.checkpoints.huggingface.settings_file import read_object
from attnviz.errors import CheckpointError, brief, one_line
from attnviz.files import is_there
from attnviz.text.engine.faults import library_errors
from attnviz.text.engine.ids import n_extra_ids
from attnviz.text.language_names import Languages, check_no_languages
from attnviz.text.pretrained import PretrainedTokenizer, pretrained_tokenizer
from attnviz.text.tokenizer import REGEX
from attnviz.text.vocabularies import (
    add_specials,
    byte_level,
    token_switches,
    token_text,
    utf8_bytes,
    whole_tokens,
    wordpiece,
)

if TYPE_CHECKING:
    from attnviz.text.languages import BothModes
    from attnviz.text.pieces.layout import PieceLayout
    from attnviz.text.regex import RegexTokenizer

SENTENCEPIECE_FILES = (
    "sentencepiece.bpe.model",
    "spiece.model",
    "spm.model",
    "sentencepiece.model",
    "tokenizer.model",
    "sp.model",
)
_EXPECTED = "expected settings of a tokenizer"
_BERT_SPECIALS = {"cls": "[CLS]", "sep": "[SEP]", "unk": "[UNK]", "pad": "[PAD]", "mask": "[MASK]"}


class MissingTokenizerError(CheckpointError):
    """A model folder without a tokenizer that can be read."""


def read_tokenizer(path: Path, family: Family) -> PretrainedTokenizer:
    """The tokenizer that a model folder's texts go through, exactly as its model expects them.

    Args:
        path: the folder.
        family: what its model is, which says how the older files are to be read.

    Raises:
        InputError: there is none, or it is damaged.
    """
    settings = tokenizer_settings(path)
    if settings.get("split_special_tokens"):
        raise CheckpointError(
            f"{one_line(path)}: its tokenizer splits special tokens (split_special_tokens), which attnviz does not do; "
            "expected one that keeps them"
        )
    family = _of_class(family, path, settings)
    name = f"{brief(path.name)}, tokenizer"
    file = path / "tokenizer.json"
    if _has_pieces(family.pieces, path):
        return _of_pieces(path, path / family.pieces.model, family.pieces, settings)
    if is_there(file):
        pretrained = pretrained_tokenizer(file, settings=settings)
        return replace(pretrained, more_notes=tuple(_disagreements(pretrained, settings)))
    older = all(is_there(path / name) for name in family.vocabulary.files) if family.vocabulary else False
    model = sentencepiece_file(path)
    if model is not None and family.pieces is not None and not older:
        return _of_pieces(path, model, family.pieces, settings)
    if older and family.vocabulary is not None and family.vocabulary.kind == "subwords":
        from attnviz.text.pieces.subwords import subword_tokenizer  # noqa: PLC0415 (start-up time)

        specials = _special_names(family.vocabulary, _token_settings(path, settings))
        return subword_tokenizer((path / "vocab.json", path / "merges.txt"), specials, name=name, settings=settings)
    with library_errors(f"{one_line(path)}: its vocabulary is damaged", _EXPECTED):
        made = _from_vocabulary(path, family, settings)
    return pretrained_tokenizer(made, name=name, settings=settings)


def _of_class(family: Family, path: Path, settings: dict[str, Any]) -> Family:
    """The family with the tokenizer of a folder's class, which older folders name in ``config.json``."""
    file = path / "config.json"
    if "tokenizer_class" not in settings and is_there(file):
        settings = {"tokenizer_class": read_object(file, _EXPECTED).get("tokenizer_class"), **settings}
    return family.with_tokenizer(settings)


def _has_pieces(layout: "PieceLayout | None", path: Path) -> "TypeGuard[PieceLayout]":
    """Whether a folder has pieces whose ids are in a file of their own, which go before ``tokenizer.json``."""
    return layout is not None and bool(layout.files) and all(is_there(path / name) for name in layout.files)


def _of_pieces(path: Path, model: Path, layout: "PieceLayout", settings: dict[str, Any]) -> PretrainedTokenizer:
    from attnviz.text.pieces.tokenizer import sentencepiece_tokenizer  # noqa: PLC0415 (start-up time)

    name = f"{brief(path.name)}, tokenizer"
    return sentencepiece_tokenizer(model, layout, name=name, settings=_token_settings(path, settings) | settings)


def read_both_modes(
    path: Path, family: Family, source: PretrainedTokenizer, languages: Languages, where: str
) -> "BothModes":
    """The tokenizers of a model folder's source and target texts.

    Args:
        path: the folder.
        family: what its model is, which says where its language tokens are.
        source: the folder's tokenizer.
        languages: that the user names.
        where: the model's name.

    Raises:
        UsageError: a language that the model does not know.
        InputError: the tokenizer of target texts is damaged.
    """
    settings = tokenizer_settings(path)
    family = _of_class(family, path, settings)
    target = partial(_target_tokenizer, path, family.pieces, source, settings)
    from attnviz.text.languages import BothModes, in_languages  # noqa: PLC0415 (start-up time)

    if family.languages is None:
        check_no_languages(where, languages)
        return BothModes(source, target)
    return in_languages(source, target, family.languages, languages, settings=settings, where=where)


def folder_languages(path: Path, family: Family, tokenizer: PretrainedTokenizer) -> tuple[str, ...]:
    """The codes of the languages that a folder's tokenizer has tokens for, in the order of their ids."""
    tokens = _of_class(family, path, tokenizer_settings(path)).languages
    if tokens is None:
        return ()
    from attnviz.text.languages import known_languages  # noqa: PLC0415 (start-up time)

    return known_languages(tokenizer, tokens)


def _target_tokenizer(
    path: Path, layout: "PieceLayout | None", source: PretrainedTokenizer, settings: dict[str, Any]
) -> PretrainedTokenizer:
    if layout is None or not layout.target_model:
        return source
    of_targets = layout.of_targets(separate=settings.get("separate_vocabs") is True)
    if not _has_pieces(layout, path):  # a tokenizer.json is that of both
        return source
    missing = [name for name in of_targets.files if not is_there(path / name)]
    if missing:
        raise CheckpointError(f"{one_line(path)}: it has no {missing[0]}; expected the pieces and ids of target texts")
    return _of_pieces(path, path / of_targets.model, of_targets, settings)


def sentencepiece_file(path: Path) -> Path | None:
    """A folder's SentencePiece model; None where it has none."""
    return next((path / name for name in SENTENCEPIECE_FILES if is_there(path / name)), None)


def read_regex_tokenizer(path: Path, family: Family, spec: str) -> "RegexTokenizer":
    """The tokenizer of a regular expression, with the ids of a model folder's ``vocab.txt``.

    Args:
        path: the folder.
        family: of the model, whose special tokens are taken where the folder does not name them; else BERT's.
        spec: ``regex:PATTERN``.

    Raises:
        UsageError: it is not a regular expression.
        InputError: the folder has no ``vocab.txt``, or it is damaged.
    """
    file = path / "vocab.txt"
    if not is_there(file):
        raise CheckpointError(f"{one_line(path)}: it has no vocab.txt; expected one for --tokenizer {REGEX}PATTERN")
    usual = family.vocabulary.specials if family.vocabulary else {}
    tokens = _token_settings(path, tokenizer_settings(path))
    roles = {**_BERT_SPECIALS, **usual}
    from attnviz.text.regex import regex_tokenizer  # noqa: PLC0415 (start-up time)

    return regex_tokenizer(
        spec, file, {role: token_text(tokens.get(f"{role}_token")) or token for role, token in roles.items()}
    )


def _disagreements(made: PretrainedTokenizer, settings: dict[str, Any]) -> Iterator[str]:
    """Notes on settings that some releases of transformers apply over ``tokenizer.json``, and attnviz does not."""
    splitting = _as_json(made.library.pre_tokenizer)
    prefix, accents = settings.get("add_prefix_space"), settings.get("keep_accents")
    spaces = re.findall(r'"prepend_scheme":"(\w+)"|"add_prefix_space":(\w+)', splitting)
    applied = {scheme != "never" if scheme else switch == "true" for scheme, switch in spaces}
    if isinstance(prefix, bool) and applied == {not prefix}:
        yield _disagreement("add_prefix_space", prefix)
    if accents is True and '"StripAccents"' in _as_json(made.library.normalizer):
        yield _disagreement("keep_accents", accents)


def _as_json(step: Any) -> str:
    return "" if step is None else re.sub(r"\s*([:,])\s*", r"\1", step.__getstate__().decode())


def _disagreement(name: str, value: bool) -> str:
    said = "true" if value else "false"
    return (
        f"tokenizer_config.json says {name} is {said} and tokenizer.json says otherwise: "
        "ids are as tokenizer.json says, and may differ from those of transformers 5"
    )


def tokenizer_file(path: Path, family: Family) -> str:
    """The name of the file that holds a folder's vocabulary."""
    family = _of_class(family, path, tokenizer_settings(path))
    if _has_pieces(family.pieces, path):
        return family.pieces.model
    older = family.vocabulary.files if family.vocabulary else ()
    model = sentencepiece_file(path)
    names = ("tokenizer.json", *older[:1], *([model.name] if model else []), "tokenizer_config.json")
    return next((name for name in names if is_there(path / name)), names[0])


def tokenizer_settings(path: Path) -> dict[str, Any]:
    """The settings of ``tokenizer_config.json`` and the older ``added_tokens.json``; empty without both files.

    Raises:
        CheckpointError: it is not a JSON object.
    """
    files = (path / "tokenizer_config.json", path / "added_tokens.json")
    settings, added = (read_object(file, _EXPECTED) if is_there(file) else {} for file in files)
    by_id = {str(number): token for token, number in added.items()}
    return {"added_tokens_decoder": by_id} | settings if by_id else settings


def _from_vocabulary(path: Path, family: Family, settings: dict[str, Any]) -> Any:
    vocabulary = family.vocabulary
    files = vocabulary.files if vocabulary else ()
    if vocabulary is None or not all(is_there(path / name) for name in files):
        others = [file.name for file in sorted(path.glob("*.model"))]
        instead = f" (its {brief(others[0])} is not read)" if others else ""
        pieces = family.pieces.files if family.pieces is not None and family.pieces.target_model else ()
        expected = " or ".join(["tokenizer.json", *(" and ".join(names) for names in (files, pieces) if names)])
        raise MissingTokenizerError(
            f"{one_line(path)}: it has no tokenizer{instead}; expected {expected}",
            hint=save_tokenizer(path),
        )
    tokens = _token_settings(path, settings)
    specials = _special_names(vocabulary, tokens)
    file = path / files[0] if files else path
    if vocabulary.kind == "utf8":
        made = utf8_bytes(tuple(specials.values()), len(specials) - len(vocabulary.specials))
    elif vocabulary.kind == "wordpiece":
        accents = settings.get("strip_accents")
        made = wordpiece(
            file,
            specials=specials,
            lower_case=settings.get("do_lower_case") is not False,
            strip_accents=accents if isinstance(accents, bool) else None,
        )
    elif vocabulary.kind == "wholes":
        made = whole_tokens(file, unknown=specials["unk"])
    else:
        prefix = settings.get("add_prefix_space", vocabulary.prefix_space)
        made = byte_level(*(path / name for name in files), add_prefix_space=bool(prefix))
    add_specials(
        made,
        file,
        specials,
        (vocabulary.single, vocabulary.pair),
        switches=_switches(vocabulary, tokens),
        trim_offsets=vocabulary.trim_offsets and settings.get("trim_offsets") is not False,
    )
    return made


def _token_settings(path: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """The folder's special tokens: those of ``special_tokens_map.json``, and the settings, which win."""
    older = path / "special_tokens_map.json"
    return {**(read_object(older, _EXPECTED) if is_there(older) else {}), **settings}


def _special_names(vocabulary: Vocabulary, tokens: dict[str, Any]) -> dict[str, str]:
    """By role, the special tokens: as the folder says, else as the family does; then the numbered ones."""
    names = {role: token_text(tokens.get(f"{role}_token")) or token for role, token in vocabulary.specials.items()}
    n_extra = n_extra_ids(tokens, vocabulary.n_extra) if vocabulary.n_extra else 0
    return names | {f"extra_{i}": f"<extra_id_{i}>" for i in range(n_extra)}


def _switches(vocabulary: Vocabulary, tokens: dict[str, Any]) -> dict[str, dict[str, bool]]:
    """By role, how a special token is found in a text: as the folder says, else as the family does."""
    usual = {"mask": {"lstrip": vocabulary.mask_strips}}
    return {role: usual.get(role, {}) | token_switches(tokens.get(f"{role}_token")) for role in vocabulary.specials}
