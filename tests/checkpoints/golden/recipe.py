"""The recipe of a golden folder: a transformers class, its config, the number type of its file, a tokenizer.

Sizes are primes, and different ones, where the family allows it (a width is heads times head size). What has a default
in transformers is given another value wherever that shows whether the value was read.
"""

from collections.abc import Callable
from dataclasses import dataclass

import transformers

F32, F16, BF16 = "float32", "float16", "bfloat16"
DEFAULT_SHARP = 1.4
EAGER = {"attn_implementation": "eager", "experts_implementation": "eager"}
ROBERTA_IDS = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "type_vocab_size": 1}


@dataclass(frozen=True)
class Recipe:
    """One folder: the name of a class of transformers, the arguments of its config, and so on.

    ``texts`` replace the two usual ones. ``sharp`` scales the matrices that make queries and keys, ``seed`` the
    weights: chosen so that no head is nearly uniform or one-hot, which make.py checks. ``pair`` says that a pair of
    texts is run too, ``counts_positions`` that a text with padding tokens in it is, ``whole_rows`` that rows sum to 1:
    no sink takes a share of them. ``targets``, one for each text, are of encoder-decoders, and ``languages`` those of
    texts and targets, as the tokenizer spells them.
    """

    model: str
    dtype: str
    tokenizer: Callable[[], object]
    config: dict
    pair: bool = False
    counts_positions: bool = False
    whole_rows: bool = True
    texts: tuple[str, str] | None = None
    sharp: float = DEFAULT_SHARP
    seed: int = 0
    own_config: dict | None = None
    targets: tuple[str, str] | None = None
    languages: tuple[str, str] | None = None

    def new_model(self):
        """The model with its initial weights."""
        model_class = getattr(transformers, self.model)
        return model_class(model_class.config_class(**EAGER, **self.config))


def bert_like(hidden, heads, layers, ff, vocab, positions, **more):
    return {
        "hidden_size": hidden, "num_attention_heads": heads, "num_hidden_layers": layers, "intermediate_size": ff,
        "vocab_size": vocab, "max_position_embeddings": positions, **more,
    }  # fmt: skip


def llama_like(heads, kv_heads, head_dim, hidden, layers, ff, vocab, positions, **more):
    grouped = {"num_key_value_heads": kv_heads, "head_dim": head_dim}
    return bert_like(hidden, heads, layers, ff, vocab, positions) | grouped | more


def rope(theta, **more):
    return {"rope_parameters": {"rope_type": "default", "rope_theta": theta, **more}}
