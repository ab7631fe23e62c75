"""The vocabulary in the metadata of a GGUF file, checked before a tokenizer is made of it."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from math import isnan
from typing import Any

from attnviz.errors import CheckpointError, brief
from attnviz.records import dataclass
from attnviz.text.pieces.model_file import CONTROL, NORMAL, UNKNOWN, USER_DEFINED

PREFIX = "tokenizer.ggml."
_ROLES = {  # the key's first word by role; one of them is llama.cpp's own spelling
    "bos": "bos",
    "eos": "eos",
    "unk": "unknown",
    "sep": "seperator",
    "pad": "padding",
    "mask": "mask",
    "cls": "cls",
    "eot": "eot",
    "eom": "eom",
}
# llama.cpp takes these as ends of a turn or a text, and finds them in a text as wholes, whatever the file says of them.
_ENDS = {
    *("<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<end_of_turn>", "<|endoftext|>", "</s>"),
    *("<|eom_id|>", "<EOT>", "_<EOT>", "<|end_of_text|>", "<end_of_utterance>", "<eos>"),
}


@dataclass(frozen=True, eq=False)
class GgufVocabulary:
    """The keys ``tokenizer.ggml.*`` of a file.

    Attributes:
        metadata: of the file.
        where: its name in messages.
        pieces: the texts of the tokens; a token's number is its id.
        kinds: each token's kind, such as ``NORMAL`` or ``CONTROL``.
        has_kinds: whether the file gives them.
    """

    metadata: Mapping[str, object]
    where: str
    pieces: tuple[str, ...]
    kinds: tuple[int, ...]
    has_kinds: bool

    @cached_property
    def ids(self) -> dict[str, int]:
        """The tokens' ids."""
        return {piece: number for number, piece in enumerate(self.pieces)}

    def is_set(self, name: str, default: bool) -> bool:
        """A switch such as ``add_bos_token``.

        Raises:
            CheckpointError: it is not true or false.
        """
        value = self.metadata.get(PREFIX + name, default)
        if not isinstance(value, bool):
            raise self.error(name, f"is {brief(value)}", "true or false")
        return value

    def special_id(self, role: str, default: int | None = None) -> int | None:
        """The id of a special token by role: ``bos``, ``eos``, ``unk``, ``sep``, ``pad``, ``mask``, ``cls``.

        Args:
            role: of the token.
            default: where the file does not say; None where the vocabulary is too small for it.

        Raises:
            CheckpointError: it is not an id of the vocabulary.
        """
        key = f"{_ROLES[role]}_token_id"
        value = self.metadata.get(PREFIX + key)
        if value is None:
            return default if default is not None and default < len(self.pieces) else None
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < len(self.pieces):
            raise self.error(key, f"is {brief(value)}", f"an id less than {len(self.pieces)}")
        return value

    def needed_id(self, role: str, default: int | None = None) -> int:
        """The id of a special token that must be there.

        Raises:
            CheckpointError: the file does not say it, or it is not an id of the vocabulary.
        """
        number = self.special_id(role, default)
        if number is None:
            raise self.error(f"{_ROLES[role]}_token_id", "is missing", f"an id less than {len(self.pieces)}")
        return number

    def added_piece(self, role: str, *, usual: bool, default: int | None = None) -> str | None:
        """The token that a switch such as ``add_bos_token`` puts around texts; None where it is off.

        Args:
            role: of the token.
            usual: the switch where the file does not have it.
            default: the token's id where the file does not say it.

        Raises:
            CheckpointError: the switch is on, and the file does not say the token, or it is not one of the vocabulary.
        """
        return self.pieces[self.needed_id(role, default)] if self.is_set(f"add_{role}_token", usual) else None

    def scores(self) -> Sequence[float]:
        """Each token's score.

        Raises:
            CheckpointError: they are missing, too few, or not numbers.
        """
        values = self.metadata.get(f"{PREFIX}scores")
        if values is None:
            raise self.error("scores", "is missing", "one number per token")
        scores = [float(value) for value in one_per_token(values, "scores", self.where, len(self.pieces))]
        if any(map(isnan, scores)):
            raise self.error("scores", "has a value that is not a number", "one number per token")
        return scores

    def bytes_of(self, key: str) -> bytes:
        """The bytes of an array of them, signed or not; empty where the file has none.

        Raises:
            CheckpointError: it is not an array of bytes.
        """
        values = self.metadata.get(PREFIX + key, ())
        numbers = values.tolist() if hasattr(values, "tolist") else values
        if not isinstance(numbers, list | tuple) or not all(type(n) is int and -128 <= n < 256 for n in numbers):
            raise self.error(key, "has no bytes", "an array of them")
        return bytes(number % 256 for number in numbers)

    def whole(self) -> tuple[list[int], list[int]]:
        """Ids of the tokens that are found in a text as wholes: the special ones, and the others."""
        special = {number for number, kind in enumerate(self.kinds) if kind in (CONTROL, UNKNOWN)}
        special |= {number for number, piece in enumerate(self.pieces) if piece in _ENDS}
        if not self.has_kinds:  # older files name them by their ids alone
            special |= {n for role in ("bos", "eos", "sep", "cls", "mask") if (n := self.special_id(role)) is not None}
        others = [number for number, kind in enumerate(self.kinds) if kind == USER_DEFINED and number not in special]
        return sorted(special), others

    def error(self, key: str, fault: str, expected: str) -> CheckpointError:
        """The error of one of its keys."""
        return CheckpointError(f"{self.where}: {PREFIX}{key} {fault}; expected {expected}")


def read_vocabulary(metadata: Mapping[str, object], where: str) -> GgufVocabulary:
    """The vocabulary of a file's metadata.

    Args:
        metadata: keys and values of the file; arrays are lists of texts or NumPy arrays of numbers.
        where: the file's name in messages.

    Raises:
        CheckpointError: the tokens are missing or not texts, one is there twice, or their kinds do not fit.
    """
    tokens = metadata.get(f"{PREFIX}tokens")
    if not isinstance(tokens, list | tuple) or not tokens or not all(isinstance(token, str) for token in tokens):
        fault = "is missing" if tokens is None else "has no texts"
        raise CheckpointError(f"{where}: {PREFIX}tokens {fault}; expected the texts of the vocabulary")
    pieces = tuple(token or f"[EMPTY_{number}]" for number, token in enumerate(tokens))
    for number, piece in enumerate(pieces):
        if not piece.isascii() and any("\ud800" <= c <= "\udfff" for c in piece):
            raise CheckpointError(f"{where}: {PREFIX}tokens {number} is not UTF-8; expected texts")
    if len(set(pieces)) < len(pieces):
        raise CheckpointError(f"{where}: {PREFIX}tokens {_twice(pieces)}; expected each token once")
    given = metadata.get(f"{PREFIX}token_type")
    kinds = [NORMAL] * len(pieces) if given is None else one_per_token(given, "token_type", where, len(pieces))
    if not all(type(kind) is int for kind in kinds):
        raise CheckpointError(
            f"{where}: {PREFIX}token_type has numbers that are not whole; expected one kind per token"
        )
    return GgufVocabulary(metadata, where, pieces, tuple(kinds), has_kinds=given is not None)


def one_per_token(values: object, key: str, where: str, n_tokens: int) -> Sequence[Any]:
    """The numbers of an array, of which each token has one.

    Raises:
        CheckpointError: it is not an array of numbers, or has fewer than the vocabulary.
    """
    numbers = values.tolist() if hasattr(values, "tolist") else values
    if not isinstance(numbers, list | tuple) or not all(isinstance(number, int | float) for number in numbers):
        raise CheckpointError(f"{where}: {PREFIX}{key} has no numbers; expected one per token")
    if len(numbers) < n_tokens:
        raise CheckpointError(f"{where}: {PREFIX}{key} has {len(numbers)} numbers; expected one per token ({n_tokens})")
    return numbers[:n_tokens]


def _twice(pieces: Iterable[str]) -> str:
    seen: dict[str, int] = {}
    for number, piece in enumerate(pieces):
        if seen.setdefault(piece, number) != number:
            return f"has {brief(piece)} twice (ids {seen[piece]} and {number})"
    return "has each token once"
