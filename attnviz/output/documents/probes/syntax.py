"""``probe syntax --json``: one row per relation, with its best head. ``--labels`` reads it."""

from attnviz.analysis.probes.relations import relation_words
from attnviz.analysis.probes.syntax import EVERY, RelationScore, SyntaxReport
from attnviz.names import SCHEMA_NAME
from attnviz.output.documents.results import model_document


def syntax_document(report: SyntaxReport, *, model_info: bool = False) -> dict[str, object]:
    """The object of a report, with all fields of the model where ``model_info`` asks for them."""
    return {
        "schema": SCHEMA_NAME,
        "probe": "syntax",
        "model": model_document(report.attention.model, model_info=model_info),
        "kind": report.attention.kind,
        "treebank": report.name,
        "sentences": report.sentences,
        "dev_sentences": report.n_dev,
        "dev_share": report.dev_share,
        "seed": report.seed,
        "lost": report.lost,
        "relations": [_row(report, score) for score in report.scores],
    }


def score_label(score: RelationScore) -> str:
    """Which word looks at which: ``subject -> verb``; of all relations together ``any word -> its head``."""
    name = score.relation
    if name == EVERY:
        return "word -> its head" if score.direction == "dependent->head" else "head -> its word"
    return relation_words(name, score.direction)


def _row(report: SyntaxReport, score: RelationScore) -> dict[str, object]:
    layer, head = report.head_of(score)
    return {
        "relation": score.relation,
        "label": score_label(score),
        "layer": layer,
        "head": head,
        "direction": score.direction,
        "dev_count": score.dev_count,
        "dev_rate": score.dev_rate,
        "count": score.count,
        "rate": score.rate,
        "low": score.low,
        "high": score.high,
        "offset": score.offset,
        "offset_rate": score.offset_rate,
        "beats_offset": score.beats_offset,
    }
