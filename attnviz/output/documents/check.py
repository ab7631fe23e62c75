"""``check --json``: one object per text, its conditions with what was measured."""

from collections.abc import Mapping, Sequence

from attnviz.names import SCHEMA_NAME
from attnviz.output.documents.results import arranged_fields, head_fields, model_document, text_fields
from attnviz.trace.attention import Attention
from attnviz.trace.result import Result


def check_document(
    result: Result,
    attention: Attention,
    conditions: Sequence[Mapping[str, object]],
    where: str = "",
    *,
    model_info: bool = False,
) -> dict[str, object]:
    """The object of one text.

    Args:
        result: what was looked at.
        attention: the one of its kinds that the conditions are about.
        conditions: each with ``condition`` and the fields of its outcome.
        where: the text's place in its file; nothing for the only one.
        model_info: all fields of the model.
    """
    return {
        "schema": SCHEMA_NAME,
        **text_fields(result, where),
        "model": model_document(result.model, model_info=model_info),
        "kind": attention.kind,
        **head_fields(attention),
        **arranged_fields(attention),
        "holds": all(condition["holds"] for condition in conditions),
        "conditions": list(conditions),
    }
