"""Whether a stream has colours, and how many.

This is decided here and nowhere else. Rich is given the outcome: left alone it takes ``FORCE_COLOR=0`` for on, and an
empty one too, knows nothing of ``CLICOLOR``, and colours whatever runs under ``GITHUB_ACTIONS``. Nothing heavy is
imported, as help and errors ask too.
"""

from collections.abc import Mapping


def choose_color(flag: str, environ: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Whether to colour, by what decides first.

    ``--color``; ``NO_COLOR`` (not empty); ``CLICOLOR_FORCE`` or ``FORCE_COLOR`` (not empty and not 0); ``CLICOLOR=0``
    or ``FORCE_COLOR=0``; ``TERM=dumb``; and at last whether it is a terminal.
    """
    if flag != "auto":
        return flag == "always"
    if environ.get("NO_COLOR"):
        return False
    if any(environ.get(name, "") not in ("", "0") for name in ("CLICOLOR_FORCE", "FORCE_COLOR")):
        return True
    if environ.get("CLICOLOR") == "0" or environ.get("FORCE_COLOR") == "0" or environ.get("TERM") == "dumb":
        return False
    return is_terminal


def color_system(environ: Mapping[str, str]) -> str:
    """How many colours the terminal has; 256 where nothing is known of it, which nearly all have."""
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return "truecolor"
    term = environ.get("TERM", "").lower()
    if term.endswith(("-direct", "-truecolor")):
        return "truecolor"
    return "256" if "256color" in term or term in ("", "dumb") else "standard"
