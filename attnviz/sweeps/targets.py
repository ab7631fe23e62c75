"""What a decoder is fed of a target: the target's tokens, shifted right."""

from attnviz.encoder.config.groups import TargetConfig
from attnviz.text.tokenizer import Tokenizer
from attnviz.trace.tokens import Tokens


def fed_tokens(tokens: Tokens, config: TargetConfig, tokenizer: Tokenizer) -> Tokens:
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
