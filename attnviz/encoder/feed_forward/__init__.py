"""The feed-forward part: one for all tokens, or a mixture of experts."""
