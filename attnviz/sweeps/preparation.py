"""Texts and vectors made ready for the stack: cut into tokens, checked against the model."""

from collections.abc import Iterable

import numpy as np

from attnviz.elsewhere.tokens.special_labels import is_special_label
from attnviz.encoder.config.groups import TargetConfig
from attnviz.encoder.embedding import Sequence
from attnviz.errors import InputError, UsageError, brief
from attnviz.model import Model
from attnviz.sweeps.prepared import Prepared
from attnviz.text.labels import printable
from attnviz.text.reading import check_text, check_unicode
from attnviz.text.tokenizer import Tokenizer, pad
from attnviz.trace.tokens import Token, Tokens


def prepare(
    model: Model,
    text: str,
    *,
    pair: str | None = None,
    target: str | None = None,
    pad_to: int | None = None,
    truncate: bool = False,
    generate: int | None = None,
    stop: str | None = None,
) -> Prepared:
    """Tokenizes a text, and the target text if there is one; or lets the model write what follows.

    Args:
        model: of which the tokenizer and the limit are.
        text: the text.
        pair: its second segment.
        target: the target text.
        pad_to: the number of tokens that it is padded to.
        truncate: cut a text, or a target, that is too long, instead of raising an error.
        generate: the most tokens that the model writes: a decoder after the text, an encoder-decoder as its target.
        stop: a text that ends what it writes.

    Raises:
        UsageError: parts that exclude each other, or a model that cannot write.
        InputError: a text without tokens, or one longer than ``n_ctx``; a target without a decoder.
    """
    check_generate(generate, stop, pair=pair, target=target, pad_to=pad_to)
    cuts: list[str] = []
    source, tokens = _sequence(model, "text", text, pair, pad_to, cuts if truncate else None)
    if cuts:
        text, pair = _covered(text, tokens), None if pair is None else _covered(pair, tokens, 1)
    if generate is not None:
        from attnviz.sweeps.generation.continuation import with_generated

        return with_generated(model, Prepared(source, tokens, text, cuts=tuple(cuts)), generate, stop)
    if target is None:
        return Prepared(source, tokens, text, pair, cuts=tuple(cuts))
    if not model.has_decoder:
        raise InputError(
            f"{model.info.name}: these weights have no decoder; expected one for a target text",
            hint="`attnviz models` lists the encoder-decoders that load, and --seed 0 makes random weights",
        )
    n_cuts = len(cuts)
    target_sequence, target_tokens = _target_sequence(model, target, cuts if truncate else None)
    target = _covered(target, target_tokens) if len(cuts) > n_cuts else target
    return Prepared(source, tokens, text, pair, target, target_sequence, target_tokens, cuts=tuple(cuts))


def check_generate(generate: int | None, stop: str | None, **others: object) -> None:
    """Refuses what does not go with a text that the model writes.

    Raises:
        UsageError: no token to write, a stop that is empty or alone, or another part of the input.
        InputError: a stop with bytes that are not UTF-8.
    """
    given = [name.replace("_", "-") for name, value in others.items() if value is not None]
    if generate is None:
        if stop is not None:
            raise UsageError("stop: it ends what the model writes; expected --generate too")
        return
    if generate < 1:
        raise UsageError(f"generate: {generate} tokens; expected 1 or more")
    if stop == "":
        raise UsageError("stop: the text is empty; expected one that ends what the model writes")
    check_unicode(stop or "", "stop")
    if given:
        raise UsageError(f"generate, {given[0]}: both are given; expected one of them")


def prepare_vectors(model: Model, vectors: np.ndarray, labels: Iterable[str] | None = None) -> Prepared:
    """Vectors (n, d_model), one row a token, made ready for the stack.

    Raises:
        InputError: a shape that does not fit the model, numbers that are not finite, or labels of another count.
    """
    vectors = np.asarray(vectors)
    if vectors.ndim != 2 or not vectors.size or vectors.shape[1] != model.config.d_model:
        raise InputError(
            f"vectors: the shape is {vectors.shape}; expected (tokens, d_model) with d_model {model.config.d_model}"
        )
    with np.errstate(over="ignore"):
        vectors = vectors.astype(model.params["layers.0.attn.wq"].dtype)
    if not np.isfinite(vectors).all():
        raise InputError(f"vectors: some numbers are not finite as {vectors.dtype}; expected smaller numbers")
    n = len(vectors)
    names = [f"x{i}" for i in range(n)] if labels is None else list(labels)
    if len(names) != n:
        raise InputError(
            f"tokens: there are {len(names)}, and {n} vectors; expected one each",
            hint='labels are separated by spaces: --tokens "the cat sat"',
        )
    _check_length(model, "vectors", n)
    return Prepared(Sequence(vectors=vectors), vector_tokens(names))


def prepare_ids(model: Model, ids: np.ndarray) -> tuple[Prepared, int]:
    """Ids of the vocabulary (n,) made ready for the stack, and the position of the first.

    Around them are the special tokens that the tokenizer puts around a text.

    Raises:
        UsageError: more tokens than the model takes.
    """
    around = _around_a_text(model)
    first = next(i for i, token in enumerate(around) if not token.special)
    before, after = around[:first], tuple(token for token in around[first:] if token.special)
    words = tuple(
        Token(text="", label=str(number), id=number, piece=str(number), word=i, type_id=around[first].type_id)
        for i, number in enumerate(ids.tolist())
    )
    tokens = (*before, *words, *after)
    n, n_ctx = len(tokens), model.config.n_ctx
    if n > n_ctx:
        raise UsageError(f"length: {n} tokens, and n_ctx is {n_ctx}; expected at most {n_ctx}")
    return Prepared(_sequence_of(model, tokens), tokens), first


def _around_a_text(model: Model) -> Tokens:
    """The tokens of a text of a letter or a digit, with special tokens around them."""
    for text in "aA1":
        tokens = model.tokenizer.encode(text, n_vocab=model.config.n_vocab)
        if not all(token.special for token in tokens):
            return tokens
    raise InputError(f"{model.name}: its tokenizer makes only special tokens; expected one that reads letters")


def vector_tokens(names: Iterable[str]) -> Tokens:
    """Tokens of vectors, which have only names; some names are those of special tokens."""
    return tuple(
        Token(text="" if special else name, label=printable(name), piece=name, special=special)
        for name, special in ((name, is_special_label(name)) for name in names)
    )


def _sequence(
    model: Model, where: str, text: str, pair: str | None, pad_to: int | None, cuts: list[str] | None
) -> tuple[Sequence, Tokens]:
    """What enters the stack for a text; where it is too long it is cut, if there is a list for the note on that."""
    check_text(text, where)
    tokens = model.tokenizer.encode(text, pair, n_vocab=model.config.n_vocab)
    if pair is not None:
        _check_segments(model, tokens, text, pair)
    n_ctx = model.config.n_ctx
    tokens = _cut(tokens, where, n_ctx, cuts)
    if pad_to is not None:
        if pad_to < len(tokens):
            raise UsageError(
                f"pad-to: {pad_to} is less than the text's {len(tokens)} tokens; expected {len(tokens)} or more"
            )
        if pad_to > model.config.n_ctx:
            raise UsageError(f"pad-to: {pad_to} is more than n_ctx, which is {n_ctx}; expected at most {n_ctx}")
        tokens = pad(tokens, pad_to, model.tokenizer.padding_token(model.config.n_vocab))
    _check_length(model, where, len(tokens))
    padding = np.array([token.padding for token in tokens]) if pad_to is not None else None
    return _sequence_of(model, tokens, padding), tokens


def _target_sequence(model: Model, text: str, cuts: list[str] | None) -> tuple[Sequence, Tokens]:
    """What the decoder is fed for a target: its tokens, shifted right where the model was trained so."""
    check_text(text, "target")
    tokenizer, config = model.target_tokenizer, model.config
    tokens = _cut(tokenizer.encode(text, n_vocab=config.n_target_vocab), "target", config.n_ctx, cuts)
    tokens = _fed_tokens(tokens, config.target, tokenizer)
    _check_length(model, "target", len(tokens))
    return _sequence_of(model, tokens), tokens


def _sequence_of(model: Model, tokens: Tokens, padding: np.ndarray | None = None) -> Sequence:
    """What enters the stack for tokens of the vocabulary."""
    return Sequence(np.array([token.id for token in tokens]), None, padding, _type_ids(model, tokens))


def _cut(tokens: Tokens, where: str, n_ctx: int, cuts: list[str] | None) -> Tokens:
    """The tokens, or the first of too many, if there is a list for the note on that."""
    n = len(tokens)
    if cuts is None or n <= n_ctx:
        return tokens
    tokens = _truncated(tokens, n_ctx)
    cuts.append(f"{where}: {n:,} tokens cut to the first {len(tokens):,}, the most that the model takes")
    return tokens


def _type_ids(model: Model, tokens: Tokens) -> np.ndarray | None:
    """Each token's row of the segment table; None where the model has none."""
    n = model.config.embedding.n_segments
    if not n:
        return None
    type_ids = np.array([token.type_id for token in tokens])
    if type_ids.max() >= n:
        raise InputError(
            f"pair: its segment has the number {type_ids.max()}, and n_segments is {n}; expected a model with more"
        )
    return type_ids


def _check_length(model: Model, where: str, n: int) -> None:
    if n > model.config.n_ctx:
        raise InputError(
            f"{where}: {n} tokens, and n_ctx is {model.config.n_ctx}; expected at most {model.config.n_ctx}",
            hint=None if where == "vectors" else _length_hint(model, n),
        )


def _check_segments(model: Model, tokens: Tokens, text: str, pair: str) -> None:
    """Refuses a second segment where nothing tells the two apart, as in most decoders."""
    second = next((i for i, token in enumerate(tokens) if token.segment == 1), 0)
    is_joined = second and not tokens[second - 1].special and not tokens[second].special
    if is_joined and not model.config.embedding.n_segments:
        raise InputError(
            f"pair: a second segment is given, and {model.name} puts nothing between two; expected one text",
            hint=f'give both as one text: "{brief(f"{text} {pair}")}"',
        )


def _length_hint(model: Model, n: int) -> str:
    hint = f"--truncate cuts the text to {model.config.n_ctx} tokens"
    trained = model.config.position.kind == "learned" and not model.info.is_random
    return hint if trained else f"{hint}; --n-ctx {n} allows more"


def _fed_tokens(tokens: Tokens, config: TargetConfig, tokenizer: Tokenizer) -> Tokens:
    """The tokens that a decoder is fed so that each place predicts one of ``tokens``: as many, the last left out.

    Args:
        tokens: of the target, with the special tokens around it.
        config: the token that is fed first; without one the target is fed as it is.
        tokenizer: of the target.
    """
    if config.wraps:
        return (tokens[-1], *tokens[:-1])
    if config.start_id is None:
        return tokens
    return (tokenizer.special_token(config.start_id), *tokens[:-1])


def _truncated(tokens: Tokens, most: int) -> Tokens:
    """The tokens without the last ones, special tokens kept; of two segments the longer is cut first, then the second.

    Args:
        tokens: of a text, and perhaps of its second segment.
        most: how many may be left; more are, where there are more special tokens than that.
    """
    segments: dict[int, list[int]] = {}
    for i, token in enumerate(tokens):
        if not token.special:
            segments.setdefault(token.segment, []).append(i)
    for _ in range(len(tokens) - most):
        longest = segments[max(segments, key=lambda segment: (len(segments[segment]), segment))]
        if len(longest) == 1:
            break
        longest.pop()
    kept = {i for places in segments.values() for i in places}
    return tuple(token for i, token in enumerate(tokens) if token.special or i in kept)


def _covered(text: str, tokens: Tokens, segment: int = 0) -> str:
    """The beginning of a segment's text, as far as its tokens go."""
    return text[: max((token.end for token in tokens if token.segment == segment and not token.special), default=0)]
