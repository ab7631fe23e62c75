"""The loop: run the new token, take the likeliest next one, and keep keys and values for the tokens after it."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeAlias

import numpy as np

from attnviz.encoder.attention import Past
from attnviz.encoder.config.block import Block
from attnviz.encoder.embedding import Sequence
from attnviz.encoder.generation.rules import GenerationRules
from attnviz.encoder.generation.unembedding import Unembedding
from attnviz.encoder.parameters.params import Array, Params
from attnviz.encoder.positions.rotary import rotary_frequencies
from attnviz.encoder.stack import Arrays, Pasts, decode, encode, output_of
from attnviz.errors import InputError

# One step: all ids so far and what is known of the first ones, to the last token's output and what is known then.
GrowthStep: TypeAlias = Callable[[Array, int, Pasts], tuple[Array, Pasts]]


def text_step(params: Params, config: Block) -> GrowthStep:
    """The step of a text that a decoder continues."""
    return lambda ids, start, past: _kept(encode(params, config, Sequence(ids=ids, start=start), past))


def target_step(params: Params, config: Block, source: Sequence) -> GrowthStep:
    """The step of a target that an encoder-decoder writes for a source, which is encoded once."""
    with np.errstate(over="ignore", invalid="ignore"):
        memory = output_of(encode(params, config, source))

    def step(ids: Array, start: int, past: Pasts) -> tuple[Array, Pasts]:
        return _kept(decode(params, config, Sequence(ids=ids, start=start), source, memory, past))

    return step


def generated_ids(
    step: GrowthStep, config: Block, unembedding: Unembedding, ids: Array, rules: GenerationRules, *, most: int
) -> Iterator[int]:
    """The ids that follow, one after another: those with the largest logit (greedy).

    They end with an end token, or when there are ``most`` of them. Whoever asks can stop earlier.

    Args:
        step: runs the model.
        config: of the stack that runs.
        unembedding: makes logits.
        ids: (n,), the tokens that are there.
        rules: what they must keep to.
        most: how many there may be.

    Raises:
        InputError: logits that are not finite.
    """
    past: Pasts = {}
    start, n_given = 0, len(ids)
    for _ in range(most):
        if start and not keeps_keys(config, start, len(ids)):
            past, start = {}, 0
        with np.errstate(over="ignore", invalid="ignore"):
            output, past = step(ids, start, past)
            logits = unembedding.logits(output)
        if not np.isfinite(logits).all():
            raise InputError("generate: the logits are not finite; expected weights of a usual size")
        start = len(ids)
        chosen = int(np.argmax(rules.applied(logits, ids, n_given, most)))
        yield chosen
        if chosen in rules.end:
            return
        ids = np.append(ids, chosen)


def keeps_keys(config: Block, n_before: int, n: int) -> bool:
    """Whether a longer text has the same keys and values for the tokens that it begins with.

    It has not where rotary angles follow the length, where vectors are scaled by how many tokens are left out, and
    where a convolution sees the next tokens; and attention to offsets needs the vectors of all tokens.
    """
    if config.disentangled.parts or config.convolution.kernel or config.embedding.zero_id is not None:
        return False
    if config.position.kind != "rotary" or not config.position.follows_length:
        return True
    angles = partial(rotary_frequencies, config.position, config.d_head)
    return bool((angles(n_before) == angles(n)).all())


def _kept(arrays: Arrays) -> tuple[Array, Pasts]:
    """The last token's output (d_model,), and the keys and values by kind and layer."""
    found: dict[tuple[str, int], dict[str, Array]] = {}
    while True:
        try:
            address, value = next(arrays)
        except StopIteration as end:
            output: Array = end.value
            break
        if address.name in ("k", "v") and address.layer is not None:
            found.setdefault((address.kind, address.layer), {})[address.name] = value
    pasts = {place: Past(one["k"], one["v"], complete=place[0] == "cross") for place, one in found.items()}
    return output[-1], pasts
