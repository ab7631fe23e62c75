"""Longformer (Beltagy et al. 2020): RoBERTa whose tokens see a window of their neighbours.

A model without a task sees nothing else in the published code, unless its caller names tokens that see everything.
Those of some tasks name such tokens themselves; they have projections of their own, which are not computed here.
"""

import json
from dataclasses import replace

from attnviz.checkpoints.huggingface.families import roberta
from attnviz.checkpoints.huggingface.settings import Settings
from attnviz.errors import CheckpointError

_WITH_GLOBAL_TOKENS = {
    "LongformerForSequenceClassification": "the first token",
    "LongformerForQuestionAnswering": "the question's tokens",
    "LongformerForMultipleChoice": "the question's tokens",
}


def _window(settings: Settings) -> dict[str, object]:
    """The same window in every layer; half of it on each side.

    Raises:
        CheckpointError: windows that differ or are odd, or a task whose tokens are global.
    """
    n_layers, windows = settings.number("num_hidden_layers", least=1), settings.get("attention_window", 512)
    listed = windows if isinstance(windows, list) and len(windows) == n_layers else [windows]
    width = listed[0]
    if type(width) is not int or width < 2 or width % 2 or any(other != width for other in listed):
        raise CheckpointError(
            f"{settings.where}: attention_window is {json.dumps(windows)[:40]}, which attnviz does not compute; "
            f"expected an even number, or one for each of the {n_layers} layers that is the same"
        )
    names = settings.get("architectures", [])
    for name in names if isinstance(names, list) else []:
        if isinstance(name, str) and name in _WITH_GLOBAL_TOKENS:
            raise CheckpointError(
                f"{settings.where}: architectures is {name}, in which {_WITH_GLOBAL_TOKENS[name]} see everything with "
                "projections of their own (global attention), which attnviz does not compute; expected LongformerModel",
                hint="to see its windows alone, set architectures to LongformerModel in config.json",
            )
    return {"mask": "window", "window": width // 2}


FAMILY = replace(
    roberta.FAMILY,
    name="Longformer",
    paper="Beltagy et al. 2020",
    example="allenai/longformer-base-4096",
    fields={name: rule for name, rule in roberta.FIELDS.items() if name != "mask"},
    more=_window,
    prefixes=("longformer.",),
    unused=(*roberta.HEADS, "encoder.layer.*.attention.self.*_global.*"),
    required={},
    irrelevant=("attention_mode", "ignore_attention_mask", "onnx_export", "gradient_checkpointing"),
    ignored={"is_causal": (False,), "is_decoder": (False,), "position_embedding_type": ("absolute",)},
    classes="Longformer",
)
