"""Labels of heads that a file brings to a model."""

from dataclasses import replace
from pathlib import Path

from attnviz.errors import InputError, one_line
from attnviz.model.model import Model, PathOrText
from attnviz.model.places import BUNDLED, bundled_folder
from attnviz.trace.head_labels import LABELS_FILE

_DIGEST = 19  # characters that tell weights apart: sha256: and 12 digits


def with_file_labels(model: Model, labels: PathOrText) -> Model:
    """The model with the labels of a file.

    Raises:
        InputError: the file cannot be read, or is of another model.
    """
    from attnviz.checkpoints.labels_file import read_labels  # noqa: PLC0415 (start-up time)

    found = read_labels(labels_path(labels))
    if found.weights != model.info.weights:
        raise InputError(
            f"{one_line(labels)}: its labels are of other weights ({_short(found.weights)}) than those of {model.name} "
            f"({_short(model.info.weights)}); expected labels of this model",
            hint="attnviz probe syntax --treebank FILE --json makes them",
        )
    return replace(model, labels=found)


def labels_path(labels: PathOrText) -> Path:
    """The file of labels; ``tiny`` is that of the bundled model."""
    return bundled_folder() / LABELS_FILE if str(labels) == BUNDLED else Path(labels)


def _short(weights: str) -> str:
    return weights[:_DIGEST]
