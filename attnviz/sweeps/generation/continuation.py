"""A prepared text with what the model writes: a decoder continues it, an encoder-decoder writes a target for it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from attnviz.encoder.embedding import Sequence
from attnviz.encoder.generation.greedy import GrowthStep, generated_ids, target_step, text_step
from attnviz.encoder.generation.rules import GenerationRules
from attnviz.encoder.generation.unembedding import Unembedding
from attnviz.errors import InputError, UsageError
from attnviz.model import Model
from attnviz.sweeps.prepared import Prepared
from attnviz.text.continuation.written import with_written, written_text
from attnviz.text.tokenizer import Tokenizer
from attnviz.trace.tokens import Tokens


def writes_target(model: Model) -> bool:
    """Whether the model writes a target for a text, as it does not continue it."""
    return model.has_decoder and model.config.attention.mask != "causal"


class _Wish(NamedTuple):
    """What the model is to write: at most so many tokens, up to a text that ends it, by these rules."""

    most: int
    stop: str | None
    rules: GenerationRules


def with_generated(model: Model, prepared: Prepared, most: int, stop: str | None) -> Prepared:
    """The text with the model's continuation, or with the target that it writes.

    Args:
        model: what ``load`` gave.
        prepared: the text, without a target.
        most: how many tokens the model writes, unless it ends before.
        stop: a text that ends what it writes.

    Raises:
        UsageError: a model that cannot write.
        InputError: logits that are not finite, or a head that the files do not have.
    """
    wish = _Wish(most, stop, GenerationRules() if model.generation is None else model.generation().rules)
    if writes_target(model):
        return _with_target(model, prepared, wish)
    _check_continues(model)
    step, n_vocab = text_step(model.params, model.config), model.config.n_vocab
    ids, note = _written(model, step, prepared.tokens, model.tokenizer, wish)
    text, tokens = with_written(model.tokenizer, prepared.text or "", prepared.tokens, ids, n_vocab)
    source, n_given = _longer(prepared.source, ids), len(prepared.text or "")
    return replace(prepared, source=source, text=text, tokens=tokens, cuts=prepared.cuts + note, n_given=n_given)


def _check_continues(model: Model) -> None:
    """Refuses a model that does not write.

    Raises:
        UsageError: it sees later tokens.
    """
    if model.config.attention.mask != "causal":
        other = "--mask causal" if model.info.is_random else "a decoder, such as GPT-2 or Llama, or an encoder-decoder"
        raise UsageError(
            f"generate: {model.name} is an encoder: its tokens see those after them, so it cannot continue a text; "
            f"expected {other}"
        )


def _unembedding(model: Model) -> Unembedding:
    """What makes logits of the model's outputs.

    Raises:
        UsageError: its family does not have that.
    """
    if model.unembedding is None:
        raise UsageError(
            f"generate: {model.name} has no language head: nothing makes words of its outputs; expected a model that "
            "writes, such as GPT-2 or Llama"
        )
    return model.unembedding()


def _with_target(model: Model, prepared: Prepared, wish: _Wish) -> Prepared:
    """The text with the target that the model writes for it."""
    tokenizer = model.target_tokenizer
    start, rules = _started(model, tokenizer, wish.rules)
    if start is None:
        raise UsageError(
            f"generate: {model.name} does not say what its decoder is fed first; expected decoder_start_id "
            "(--set decoder_start_id=0), or a model that continues a text (--mask causal)"
        )
    if start >= model.config.n_target_vocab:
        raise InputError(
            f"generate: {model.name} feeds its decoder token {start} first, which it does not have; expected an id "
            f"less than {model.config.n_target_vocab}"
        )
    first: Tokens = (tokenizer.special_token(start),)
    step = target_step(model.params, model.config, prepared.source)
    ids, note = _written(model, step, first, tokenizer, wish._replace(rules=rules))
    fed = Sequence(np.array([start, *ids]))
    if ids[:1] == [rules.forced_first]:  # such as the token of its language, which it did not choose
        first, ids = (*first, tokenizer.special_token(ids[0])), ids[1:]
    text, tokens = with_written(tokenizer, "", first, ids, model.config.n_target_vocab)
    if all(token.special for token in tokens):
        note = (*note, "target: the model wrote no word")
    return replace(prepared, target_text=text, target=fed, target_tokens=tokens, cuts=prepared.cuts + note)


def _started(model: Model, tokenizer: Tokenizer, rules: GenerationRules) -> tuple[int | None, GenerationRules]:
    """The id that the decoder is fed first, None where none is known, and the rules with the target's language.

    The token of the language comes first, or second after the usual start.
    """
    start = model.config.target.start_id if rules.start is None else rules.start
    language = getattr(tokenizer, "language", "")
    number = getattr(tokenizer, "library").token_to_id(language) if language else None  # noqa: B009 (it has one then)
    if number is None:
        return start, rules
    return (number, rules) if model.config.target.wraps else (start, replace(rules, forced_first=number))


def _written(
    model: Model, step: GrowthStep, tokens: Tokens, tokenizer: Tokenizer, wish: _Wish
) -> tuple[list[int], tuple[str, ...]]:
    """The new ids, and a note where only the model's length ended them."""
    before = [token.id or 0 for token in tokens]
    room = model.config.n_ctx - len(before)
    is_target = writes_target(model)
    config = model.config.decoder_block if is_target else model.config
    found = generated_ids(step, config, _unembedding(model), np.array(before), wish.rules, most=min(wish.most, room))
    ids = list(_until(found, tokenizer, before, wish.stop))
    ended = ids[-1:] and ids[-1] in wish.rules.end
    if ended or len(ids) < room or len(ids) == wish.most:
        return ids, ()
    side = "target" if is_target else "text"
    return ids, (f"{side}: the model wrote {len(ids)} tokens, as n_ctx is {model.config.n_ctx}",)


def _until(ids: Iterator[int], tokenizer: Tokenizer, before: list[int], stop: str | None) -> Iterator[int]:
    """The ids up to the one that completes the text that ends them."""
    new: list[int] = []
    for number in ids:
        new.append(number)
        yield number
        if stop is not None and stop in written_text(tokenizer, before, new):
            return


def _longer(source: Sequence, ids: list[int]) -> Sequence:
    """The sequence with more ids, of the segment of the last one."""
    type_ids = None if source.type_ids is None else np.append(source.type_ids, [source.type_ids[-1]] * len(ids))
    before = () if source.ids is None else source.ids
    return replace(source, ids=np.concatenate([before, ids]).astype(np.int64), type_ids=type_ids)
