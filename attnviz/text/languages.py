"""Language tokens: what a translator's tokenizer puts around a source text and around a target text."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from attnviz.errors import CheckpointError, UsageError, brief
from attnviz.records import dataclass
from attnviz.text.language_names import Languages
from attnviz.text.pretrained import PretrainedTokenizer


@dataclass(frozen=True)
class LanguageTokens:
    """The language tokens of a family: data of its file in ``families/``.

    Attributes:
        token: a language's token, with ``{}`` for its code.
        code: a pattern that all of a code must match.
        source: the tokens around a source text: ``$A`` for it, ``source`` and ``target`` for the languages' tokens. A
            language that is not given is left out.
        target: the tokens around a target text.
        older: the same two where the folder asks for ``legacy_behaviour``; else empty.
        default: the source language where neither the user nor the folder names one; None for none.
    """

    token: str
    code: str
    source: str
    target: str
    older: tuple[str, ...] = ()
    default: str | None = None


class BothModes(NamedTuple):
    """A tokenizer for source texts, the one for target texts, and notes on their languages."""

    source: PretrainedTokenizer
    target: Callable[[], PretrainedTokenizer]
    notes: tuple[str, ...] = ()


def in_languages(
    source: PretrainedTokenizer,
    target: Callable[[], PretrainedTokenizer],
    tokens: LanguageTokens,
    languages: Languages,
    *,
    settings: Mapping[str, Any],
    where: str,
) -> BothModes:
    """Tokenizers that put the tokens of two languages around their texts.

    Args:
        source: of source texts.
        target: reads that of target texts.
        tokens: of the family.
        languages: that the user names.
        settings: of the folder's tokenizer.
        where: the model's name.

    Raises:
        UsageError: a language that the vocabulary does not have.
        CheckpointError: it does not have the one that the folder, or its family, names.
    """
    older = tokens.older and settings.get("legacy_behaviour") is True
    around = tokens.older if older else (tokens.source, tokens.target)
    first = settings.get("src_lang") or tokens.default if languages.source is None else languages.source
    second = settings.get("tgt_lang") if languages.target is None else languages.target
    is_missing = second is None and "target" in around[1].split()
    codes = {"source": first, "target": first if is_missing else second}
    user = {"source": languages.source, "target": languages.source if is_missing else languages.target}
    marks = {
        side: None if code is None else _mark(source, tokens, side, code, where, named=user[side] is not None)
        for side, code in codes.items()
    }
    note = f"target-lang: not given; target texts are marked {marks['target']}, as source texts are"
    return BothModes(
        _marked(source, around[0], marks),
        lambda: _marked(target(), around[1], marks),
        (note,) if is_missing and languages.has_target else (),
    )


def known_languages(tokenizer: PretrainedTokenizer, tokens: LanguageTokens) -> tuple[str, ...]:
    """The codes of all languages of a vocabulary, in the order of its ids."""
    pattern = re.compile(re.escape(tokens.token).replace(r"\{\}", f"({tokens.code})"))
    by_id = sorted((number, piece) for piece, number in tokenizer.library.get_vocab().items())
    return tuple(found[1] for _, piece in by_id if (found := pattern.fullmatch(piece)))


def _marked(tokenizer: PretrainedTokenizer, template: str, marks: Mapping[str, str | None]) -> PretrainedTokenizer:
    """The tokenizer with a template's tokens around each text."""
    parts = [marks.get(part, part) for part in template.split()]
    single = " ".join(part for part in parts if part is not None)
    language = next((mark for part in template.split() if (mark := marks.get(part))), "")
    return replace(tokenizer, templates=(single, single.replace("$A", "$A $B")), language=language)


def _mark(
    tokenizer: PretrainedTokenizer, tokens: LanguageTokens, side: str, code: object, where: str, *, named: bool
) -> str:
    """The token of a language, which the user named, or else the folder or its family.

    Raises:
        UsageError: the vocabulary does not have the one that the user named.
        CheckpointError: it does not have the other.
    """
    try:
        return _token(tokenizer, tokens, side, code, where)
    except UsageError as error:
        if named:
            raise
        raise CheckpointError(
            f"{where}: its vocabulary has no token for {brief(str(code))}, the {side} language where none is "
            "given; expected a tokenizer_config.json with the tokenizer_class and the languages of this model"
        ) from error


def _token(tokenizer: PretrainedTokenizer, tokens: LanguageTokens, side: str, code: object, where: str) -> str:
    """The token of a language, which is given by its code or its token.

    Raises:
        UsageError: the vocabulary does not have it.
    """
    option = f"{side}-lang"
    before, _, after = tokens.token.partition("{}")
    is_token = str(code).startswith(before) and str(code).endswith(after)
    bare = str(code).removeprefix(before).removesuffix(after) if is_token else str(code)
    token = tokens.token.format(bare)
    is_used = side in f"{tokens.source} {tokens.target}".split()
    if is_used and re.fullmatch(tokens.code, bare) and tokenizer.library.token_to_id(token) is not None:
        return token
    known = known_languages(tokenizer, tokens) if is_used else ()
    if not known:
        raise UsageError(f"{option}: {where} has no tokens for {side} languages; expected no --{option}")
    near = _near(str(code), known)
    meant = f" (did you mean {' or '.join(near)}?)" if near else ""
    raise UsageError(f"{option}: {where} does not know '{brief(str(code))}'{meant}; expected one of {', '.join(known)}")


def _near(code: str, known: tuple[str, ...]) -> list[str]:
    """Up to three codes that begin as a code, or a language's name, does."""
    for length in (len(code), 3, 2) if code else ():
        same = [one for one in known if one.lower()[:length] == code.lower()[:length]]
        if same:
            return same[:3]
    return []
