"""The options of many texts."""

from typing import Annotated, Literal

from attnviz.cli.command import Options, option
from attnviz.cli.help.pages import MANY


class ManyOptions(Options):
    """What becomes of texts that cannot be used, and how fast the others go."""

    on_error: Annotated[
        Literal["stop", "skip"],
        option(MANY, "--on-error", help="On an invalid line: stop, or skip it with a note. [default: stop]"),
    ] = "stop"
    threads: Annotated[
        int | None,
        option(
            MANY,
            "--threads",
            metavar="N",
            min=1,
            help="Threads that compute a text. [default: 1; of long texts all CPUs there are]",
        ),
    ] = None


class WorkerOptions(Options):
    """For commands whose texts can be shared out."""

    workers: Annotated[
        int | None,
        option(
            MANY,
            "--workers",
            metavar="N",
            min=1,
            help="Processes that share the lines of a file or a pipe. [default: the CPUs there are]",
        ),
    ] = None
    dask: Annotated[
        str | None,
        option(
            MANY,
            "--dask",
            metavar="ADDRESS",
            help="Share the lines among the workers of a Dask scheduler: tcp://HOST:8786, or local:N for N processes. "
            "Also --cluster ADDRESS.",
        ),
    ] = None
