"""``attnviz probe repeat``: induction, duplicate-token and previous-token heads, by random tokens twice in a row."""

from functools import partial
from typing import TYPE_CHECKING

from attnviz.cli.command import command
from attnviz.cli.commands.probe.group import TOP, app
from attnviz.cli.groups.probes import ProbeSource, RepeatOptions, TableOptions
from attnviz.cli.options import ModelJsonOptions

if TYPE_CHECKING:
    from attnviz.analysis.probes.repeat import RepeatReport
    from attnviz.cli.renderings import Views

_EXAMPLES = """
attnviz probe repeat --model ./my-gpt2
attnviz probe repeat --length 25 --batch 20 --sort induction
attnviz probe repeat --null 0 --json
"""


@command(
    app,
    "repeat",
    examples=_EXAMPLES,
    main="model length batch draw_seed null sort top json csv",
    topic="probes",
)
def repeat_heads(source: ProbeSource, probe: RepeatOptions, output: ModelJsonOptions, table: TableOptions) -> None:
    """Score how much each head looks at what was there before.

    Random tokens, twice in a row: a head that looks at what followed a token's first occurrence is an induction head.
    Scores are compared with models of random weights (z).
    """
    from attnviz.api.probes.repeat import probe_repeat
    from attnviz.cli.groups.loading import load_options
    from attnviz.cli.groups.probe_renderings import csv_or_others, probed_model
    from attnviz.cli.streams import progress
    from attnviz.output.documents.probes.repeat import repeat_document
    from attnviz.output.rendering import render

    def load_views() -> "Views[RepeatReport]":
        from attnviz.output.terminal.tables.probes.repeat import repeat_views

        return partial(repeat_views, sort=probe.sort, top=probe.top or TOP, cmap=table.cmap)

    document = partial(repeat_document, sort=probe.sort, top=probe.top, model_info=output.model_info)
    rendering = csv_or_others(source.common, document, load_views, output, table, rows="heads")
    loading = load_options(source.models, source.block, source.common, decoder=False)
    model = probed_model(loading, source.common)
    with progress(source.common, "models") as step:
        report = probe_repeat(
            model, length=probe.length, batch=probe.batch, seed=probe.draw_seed, null=probe.null, step=step
        )
    render([report], rendering)
