"""Options that say how a file of attention from elsewhere is read."""

from typing import Annotated

from attnviz.cli.command import Options, option
from attnviz.cli.help.pages import ELSEWHERE


class AttentionOptions(Options):
    """What a file of ``--attention`` does not say itself."""

    axes: Annotated[
        str | None,
        option(
            ELSEWHERE,
            "--axes",
            metavar="NAMES",
            help="What each axis counts: some of batch,layer,head,query,key; - for an axis of length 1 to drop.",
        ),
    ] = None
    query_tokens: Annotated[
        str | None, option(ELSEWHERE, "--query-tokens", metavar="TEXT", help="Labels for the queries (rows).")
    ] = None
    key_tokens: Annotated[
        str | None, option(ELSEWHERE, "--key-tokens", metavar="TEXT", help="Labels for the keys (columns).")
    ] = None
