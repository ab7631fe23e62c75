"""Options that say what the numbers and the tokens of a file of attention are."""

from collections.abc import Mapping
from typing import Annotated

from attnviz.cli.command import option
from attnviz.cli.help.pages import ELSEWHERE

Partial = Annotated[
    bool, option(ELSEWHERE, "--partial", help="Rows may sum to less than 1; what they miss is shown as rest.")
]
Padding = Annotated[
    str | None,
    option(
        ELSEWHERE,
        "--padding",
        metavar="auto|none|L,R",
        help="Tokens that are padding: auto (also by labels such as [PAD] at the ends), none, or how many at the start "
        "and at the end. [default: what the file says]",
    ),
]
Special = Annotated[
    str | None,
    option(
        ELSEWHERE,
        "--special",
        metavar="TEXT",
        help="Labels of special tokens, separated by spaces. [default: what the file or the labels say]",
    ),
]


def value_options(*, partial: bool, padding: str | None, special: str | None) -> Mapping[str, object]:
    """The fields of ``ReadOptions`` that these options say.

    Raises:
        UsageError: padding that is not one of the choices.
        InputError: labels that cannot be read.
    """
    from attnviz.elsewhere.tokens.padding import parse_padding
    from attnviz.elsewhere.tokens.token_list import token_list

    return {
        "partial": partial,
        "padding": None if padding is None else parse_padding(padding),
        "special": None if special is None else token_list(special, "special") if special.strip() else [],
    }
