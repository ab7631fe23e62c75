"""``attnviz probe align``: the alignment error rate of each cross-attention head."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.cli.command import command
from attnviz.cli.commands.probe.group import TOP, app
from attnviz.cli.groups.probes import AlignOptions, ProbedTexts, ProbeSource, TableOptions
from attnviz.cli.options import ModelJsonOptions

if TYPE_CHECKING:
    from attnviz.analysis.probes.align import AlignReport
    from attnviz.cli.renderings import Views

_EXAMPLES = """
attnviz probe align --pairs pairs.txt --gold gold.txt --model ./my-marian
attnviz probe align --pairs pairs.txt --gold gold.txt --row output --json
"""


@command(
    app,
    "align",
    examples=_EXAMPLES,
    main="pairs gold one_based row model top on_error workers json csv",
    topic="probes",
)
def align_heads(
    source: ProbeSource, probe: AlignOptions, texts: ProbedTexts, output: ModelJsonOptions, table: TableOptions
) -> None:
    """Score each cross-attention head as a word aligner, against links by people.

    A head links each target word to the source word that it looks at most. The alignment error rate (Och & Ney 2003)
    compares that with sure and possible links. Without a model the weights are random.
    """
    from attnviz.api.probes.align import probe_align
    from attnviz.cli.groups.probe_renderings import csv_or_others, probed_corpus, whole_texts
    from attnviz.output.documents.probes.align import align_document
    from attnviz.output.rendering import render

    def load_views() -> "Views[AlignReport]":
        from attnviz.output.terminal.tables.probes.align import align_views

        return partial(align_views, top=probe.top or TOP, cmap=table.cmap)

    document = partial(align_document, top=probe.top, model_info=output.model_info)
    rendering = csv_or_others(source.common, document, load_views, output, table, rows="heads")
    corpus = probed_corpus(source, texts, decoder=True)
    with whole_texts():
        pairs = sys.stdin.buffer if probe.pairs == Path("-") else probe.pairs
        report = probe_align(pairs, probe.gold, rows=probe.row, one_based=probe.one_based, corpus=corpus)

    render([report], rendering)
