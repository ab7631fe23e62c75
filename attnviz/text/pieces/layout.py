"""What a model family makes of the ids of its SentencePiece model: data of its file in ``families/``."""

from dataclasses import replace

from attnviz.records import dataclass


@dataclass(frozen=True)
class PieceLayout:
    """The ids that a family gives the pieces of its SentencePiece model, and what it puts around a text.

    Attributes:
        first: tokens before the model's pieces.
        skipped: how many of the model's first pieces are left out.
        last: tokens after the model's pieces.
        single: the tokens around one text, with ``$A`` for it.
        pair: the tokens around two texts, with the row of the segment table after each colon.
        specials: further tokens that are found in a text as wholes.
        mask: of them, the one that takes the space before it.
        lower: whether a text is lower-cased, unless ``do_lower_case`` says otherwise; None where the family cannot.
        quotes: whether two backticks or apostrophes become a quotation mark, for such families.
        keep_accents: whether accents stay, unless ``keep_accents`` says otherwise; for families that can lower-case.
        around_is_set: the tokens that begin and end a text where ``add_bos_token`` (true, unless it is said) and
            ``add_eos_token`` ask for them; nothing where these settings are not read.
        split_digits: whether pieces that end in a digit and a comma are avoided.
        extra: the spelling of numbered tokens after ``last``, the highest number first, with ``{}`` for the number.
        n_extra: how many of them, unless ``extra_ids`` says otherwise.
        vocabulary: the file that gives each piece its id, and has further tokens; empty where the order of the pieces
            does. ``last`` follows its ids.
        model: the file of the pieces, where ``vocabulary`` is needed.
        target_model: the file of the pieces of target texts; empty where it is that of source texts.
        target_vocabulary: the file of their ids where ``separate_vocabs`` says so.
        code: a pattern of what is one token at the beginning of a text; empty for none.
    """

    first: tuple[str, ...] = ()
    skipped: int = 0
    last: tuple[str, ...] = ()
    single: str = "$A"
    pair: str = "$A $B:1"
    specials: tuple[str, ...] = ()
    mask: str = ""
    lower: bool | None = None
    quotes: bool = False
    keep_accents: bool = True
    around_is_set: tuple[str, ...] = ()
    split_digits: bool = False
    extra: str = ""
    n_extra: int = 0
    vocabulary: str = ""
    model: str = ""
    target_model: str = ""
    target_vocabulary: str = ""
    code: str = ""

    @property
    def files(self) -> tuple[str, ...]:
        """The files that hold pieces and their ids; none where the ids are those of the pieces."""
        return (self.model, self.vocabulary) if self.vocabulary else ()

    def of_targets(self, *, separate: bool) -> "PieceLayout":
        """The layout of target texts."""
        vocabulary = self.target_vocabulary if separate else self.vocabulary
        return replace(self, model=self.target_model, vocabulary=vocabulary)
