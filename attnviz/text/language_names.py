"""The languages of a source text and of a target text, as a user names them."""

from typing import NamedTuple

from attnviz.errors import UsageError


class Languages(NamedTuple):
    """Codes such as ``en_XX``; None where one is not given. ``has_target``: whether a target text is run."""

    source: str | None = None
    target: str | None = None
    has_target: bool = False


def check_no_languages(where: str, languages: Languages) -> None:
    """Refuses languages where a model has no language tokens.

    Raises:
        UsageError: one is given.
    """
    for option, code in (("source-lang", languages.source), ("target-lang", languages.target)):
        if code is not None:
            raise UsageError(
                f"{option}: {where} has no language tokens; expected a translator of several languages, such as NLLB"
            )
