"""The tokens of both sides of attention, from what the user and the file say, before they are checked."""

from collections.abc import Mapping

from attnviz.elsewhere.read_options import ReadOptions
from attnviz.elsewhere.tokens.document_tokens import renamed
from attnviz.errors import InputError, UsageError

_OF_TOKENS = (
    *("tokens", "labels", "token_ids", "special", "padding", "segments", "offsets", "word_ids", "pieces"),
    "generated",
    "attention_mask",
)


def with_sides(
    fields: Mapping[str, object],
    kinds: tuple[str, ...],
    counts: tuple[int | None, int | None],
    options: ReadOptions,
    where: str,
) -> dict[str, object]:
    """The fields with the user's labels of queries and keys, and tokens at the side that has them.

    Args:
        fields: of one text.
        kinds: of its attention.
        counts: of the text's tokens and the target's, by the matrices.
        options: what the user says.
        where: for the messages.

    Raises:
        InputError: another number of labels.
        UsageError: labels of queries for attention whose queries are the keys.
    """
    fields = dict(fields)
    if kinds == ("decoder",) and "schema" not in fields and fields.get("target_tokens") is None:
        moved = {name: fields.pop(name) for name in _OF_TOKENS if name in fields}
        fields = {f"target_{name}": value for name, value in moved.items()} | fields
    both = (options.query_labels, options.key_labels)
    if None in counts and None not in both and both[0] != both[1]:
        raise UsageError(
            f"query-tokens, key-tokens: queries and keys of {kinds[0]} attention are the same tokens; expected "
            "--tokens, or --kind cross"
        )
    for flag, labels, side in (("--query-tokens", both[0], 1), ("--key-tokens", both[1], 0)):
        if labels is not None:
            at = side if counts[side] is not None else 1 - side  # the only text, whose tokens are both
            n, name = counts[at], ("keys", "queries")[side]
            if n != len(labels):
                raise InputError(
                    f"{where}: {flag} has {len(labels)} labels, and the matrices have {n} {name}; expected {n}"
                )
            fields = renamed(fields, ("", "target_")[at], labels)
    return _named_by_ids(fields, options)


def _named_by_ids(fields: dict[str, object], options: ReadOptions) -> dict[str, object]:
    """Token ids as names, where there is no other."""
    for prefix, names in (("", ("tokens", "keys")), ("target_", ("target_tokens", "queries"))):
        ids = fields.get(f"{prefix}token_ids")
        if isinstance(ids, list) and all(fields.get(name) is None for name in names):
            fields[f"{prefix}tokens"] = [str(number) for number in ids]
            if options.token_labels is None:
                options.note("tokens are called by their ids; --tokens gives their texts")
    return fields


def of_generation(fields: Mapping[str, object], n: int, options: ReadOptions) -> dict[str, object]:
    """The fields of a generation of ``n`` tokens that attend: without the last token, which no step was run for."""
    fitted = dict(fields)
    for name, value in fields.items():
        if not isinstance(value, list) or name.removeprefix("target_") not in _OF_TOKENS:
            continue
        if len(value) == n + 1:
            fitted[name] = value[:n]
            options.note("the last token has no attention of its own; it is left out")
        elif len(value) < n and name.endswith("padding"):
            fitted[name] = [*value, *[False] * (n - len(value))]
        elif len(value) < n and name.endswith("attention_mask"):
            fitted[name] = [*value, *[1] * (n - len(value))]
        elif len(value) < n and name.endswith("token_ids"):
            del fitted[name]
    return fitted
