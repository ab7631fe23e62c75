"""A tokenizer that splits each text by itself, where the ``tokenizers`` library would split it otherwise."""

from abc import ABC, abstractmethod

from attnviz.errors import InputError
from attnviz.records import dataclass
from attnviz.text.pretrained import PretrainedTokenizer
from attnviz.text.reading import check_id, check_text
from attnviz.trace.tokens import Token, Tokens


@dataclass(frozen=True, eq=False)
class TextwiseTokenizer(PretrainedTokenizer, ABC):
    """A tokenizer that finds the tokens of one text at a time; the library's object is what native files keep."""

    @property
    def usual_templates(self) -> tuple[str, str]:
        """What is around one text and around two, where ``templates`` does not say it."""
        return "$A", "$A $B"

    @abstractmethod
    def split(self, text: str, segment: int) -> list[Token]:
        """The tokens of a text alone, without special ones around it; none where it finds none."""

    def encode(self, text: str, pair: str | None = None, *, n_vocab: int) -> Tokens:
        """The tokens of a text and of a second segment, with the special tokens that the family adds.

        Raises:
            InputError: a text without tokens or with lone surrogates; an id that is not less than ``n_vocab``.
        """
        texts = {"text": text} if pair is None else {"text": text, "pair": pair}
        segments = []
        for segment, (where, segment_text) in enumerate(texts.items()):
            check_text(segment_text, where)
            segments.append(self.split(segment_text, segment))
            if not segments[-1]:
                raise InputError(f"{where}: {self.name} finds no token in it; expected at least one token")
        tokens = self._surrounded(self.templates or self.usual_templates, segments)
        for token in tokens:
            check_id(self.name, token.piece, token.id or 0, n_vocab)
        return tokens
