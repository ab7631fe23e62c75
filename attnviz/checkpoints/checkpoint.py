"""A checkpoint: what every format of trained models gives, so that all of them load by one path."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.checkpoints.digest import begin_digest
from attnviz.checkpoints.formats.tensor_file import TensorFile
from attnviz.encoder.config.block import Block
from attnviz.encoder.parameters.params import Params
from attnviz.records import dataclass

if TYPE_CHECKING:
    from attnviz.encoder.generation.rules import Generation
    from attnviz.encoder.generation.unembedding import Unembedding
    from attnviz.text.language_names import Languages
    from attnviz.text.languages import BothModes
    from attnviz.text.pretrained import PretrainedTokenizer
    from attnviz.text.regex import RegexTokenizer


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A configuration, its tensors and tokenizer, and what else a reader should know of them.

    A format is a function that takes a path and fields that replace the checkpoint's own, and returns a Checkpoint:
    ``read_native`` for one native file, ``read_folder`` for a Hugging Face folder. A single file can be all of it.

    Attributes:
        config: the block's fields.
        file: the tensors as they are stored; of a folder only those that are used, under its family's names.
        params: the tensors under native names, read when they are asked for.
        files: where the tensors are stored.
        tokenizer: reads the checkpoint's own tokenizer; None where it has none.
        regex_tokenizer: the tokenizer of ``regex:PATTERN`` with the checkpoint's vocabulary; None where it has none.
        both_modes: the tokenizers of source and target texts in two languages, from its own tokenizer and the model's
            name; None where there is one tokenizer for all texts.
        has_decoder: whether there are tensors of a decoder.
        hash_all: whether the digest is always of all bytes, however large the files are.
        model_type: the family in ``config.json``'s spelling; empty for the native format.
        unused: tensors that are known and play no part in attention.
        unknown: tensors that are not known: something may be missing from the computation.
        notes: what else may change the numbers, one line each.
        unembedding: reads what makes logits of an output, when something is generated; None where nothing does.
        generation: reads the rules of generation; None for no rules.
    """

    config: Block
    file: TensorFile
    params: Params
    files: tuple[Path, ...]
    tokenizer: "Callable[[], PretrainedTokenizer] | None" = None
    regex_tokenizer: "Callable[[str], RegexTokenizer] | None" = None
    both_modes: "Callable[[PretrainedTokenizer, Languages, str], BothModes] | None" = None
    has_decoder: bool = False
    hash_all: bool = False
    model_type: str = ""
    unused: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unembedding: "Callable[[], Unembedding] | None" = None
    generation: "Callable[[], Generation] | None" = None

    def begin_digest(self) -> Callable[[], str]:
        """Starts the digest that identifies the weights; the function that is returned waits for it."""
        return begin_digest(self.files, self.file, hash_all=self.hash_all)
