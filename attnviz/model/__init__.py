"""A model: a configuration, its weights, its tokenizer, and where they came from."""

from attnviz.model.labels import labels_path, with_file_labels
from attnviz.model.loading import check_unneeded, load, opened_model, seeded_model
from attnviz.model.model import Model, PathOrText
from attnviz.model.places import BUNDLED, bundled_folder, find_folder
from attnviz.model.saving import save

__all__ = [
    "BUNDLED",
    "Model",
    "PathOrText",
    "bundled_folder",
    "check_unneeded",
    "find_folder",
    "labels_path",
    "load",
    "opened_model",
    "save",
    "seeded_model",
    "with_file_labels",
]
