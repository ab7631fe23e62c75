"""From the options of a model to the model."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attnviz.cli.block_options import BlockOptions
from attnviz.cli.command import Options
from attnviz.cli.options import CommonOptions, ModelOptions
from attnviz.cli.streams import is_watched, note
from attnviz.errors import some
from attnviz.model import Model, bundled_folder, labels_path, load


def loaded(options: dict[str, Any], common: CommonOptions) -> Model:
    """The model, with its notes, and one more where its files hold unknown tensors."""
    model = load(**options)
    if model.unknown:
        many = len(model.unknown) > 1
        note(
            common,
            f"{model.info.name}: {len(model.unknown)} tensor{'s are' if many else ' is'} not known and not used "
            f"({some(model.unknown)})",
        )
    for text in model.notes:
        note(common, f"{model.name}: {text}")
    return model


def load_options(
    models: ModelOptions,
    block: BlockOptions,
    common: CommonOptions,
    labels: Path | None = None,
    *,
    decoder: bool,
    has_vectors: bool = False,
) -> dict[str, Any]:
    """The arguments of ``load``. A model, weights or seed given as a flag wins over a variable.

    Args:
        models: which model.
        block: fields that differ from its own.
        common: whether a download shows progress.
        labels: a file of labels of heads.
        decoder: whether a target text is to be run.
        has_vectors: whether vectors come in place of texts, which only random weights take.
    """
    options, fields = models.values_by_name(), block.values_by_name()
    origins: dict[str, Options] = {name: models for name in ("model", "weights") if name in options}
    origins |= {"seed": block} if "seed" in fields else {}
    flags = [name for name, group in origins.items() if name not in group.from_variables]
    for name in origins if flags else ():
        if name not in flags:
            (fields if name == "seed" else options).pop(name)
    is_random = decoder or has_vectors or _has_random_weights(models, options, fields)
    if (fields or models.config is not None) and not is_random:
        options["model"] = bundled_folder()
    named = {} if labels is None else {"labels": labels_path(labels)}
    return options | named | {"fields": fields, "decoder": decoder, "progress": is_watched(common)}


def _has_random_weights(models: ModelOptions, options: Mapping[str, object], fields: Mapping[str, object]) -> bool:
    """Whether the weights are random or of a named model, so that fields are not those of the bundled model."""
    if "seed" in fields or set(options) - {"config"}:
        return True
    if models.config is None:
        return False
    from attnviz.checkpoints.config_file import read_config

    return "seed" in read_config(models.config)
