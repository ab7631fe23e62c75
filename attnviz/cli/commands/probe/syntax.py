"""``attnviz probe syntax``: the head that finds each relation of a treebank best."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.cli.command import command
from attnviz.cli.commands.probe.group import app
from attnviz.cli.groups.probes import ProbedTexts, ProbeSource, SyntaxOptions, TableOptions
from attnviz.cli.options import ModelJsonOptions

if TYPE_CHECKING:
    from attnviz.analysis.probes.syntax import SyntaxReport
    from attnviz.cli.renderings import Views

_EXAMPLES = """
attnviz probe syntax --treebank en_ewt-ud-test.conllu
attnviz probe syntax --treebank de_gsd-ud-test.conllu.gz --model ./my-bert
attnviz probe syntax --treebank en_ewt-ud-test.conllu --json > labels.json
"""


@command(
    app,
    "syntax",
    examples=_EXAMPLES,
    main="treebank model dev_share draw_seed subtypes least on_error workers json csv",
    topic="probes",
)
def syntax_heads(
    source: ProbeSource, probe: SyntaxOptions, texts: ProbedTexts, output: ModelJsonOptions, table: TableOptions
) -> None:
    """Find the best head of each syntactic relation in a treebank.

    After Clark et al. (2019). Heads are chosen on one part of the sentences and scored on the other, beside the best
    fixed distance, with a 95 % interval. --json is a file of labels for `heads`, `show` and `html` (--labels).
    """
    from attnviz.api.probes.syntax import probe_syntax
    from attnviz.cli.groups.probe_renderings import csv_or_others, probed_corpus, whole_texts
    from attnviz.output.documents.probes.syntax import syntax_document
    from attnviz.output.rendering import render

    def load_views() -> "Views[SyntaxReport]":
        from attnviz.output.terminal.tables.probes.syntax import syntax_views

        return partial(syntax_views, least=probe.least, cmap=table.cmap)

    document = partial(syntax_document, model_info=output.model_info)
    rendering = csv_or_others(source.common, document, load_views, output, table, rows="relations")
    treebank = sys.stdin.buffer if probe.treebank == Path("-") else probe.treebank
    corpus = probed_corpus(source, texts, decoder=False)
    share, seed = probe.dev_share, probe.draw_seed
    with whole_texts():
        report = probe_syntax(treebank, corpus=corpus, dev_share=share, seed=seed, subtypes=probe.subtypes)

    render([report], rendering)
