"""Tokenizers made from vocabulary files of before ``tokenizer.json``, and what settings beside either change."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.errors import InputError, one_line
from attnviz.files import read_file, utf8

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_LINES = "expected one token a line"
_BERT_SETTINGS = {
    "do_lower_case": "lowercase",
    "strip_accents": "strip_accents",
    "tokenize_chinese_chars": "handle_chinese_chars",
}


def wordpiece(path: Path, *, specials: Mapping[str, str], lower_case: bool, strip_accents: bool | None) -> "Tokenizer":
    """BERT's tokenizer with the vocabulary of a ``vocab.txt``: a token's id is its line (Devlin et al. 2019).

    Raises:
        InputError: the file cannot be read, or lacks the token for what it does not know.
    """
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers  # noqa: PLC0415 (start-up time)

    text = utf8(read_file(path, _LINES), one_line(path), _LINES)
    vocabulary = {line: number for number, line in enumerate(text.removesuffix("\n").split("\n"))}
    _check_specials(path, vocabulary, [specials["unk"]])
    made = Tokenizer(models.WordPiece(vocabulary, unk_token=specials["unk"], max_input_chars_per_word=100))
    made.normalizer = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=True, strip_accents=strip_accents, lowercase=lower_case
    )
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece(prefix="##")
    return made


def byte_level(vocabulary_path: Path, merges_path: Path, *, add_prefix_space: bool) -> "Tokenizer":
    """GPT-2's tokenizer with the vocabulary of a ``vocab.json`` and a ``merges.txt`` (Radford et al. 2019).

    Raises:
        InputError: a file that cannot be read or is no such list.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers  # noqa: PLC0415 (start-up time)

    expected = "expected an object of tokens and their ids"
    text = utf8(read_file(vocabulary_path, expected), one_line(vocabulary_path), expected)
    pairs = "expected two pieces a line"
    lines = utf8(read_file(merges_path, pairs), one_line(merges_path), pairs).split("\n")
    merges = [tuple(line.split(" ")) for line in lines if line and not line.startswith("#version")]
    try:
        vocabulary = json.loads(text)
        made = Tokenizer(models.BPE(vocabulary, merges))
    except Exception as error:  # the library raises nothing more specific
        raise InputError(
            f"{one_line(vocabulary_path)}: with {merges_path.name} it is no vocabulary ({one_line(error)[:80]}); "
            f"{expected}"
        ) from error
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space)
    made.decoder = decoders.ByteLevel()
    return made


def add_specials(made: "Tokenizer", path: Path, specials: Mapping[str, str], single: str, pair: str) -> None:
    """Gives a tokenizer its special tokens, and the template that puts them around texts.

    Args:
        made: the tokenizer.
        path: for messages.
        specials: the tokens by role.
        single: roles, and ``$A`` for the text.
        pair: likewise for two texts.

    Raises:
        InputError: the vocabulary lacks a token that the template needs.
    """
    from tokenizers import AddedToken, processors  # noqa: PLC0415 (start-up time)

    made.add_special_tokens(
        [
            AddedToken(token, special=True, lstrip=role == "mask")
            for role, token in specials.items()
            if made.token_to_id(token) is not None
        ]
    )
    templates = [_filled(template, specials) for template in (single, pair)]
    used = [specials[role] for role in specials if specials[role] in " ".join(templates).replace(":1", "").split()]
    _check_specials(path, made.get_vocab(), used)
    if used:
        made.post_processor = processors.TemplateProcessing(
            single=templates[0], pair=templates[1], special_tokens=[(t, made.token_to_id(t)) for t in set(used)]
        )


def _filled(template: str, specials: Mapping[str, str]) -> str:
    """The template with tokens in place of their roles."""
    parts = [part.partition(":") for part in template.split()]
    return " ".join(f"{specials.get(name, name)}{colon}{row}" for name, colon, row in parts)


def _check_specials(path: Path, vocabulary: Mapping[str, int], tokens: Sequence[str]) -> None:
    for token in tokens:
        if token not in vocabulary:
            raise InputError(f"{one_line(path)}: it has no {one_line(token)}; expected that special token")


def apply_settings(made: "Tokenizer", settings: Mapping[str, Any]) -> bool:
    """Changes a tokenizer to what ``tokenizer_config.json`` says beyond it, as transformers does.

    ``do_lower_case``, ``strip_accents`` and ``tokenize_chinese_chars`` hold for BERT's normalizer, ``add_prefix_space``
    for a byte-level vocabulary; tokens that it names and the vocabulary lacks are added. What stands around a text
    (``add_bos_token``) is the tokenizer's own affair.

    Returns:
        whether anything changed.

    Raises:
        InputError: a token that would get another id than is said.
    """
    changed = _add_named(made, settings)
    for step, kind, names in (
        (made.normalizer, "BertNormalizer", _BERT_SETTINGS),
        (made.pre_tokenizer, "ByteLevel", {"add_prefix_space": "add_prefix_space"}),
    ):
        for name, attribute in names.items() if type(step).__name__ == kind else ():
            told = settings.get(name)
            is_told = isinstance(told, bool) or (name == "strip_accents" and name in settings and told is None)
            if is_told and getattr(step, attribute) != told:
                setattr(step, attribute, told)
                changed = True
    return changed


def _add_named(made: "Tokenizer", settings: Mapping[str, Any]) -> bool:
    """Adds ``added_tokens_decoder`` (by id), then ``additional_special_tokens`` and ``extra_special_tokens``."""
    from tokenizers import AddedToken  # noqa: PLC0415 (start-up time)

    by_id = settings.get("added_tokens_decoder")
    numbered = by_id.items() if isinstance(by_id, dict) else ()
    named = [(int(number), token) for number, token in numbered if number.isdecimal()]
    named.sort(key=lambda item: item[0])
    for key in ("additional_special_tokens", "extra_special_tokens"):
        extra = settings.get(key)
        extra = extra.values() if isinstance(extra, dict) else extra if isinstance(extra, list) else ()
        named += [(None, {"content": token_text(token), "special": True}) for token in extra]
    changed = False
    for number, token in named:
        content = token_text(token)
        if not content or made.token_to_id(content) is not None:
            continue
        switches = token if isinstance(token, dict) else {}
        names = ("special", "lstrip", "rstrip", "single_word", "normalized")
        made.add_tokens([AddedToken(content, **{n: switches[n] for n in names if isinstance(switches.get(n), bool)})])
        found, changed = made.token_to_id(content), True
        if number not in (None, found):
            raise InputError(
                f"tokenizer_config.json: {one_line(content)} has id {number}, and the vocabulary's next is {found}; "
                "expected that id"
            )
    return changed


def token_text(token: object) -> str | None:
    """A special token as ``tokenizer_config.json`` writes it: a text, or an object with its ``content``."""
    content = token.get("content") if isinstance(token, dict) else token
    return content if isinstance(content, str) else None
