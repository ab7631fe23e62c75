"""A configuration, its weights, its tokenizer, and where they came from."""

from collections.abc import Callable, Mapping
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING

from attnviz.encoder.config.block import Block
from attnviz.encoder.parameters.params import Params
from attnviz.records import dataclass
from attnviz.text.tokenizer import Tokenizer
from attnviz.trace.model_info import ModelInfo

if TYPE_CHECKING:
    from attnviz.encoder.generation.rules import Generation
    from attnviz.encoder.generation.unembedding import Unembedding
    from attnviz.trace.head_labels import HeadLabels

PathOrText = str | PathLike[str]


@dataclass(frozen=True, eq=False)
class Model:
    """A configuration, its weights, its tokenizer, and where they came from.

    Attributes:
        config: the block's fields.
        params: the weights.
        tokenizer: of its texts.
        name: short name of the model or file.
        weights: what says where the numbers came from, as ``ModelInfo`` has it; it may have to wait for that.
        has_decoder: whether it can look at a target text.
        read_target_tokenizer: reads the tokenizer of target texts; None where it is that of source texts.
        unknown: tensors of its files that are not known and play no part here, so that something may be missing.
        notes: what was read from its files and may matter to a reader, one line each, without the model's name.
        labels: what probes found its heads to do; None where that is not known.
        loading: the arguments of ``load`` that gave it, for a process that does not share this one's memory.
        unembedding: reads what makes logits of its outputs; None where nothing does.
        generation: reads the rules of generation; None for no rules.
    """

    config: Block
    params: Params
    tokenizer: Tokenizer
    name: str
    weights: Callable[[], str]
    has_decoder: bool = True
    read_target_tokenizer: Callable[[], Tokenizer] | None = None
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    labels: "HeadLabels | None" = None
    loading: Mapping[str, object] | None = None
    unembedding: "Callable[[], Unembedding] | None" = None
    generation: "Callable[[], Generation] | None" = None

    @cached_property
    def target_tokenizer(self) -> Tokenizer:
        """The tokenizer of target texts."""
        return self.tokenizer if self.read_target_tokenizer is None else self.read_target_tokenizer()

    @cached_property
    def batch_params(self) -> Params:
        """The weights for many texts at once."""
        return self.params.row_major()

    @cached_property
    def info(self) -> ModelInfo:
        """What every output says about the numbers' origin; labels of other weights are not its own."""
        weights = self.weights()
        labels = self.labels if self.labels is not None and self.labels.weights == weights else None
        return ModelInfo(self.name, weights, self.config.as_dict(seed=self.params.seed), labels=labels)
