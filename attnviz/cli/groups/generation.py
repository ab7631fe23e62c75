"""The options of a text that the model goes on with."""

from typing import Annotated

from attnviz.cli.command import option
from attnviz.cli.help.pages import INPUT

Generate = Annotated[
    int | None,
    option(
        INPUT,
        "--generate",
        metavar="[N]",
        help="Let the model write up to N tokens [32]: what follows TEXT, or as an encoder-decoder its target.",
    ),
]
Stop = Annotated[str | None, option(INPUT, "--stop", metavar="TEXT", help="Text that ends what --generate writes.")]
