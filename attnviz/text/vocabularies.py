"""Tokenizers made from vocabulary files older than ``tokenizer.json``, and the settings that change either."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.errors import InputError, brief, one_line
from attnviz.files import read_file, utf8
from attnviz.numbers import is_count
from attnviz.text.engine.faults import library_errors
from attnviz.text.engine.ids import check_ids
from attnviz.text.spelling import byte_of_character

if TYPE_CHECKING:
    from tokenizers import AddedToken, Tokenizer

_LINES = "expected one token per line"
_SWITCHES = ("special", "lstrip", "rstrip", "single_word", "normalized")  # of an added token
_ROLES = ("bos", "eos", "unk", "sep", "pad", "cls", "mask")
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
    vocabulary = vocabulary_of_lines(path)
    _check_specials(path, vocabulary, [specials["unk"]])
    return bert_tokenizer(vocabulary, unk=specials["unk"], lower_case=lower_case, strip_accents=strip_accents)


def bert_tokenizer(
    vocabulary: Mapping[str, int], *, unk: str, lower_case: bool, strip_accents: bool | None
) -> "Tokenizer":
    """BERT's tokenizer without its special tokens, with a vocabulary that has ``unk``."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers  # noqa: PLC0415 (start-up time)

    made = Tokenizer(models.WordPiece(dict(vocabulary), unk_token=unk, max_input_chars_per_word=100))
    made.normalizer = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=True, strip_accents=strip_accents, lowercase=lower_case
    )
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece(prefix="##")
    return made


def whole_tokens(path: Path, *, unknown: str) -> "Tokenizer":
    """ESM's tokenizer: the tokens of a ``vocab.txt`` are found in a text as wholes, the longest first.

    Words between them are unknown.

    Raises:
        InputError: the file cannot be read, or lacks the token for what it does not know.
    """
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers  # noqa: PLC0415 (start-up time)

    vocabulary = {line.strip(): number for number, line in enumerate(_lines(path, _LINES))}
    _check_specials(path, vocabulary, [unknown])
    made = Tokenizer(models.WordLevel(vocabulary, unk_token=unknown))
    longest_first = "|".join(re.escape(token) for token in sorted(vocabulary, key=len, reverse=True) if token)
    split = pre_tokenizers.Split(Regex(longest_first), "isolated")
    made.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), split])
    return made


def vocabulary_of_lines(path: Path) -> dict[str, int]:
    """The ids of the tokens of a ``vocab.txt``: a token's id is its line.

    Raises:
        InputError: the file cannot be read.
    """
    return {line: number for number, line in enumerate(_lines(path, _LINES))}


def piece_numbers(path: Path, unknown: str) -> dict[str, int]:
    """The ids of the pieces of a ``vocab.json``, in their order: 0, 1, 2, and so on.

    Raises:
        InputError: the file cannot be read, is not such an object, or lacks the piece for what it does not know.
    """
    expected = "expected an object of pieces and their ids, from 0 on"
    text = utf8(read_file(path, expected), one_line(path), expected)
    try:
        numbers = json.loads(text)
        by_number = {number: piece for piece, number in numbers.items()}
        ordered = {by_number[number]: number for number in range(len(numbers))}
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{one_line(path)}: it is not a vocabulary ({brief(repr(error))}); {expected}") from error
    _check_specials(path, ordered, [unknown])
    return ordered


def byte_level(vocabulary_path: Path, merges_path: Path, *, add_prefix_space: bool) -> "Tokenizer":
    """GPT-2's tokenizer with the vocabulary of a ``vocab.json`` and a ``merges.txt`` (Radford et al. 2019).

    Raises:
        InputError: a file that cannot be read or is not such a list.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers  # noqa: PLC0415 (start-up time)

    expected = "expected an object of tokens and their ids"
    text = utf8(read_file(vocabulary_path, expected), one_line(vocabulary_path), expected)
    pairs = merge_pairs(merges_path)
    with library_errors(f"{one_line(vocabulary_path)}: with {merges_path.name} it is not a vocabulary", expected):
        vocabulary = json.loads(text)
        check_ids(vocabulary)
        made = Tokenizer(models.BPE(vocabulary, pairs))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space)
    made.decoder = decoders.ByteLevel()
    return made


def utf8_bytes(specials: Sequence[str], n_last: int) -> "Tokenizer":
    """The tokenizer of ByT5 (Xue et al. 2022): each byte of a text is a token; words are split as in GPT-2.

    Args:
        specials: the special tokens.
        n_last: how many of them, the last ones, have ids after those of the bytes; the others have ids before.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers  # noqa: PLC0415 (start-up time)

    first, last = specials[: len(specials) - n_last], specials[len(specials) - n_last :]
    characters = sorted(byte_of_character(), key=byte_of_character().__getitem__)
    made = Tokenizer(models.BPE({piece: i for i, piece in enumerate([*first, *characters, *last])}, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    return made


def merge_pairs(path: Path) -> list[tuple[str, str]]:
    """The pairs of pieces of a ``merges.txt``, the best first.

    Raises:
        InputError: the file cannot be read, or a line is not two pieces.
    """
    expected = "expected two pieces per line"
    rows = [line.split() for line in _lines(path, expected) if line and not line.startswith("#version")]
    bad = next((row for row in rows if len(row) != 2), None)
    if bad is not None:
        raise InputError(f"{one_line(path)}: a line is {brief(' '.join(bad))!r}; {expected}")
    return [(first, second) for first, second in rows]


def _lines(path: Path, expected: str) -> list[str]:
    r"""The lines of a vocabulary, without blank ones at its end; they end in ``\n``, ``\r\n`` or ``\r``."""
    text = utf8(read_file(path, expected), one_line(path), expected)
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")


def add_specials(
    made: "Tokenizer",
    path: Path,
    specials: Mapping[str, str],
    templates: tuple[str, str],
    *,
    switches: Mapping[str, Mapping[str, bool]],
    trim_offsets: bool,
) -> None:
    """Gives a tokenizer its special tokens, and the template that puts them around texts.

    Args:
        made: the tokenizer.
        path: for messages.
        specials: the tokens by role.
        templates: roles, or tokens of the vocabulary, around ``$A``, the text, and around two texts, ``$A`` and ``$B``.
        switches: by role, how a token is found in a text, such as ``lstrip``: with the space before it.
        trim_offsets: whether a piece's place in the text leaves out the space that it begins with.

    Raises:
        InputError: the vocabulary lacks a token that the template needs.
    """
    from tokenizers import AddedToken, processors  # noqa: PLC0415 (start-up time)

    made.add_special_tokens(
        [
            AddedToken(token, **{**switches.get(role, {}), "special": True})
            for role, token in specials.items()
            if made.token_to_id(token) is not None
        ]
    )
    single, pair = (_filled(template, specials) for template in templates)
    used = [part.removesuffix(":1") for part in f"{single} {pair}".split() if not part.startswith("$")]
    _check_specials(path, {token: number for token in used if (number := made.token_to_id(token)) is not None}, used)
    steps: list[processors.PostProcessor] = []
    if trim_offsets:
        prefixed = getattr(made.pre_tokenizer, "add_prefix_space", False)
        steps.append(processors.ByteLevel(trim_offsets=True, add_prefix_space=prefixed))
    if used:
        tokens = [(token, made.token_to_id(token)) for token in set(used)]
        steps.append(processors.TemplateProcessing(single=single, pair=pair, special_tokens=tokens))
    if steps:
        made.post_processor = processors.Sequence(steps) if len(steps) > 1 else steps[0]


def _filled(template: str, specials: Mapping[str, str]) -> str:
    """The template with tokens in place of their roles."""
    parts = [part.partition(":") for part in template.split()]
    return " ".join(f"{specials.get(name, name)}{colon}{row}" for name, colon, row in parts)


def _check_specials(path: Path, vocabulary: Mapping[str, int], tokens: Sequence[str]) -> None:
    for token in tokens:
        if token not in vocabulary:
            raise InputError(f"{one_line(path)}: it has no {brief(token)}; expected that special token")


def apply_settings(made: "Tokenizer", settings: Mapping[str, Any]) -> bool:
    """Changes a tokenizer to what ``tokenizer_config.json`` says beyond it, as transformers does.

    ``do_lower_case``, ``strip_accents`` and ``tokenize_chinese_chars`` hold for BERT's normalizer, ``add_prefix_space``
    for a byte-level vocabulary, ``trim_offsets`` for RoBERTa's; tokens that it names are found in a text as wholes, and
    added where the vocabulary lacks them. What stands around a text (``add_bos_token``) is the tokenizer's own affair.

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
            value = settings.get(name)
            is_valid = isinstance(value, bool) or (name == "strip_accents" and name in settings and value is None)
            if is_valid and getattr(step, attribute) != value:
                setattr(step, attribute, value)
                changed = True
    changed = _keep_case(made, settings) or changed
    return _set_offsets(made, settings) or changed


def _keep_case(made: "Tokenizer", settings: Mapping[str, Any]) -> bool:
    """Takes the step that lower-cases out of ALBERT's normalizer, as ``do_lower_case`` false asks; True if it did."""
    from tokenizers import normalizers  # noqa: PLC0415 (start-up time)

    is_albert = str(settings.get("tokenizer_class")).startswith("Albert")
    if (
        not is_albert
        or settings.get("do_lower_case") is not False
        or not isinstance(made.normalizer, normalizers.Sequence)
    ):
        return False
    steps = [made.normalizer[i] for i in range(len(made.normalizer))]
    kept = [step for step in steps if not isinstance(step, normalizers.Lowercase)]
    made.normalizer = normalizers.Sequence(kept)
    return len(kept) < len(steps)


def _set_offsets(made: "Tokenizer", settings: Mapping[str, Any]) -> bool:
    """RoBERTa's last step says whether offsets leave out a space; whether the settings change that."""
    from tokenizers import processors  # noqa: PLC0415 (start-up time)

    if not isinstance(made.post_processor, processors.RobertaProcessing):
        return False
    state = json.loads(made.post_processor.__getstate__())
    changes = {n: settings[n] for n in ("trim_offsets", "add_prefix_space") if isinstance(settings.get(n), bool)}
    if changes.items() <= state.items():
        return False
    state |= changes
    made.post_processor = processors.RobertaProcessing(
        tuple(state["sep"]), tuple(state["cls"]), state["trim_offsets"], state["add_prefix_space"]
    )
    return True


def _add_named(made: "Tokenizer", settings: Mapping[str, Any]) -> bool:
    """Adds ``added_tokens_decoder`` (by id), then the special tokens by role, then the other special ones."""
    by_id = settings.get("added_tokens_decoder")
    numbered = by_id.items() if isinstance(by_id, dict) else ()
    named = [(int(number), token_text(token), token_switches(token)) for number, token in numbered if is_count(number)]
    named.sort(key=lambda item: item[0])
    added = {token.content: token for token in made.get_added_tokens_decoder().values()}
    changed = False
    for number, content, switches in named:
        if not content:
            continue
        is_new = made.token_to_id(content) is None
        changed |= _add(made, content, switches, added)
        assigned = made.token_to_id(content)
        if is_new and number != assigned:
            raise InputError(
                f"tokenizer_config.json: {brief(content)} has id {number}, and the vocabulary's next is {assigned}; "
                "expected that id"
            )
    others = [settings.get(f"{role}_token") for role in _ROLES]
    for key in ("additional_special_tokens", "extra_special_tokens"):
        extra = settings.get(key)
        others += extra.values() if isinstance(extra, dict) else extra if isinstance(extra, list) else ()
    for token in others:
        content = token_text(token)
        if content and content not in added:
            changed |= _add(made, content, {**token_switches(token), "special": True}, added)
    return changed


def _add(made: "Tokenizer", content: str, switches: Mapping[str, bool], added: "dict[str, AddedToken]") -> bool:
    """Makes a token one that is found in a text as a whole.

    Args:
        made: the tokenizer.
        content: the token.
        switches: how it is found.
        added: the added tokens, to which this one is added.

    Returns:
        whether it was not one, or was found in another way.
    """
    from tokenizers import AddedToken  # noqa: PLC0415 (start-up time)

    known = {name: getattr(added[content], name) for name in _SWITCHES} if content in added else {}
    if known and switches.items() <= known.items():
        return False
    added[content] = AddedToken(content, **{**known, **switches})
    made.add_tokens([added[content]])
    return True


def token_text(token: object) -> str | None:
    """A special token as ``tokenizer_config.json`` writes it: a text, or an object with its ``content``."""
    content = token.get("content") if isinstance(token, dict) else token
    return content if isinstance(content, str) else None


def token_switches(token: object) -> dict[str, bool]:
    """The switches that say how a special token is found in a text, from its object in ``tokenizer_config.json``."""
    said = token if isinstance(token, dict) else {}
    return {name: said[name] for name in _SWITCHES if isinstance(said.get(name), bool)}
