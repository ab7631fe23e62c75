"""What a model family makes of the ids of its SentencePiece model: data of its file in ``families/``."""

from dataclasses import dataclass


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
