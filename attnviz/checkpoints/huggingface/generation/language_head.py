"""The language head of a family as data: the tensors that make logits of an output. Only generation reads them."""

from typing import Any

from attnviz.checkpoints.huggingface.settings import SettingRule, Settings
from attnviz.records import dataclass


@dataclass(frozen=True, eq=False)
class LanguageHead:
    """Where a family's files have what makes logits.

    What follows from settings is a value, or a rule that reads it from ``config.json``.

    Attributes:
        modules: the file's name of the linear layer to the vocabulary, today's first.
        tied: whether its matrix is the table of token vectors where the file does not have it, unless
            ``tie_word_embeddings`` says otherwise.
        reads_tied: whether that setting is read; the published code of T5 does not.
        bias: whether it has a bias.
        more_bias: a tensor (1, n_vocab) that is added to the logits, where the file has it; empty for none.
        scale: multiplies the logits.
        cap: keeps them softly between -cap and cap; None for no cap.
        project: the linear layer from the model's width to that of tokens, where they differ; empty for none.
        dense: a linear layer before all that, with ``activation``; empty for none.
        norm: the layer norm after it.
        activation: of the dense layer.
        biased: whether the dense layer and the norm have a bias.
        norm_eps: of the norm.
    """

    modules: tuple[str, ...] = ("lm_head",)
    tied: bool = True
    reads_tied: bool = True
    bias: bool | SettingRule = False
    more_bias: str = ""
    scale: float | SettingRule = 1.0
    cap: float | SettingRule | None = None
    project: str = ""
    dense: str = ""
    norm: str = ""
    activation: str | SettingRule = "gelu"
    biased: tuple[bool, bool] | SettingRule = (True, True)
    norm_eps: float | SettingRule = 1e-5

    def value(self, name: str, settings: Settings) -> Any:
        """One of these where it is a rule."""
        value = getattr(self, name)
        return value(settings) if callable(value) else value

    def is_tied(self, settings: Settings) -> bool:
        """Whether the table of token vectors is the matrix, where the file has no other."""
        if not self.reads_tied:
            return self.tied
        tied: bool = settings.one_of("tie_word_embeddings", {True: True, False: False}, self.tied)
        return tied
