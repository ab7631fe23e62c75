"""The unembedding: from a token's output to one number for each token of the vocabulary, its logit."""

import numpy as np

from attnviz.encoder.config.block import Block
from attnviz.encoder.ops import ACTIVATION_FUNCTIONS, layer_norm
from attnviz.encoder.parameters.params import Array, ArrayParams, Params
from attnviz.encoder.products import of_rows, with_matrix
from attnviz.encoder.scoring import capped
from attnviz.records import dataclass


@dataclass(frozen=True, eq=False)
class Unembedding:
    """What makes logits of an output: a matrix, and what a family has before and after it.

    Attributes:
        params: ``w`` (width, n_vocab) and, where there are any, ``b`` (n_vocab,); before them ``project`` (d_model,
            width), and ``dense.w`` (d_model, d_model) with ``dense.b``, ``norm.gain`` and ``norm.bias``.
        scale: multiplies the logits.
        cap: keeps them softly between -cap and cap, as ``scoring.capped`` does; None for no cap.
        activation: of the dense layer.
        norm_eps: of its norm.
        tied: whether ``w`` is the table of token vectors.
    """

    params: Params
    scale: float = 1.0
    cap: float | None = None
    activation: str = "gelu"
    norm_eps: float = 1e-5
    tied: bool = False

    def logits(self, output: Array) -> Array:
        """The logits (n_vocab,) of the token after the one with this output (d_model,)."""
        x, params = output[None], self.params  # (1, d_model)
        if "dense.w" in params:
            x = of_rows(x, params["dense.w"])
            x = x + params["dense.b"] if "dense.b" in params else x
            x = ACTIVATION_FUNCTIONS[self.activation](x)
            x = layer_norm(x, params["norm.gain"], params.get("norm.bias"), self.norm_eps)
        if "project" in params:
            x = of_rows(x, params["project"])
        logits = with_matrix(x, params, "w")[0]
        if "b" in params:
            logits = logits + params["b"]
        logits = logits * logits.dtype.type(self.scale)
        return logits if self.cap is None else capped(logits, self.cap)


def output_table(config: Block) -> str:
    """The table of the tokens that are written: the decoder's, where it has one of its own."""
    return "embed.tokens" if config.target.n_vocab is None else "decoder.embed.tokens"


def tied_unembedding(params: Params, config: Block) -> Unembedding:
    """The unembedding whose matrix is the table of token vectors, as in most small models (Press & Wolf 2017).

    Where tokens have a width of their own, outputs come to it by the transpose of what projects them.
    """
    arrays = {"w": params[output_table(config)].T}
    if config.embedding.project != "none":
        arrays["project"] = np.ascontiguousarray(params["embed.project.w"].T)
    return Unembedding(ArrayParams(arrays), tied=True)
