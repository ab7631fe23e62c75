"""A text made ready for the stack."""

from attnviz.encoder.embedding import Sequence
from attnviz.records import dataclass
from attnviz.trace.tokens import Tokens


@dataclass(frozen=True, eq=False)
class Prepared:
    """A text made ready for the stack: its tokens and what enters the stack for them.

    ``where``: its place among several, ``texts.txt, line 3``. ``cuts``: a note for each text that was too long.
    ``n_given``: the characters of the text before what the model wrote; None where it wrote nothing after it.
    """

    source: Sequence
    tokens: Tokens
    text: str | None = None
    pair: str | None = None
    target_text: str | None = None
    target: Sequence | None = None
    target_tokens: Tokens = ()
    where: str = ""
    cuts: tuple[str, ...] = ()
    n_given: int | None = None

    @property
    def n_tokens(self) -> int:
        """The number of tokens of the text, or of its target if that is longer."""
        return max(len(self.tokens), len(self.target_tokens))

    def sides(self, kind: str) -> tuple[Tokens, Tokens]:
        """The queries and the keys of a kind of attention."""
        return (
            self.tokens if kind == "encoder" else self.target_tokens,
            self.target_tokens if kind == "decoder" else self.tokens,
        )
