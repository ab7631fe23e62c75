"""An architecture of GGUF files: data that translates keys and names of tensors into those of a family.

To add one, add an entry to a file in ``architectures/``: the family whose settings it has, what of the usual keys and
names is different, and a round trip of the family's golden folder in ``tests/checkpoints/gguf``.
"""

from collections.abc import Callable, Mapping
from dataclasses import field

from attnviz.checkpoints.formats.tensor_file import TensorFile
from attnviz.checkpoints.huggingface.family import Fused, Stacked
from attnviz.checkpoints.huggingface.settings import Settings
from attnviz.encoder.config.block import Block
from attnviz.errors import CheckpointError
from attnviz.records import dataclass

# The settings behind keys, which begin with the architecture's name; its family's own name may be another one.
SETTINGS_OF_KEYS: Mapping[str, str] = {
    "context_length": "max_position_embeddings",
    "embedding_length": "hidden_size",
    "block_count": "num_hidden_layers",
    "feed_forward_length": "intermediate_size",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
}

# The matrices of a gated feed-forward: the block's letter, and the word in GGUF's names.
GATED = (("g", "gate"), ("1", "up"), ("2", "down"))

# The names of the block's modules.
TENSOR_NAMES: Mapping[str, str] = {
    "embed.tokens": "token_embd",
    "embed.positions": "position_embd",
    "embed.segments": "token_types",
    "embed.norm": "token_embd_norm",
    "layers.{}.norm1": "blk.{}.attn_norm",
    "layers.{}.norm1_out": "blk.{}.post_attention_norm",
    **{f"layers.{{}}.attn.{part}": f"blk.{{}}.attn_{part}" for part in ("q", "k", "v", "q_norm", "k_norm")},
    "layers.{}.attn.o": "blk.{}.attn_output",
    "layers.{}.norm2": "blk.{}.ffn_norm",
    "layers.{}.norm2_out": "blk.{}.post_ffw_norm",
    **{f"layers.{{}}.ffn.{own}": f"blk.{{}}.ffn_{name}" for own, name in GATED},
    "layers.{}.ffn.r": "blk.{}.ffn_gate_inp",
    "layers.{}.ffn.s": "blk.{}.ffn_gate_inp_shexp",
    **{f"layers.{{}}.ffn.shared.{own}": f"blk.{{}}.ffn_{name}_shexp" for own, name in GATED},
    "final_norm": "output_norm",
}

# The experts' tensors, all of a layer in one, each as (out, in).
STACKED_EXPERTS: Mapping[str, Stacked] = {
    f"layers.{{}}.ffn.experts.{{}}.{letter}{own}": Stacked(f"blk.{{}}.ffn_{name}_exps.{leaf}", linear=True)
    for own, name in GATED
    for letter, leaf in (("w", "weight"), ("b", "bias"))
}

FUSED_QKV = Fused("blk.{}.attn_qkv", ("layers.{}.attn.q", "layers.{}.attn.k", "layers.{}.attn.v"))
FUSED_GATE_AND_UP = Fused("blk.{}.ffn_up", ("layers.{}.ffn.g", "layers.{}.ffn.1"))

# Heads, and numbers that are read besides the tensors.
# Those of pictures and sound come from Ollama, which has them in the same file.
UNUSED_TENSORS = (
    "v.*",
    "mm.*",
    "a.*",
    "output.*",
    "rope_freqs.weight",
    "rope_factors_*.weight",
    "cls.*",
    "cls_out.*",
    "dense_?.*",
    "cls_norm.*",
)


@dataclass(frozen=True, eq=False)
class Facts:
    """The facts that a file tells of a model besides plain settings.

    Attributes:
        keys: the metadata below the architecture's name.
        file: the tensors.
        first: what the names of the first layer's tensors begin with.
    """

    keys: Settings
    file: TensorFile
    first: str = "blk.0"

    def has(self, name: str) -> bool:
        """Whether the first layer has a tensor of this name."""
        return f"{self.first}.{name}" in self.file.shapes

    @property
    def usual_d_head(self) -> int:
        """A head's width where no key says it."""
        heads = self.keys.number("attention.head_count", least=1)
        return self.keys.number("embedding_length", least=1) // heads

    @property
    def d_head(self) -> int:
        """A head's width; that of its values is the same.

        Raises:
            CheckpointError: it is not.
        """
        width = self.keys.number("attention.key_length", self.usual_d_head, least=1)
        if self.keys.number("attention.value_length", width) != width:
            raise CheckpointError(
                f"{self.keys.where}: attention.key_length is {width} and attention.value_length "
                f"{self.keys.get('attention.value_length')}, which attnviz does not compute; expected the same number"
            )
        return width

    def numbers(self, name: str) -> list[float] | None:
        """The numbers of a small tensor; None where there is none."""
        if name not in self.file.shapes:
            return None
        return [float(number) for number in self.file.array(name).ravel()]


def no_facts(facts: Facts) -> dict[str, object]:  # noqa: ARG001
    """Nothing that follows from a file."""
    return {}


@dataclass(frozen=True, eq=False)
class Architecture:
    """One architecture.

    Attributes:
        family: the ``model_type`` of the family whose rules read its settings.
        keys: keys with settings of their own, besides ``SETTINGS_OF_KEYS``; an empty one where ``more`` reads the key.
        settings: settings that llama.cpp has in its code, and no key.
        more: settings that follow from several keys, or from which tensors there are.
        fields: fields of the block that follow from them, in place of the family's.
        modules: names of modules that differ from ``TENSOR_NAMES``.
        more_modules: those that follow from facts.
        fused: tensors that hold several modules.
        stacked: the experts' tensors.
        tensors: names of tensors that are not a module's.
        orders: modules whose outputs have other places in each head.
        zero: tensors that are 0 here.
        folded: norms whose gain is stored as one row for each head.
        unused: tensors without a part in attention, besides ``UNUSED_TENSORS``.
        rotary: whether q and k are rotated.
        irrelevant: keys without a part in attention.
        variant: the architecture as a file's facts make it; None where there is one alone.
        spellings: keys under other names, as Ollama's own converter has them.
        defaults: values of keys that files leave out.
        notes: what else may change the numbers, one line each.
        first: what the names of the first layer's tensors begin with.
        latent: whether the keys' width is that of a vector that all heads share.
    """

    family: str
    keys: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)
    more: Callable[[Facts], Mapping[str, object]] = no_facts
    fields: Callable[[Facts], Mapping[str, object]] = no_facts
    modules: Mapping[str, str] = field(default_factory=dict)
    more_modules: Callable[[Facts], Mapping[str, str]] = lambda facts: {}  # noqa: ARG005
    fused: Callable[[Facts], tuple[Fused, ...]] = lambda facts: (FUSED_QKV,) if facts.has("attn_qkv.weight") else ()
    stacked: Mapping[str, Stacked] = field(default_factory=dict)
    tensors: Mapping[str, str] = field(default_factory=dict)
    orders: Mapping[str, Callable[[Block], tuple[int, ...]]] = field(default_factory=dict)
    zero: tuple[str, ...] = ()
    folded: Mapping[str, Callable[[Block], int]] = field(default_factory=dict)
    unused: tuple[str, ...] = ()
    rotary: bool = True
    irrelevant: tuple[str, ...] = ()
    variant: "Callable[[Facts], Architecture] | None" = None
    spellings: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    first: str = "blk.0"
    latent: bool = False
