"""Which tokens only fill the length: what the file states, what the user says, or what labels show."""

from collections.abc import Mapping, Sequence

import numpy as np

from attnviz.elsewhere.read_options import ReadOptions
from attnviz.elsewhere.tokens.special_labels import is_padding_label
from attnviz.errors import InputError, UsageError, brief
from attnviz.numbers import is_count

_MASKS = {"": ("attention_mask",), "target_": ("target_attention_mask", "decoder_attention_mask")}
_MASKED = -1e3  # less of a mask that is added to scores hides a key


def parse_padding(text: str) -> str | tuple[int, int]:
    """What ``--padding`` says: ``auto``, ``none``, or how many tokens at the start and at the end.

    Raises:
        UsageError: something else.
    """
    if text in ("auto", "none"):
        return text
    numbers = text.split(",")
    if len(numbers) != 2 or not all(is_count(number.strip()) for number in numbers):
        raise UsageError(f"padding: {brief(text)!r} is not known; expected auto, none, or LEFT,RIGHT such as 0,2")
    left, right = map(int, numbers)
    return left, right


def padding_of(
    fields: Mapping[str, object],
    prefix: str,
    names: Sequence[str],
    stated: Sequence[bool] | None,
    options: ReadOptions,
    where: str,
) -> list[bool]:
    """Which tokens of the text, or of the target, are padding.

    Args:
        fields: the document.
        prefix: of the fields' names: empty, or ``target_``.
        names: the tokens' labels.
        stated: the document's list of padding, if it has one.
        options: ``padding`` says it, before the document does.
        where: for the messages.

    Raises:
        UsageError: more padding than tokens.
        InputError: every token is padding.
    """
    padding = _padding(fields, prefix, names, stated, options)
    if padding and all(padding):
        raise InputError(
            f"{where}: all {len(padding)} tokens are padding; expected some that are not",
            "--padding none reads them as tokens",
        )
    return padding


def _padding(
    fields: Mapping[str, object],
    prefix: str,
    names: Sequence[str],
    stated: Sequence[bool] | None,
    options: ReadOptions,
) -> list[bool]:
    nothing, said = [False] * len(names), options.padding
    if said == "none" or not names:
        return nothing
    if isinstance(said, tuple):
        return _ends(said, len(names))
    if stated is not None:
        return list(map(bool, stated))
    masked = _masked(fields, prefix, len(names), options)
    return _labelled(fields, prefix, names, options) if masked is None else masked


def _labelled(fields: Mapping[str, object], prefix: str, names: Sequence[str], options: ReadOptions) -> list[bool]:
    """The padding that labels show: of tokens that are stated to be special, else at the ends, if that is wanted."""
    labelled = [is_padding_label(name) for name in names]
    special = fields.get(f"{prefix}special")
    both = list(map(all, zip(labelled, special, strict=False))) if isinstance(special, list) else []
    if any(both):
        return both
    left, right = _run(labelled), _run(labelled[::-1])
    if left + right and not all(labelled) and "schema" not in fields:
        if options.padding == "auto":
            return _ends((left, right), len(names))
        label = next(name for name, is_label in zip(names, labelled, strict=True) if is_label)
        several = left + right > 1
        count = f"{left + right} tokens at the ends are" if several else "a token at the end is"
        options.note(f"{count} {label}, read as part of the text; --padding auto masks {'them' if several else 'it'}")
    return [False] * len(names)


def _masked(fields: Mapping[str, object], prefix: str, n: int, options: ReadOptions) -> list[bool] | None:
    """What the model's mask leaves out; None without a mask of one number per token."""
    key = next((key for key in _MASKS[prefix] if fields.get(key) is not None), None)
    if key is None:
        return None
    mask = np.array(fields[key], dtype=object)
    try:
        numbers = mask.astype(np.float64).ravel()
    except (TypeError, ValueError):
        numbers = np.zeros(0)
    if len(numbers) != n:
        options.note(f"{key} is not read: its shape is {mask.shape}, and there are {n} tokens")
        return None
    return list((numbers < _MASKED if (numbers < 0).any() else numbers == 0).tolist())


def _ends(numbers: tuple[int, int], n: int) -> list[bool]:
    left, right = numbers
    if left + right >= n:
        raise UsageError(f"padding: {left},{right} are {left + right} tokens, and there are {n}; expected fewer")
    return [i < left or i >= n - right for i in range(n)]


def _run(labelled: Sequence[bool]) -> int:
    """How many are padding from the start."""
    return next((i for i, is_label in enumerate(labelled) if not is_label), len(labelled))
