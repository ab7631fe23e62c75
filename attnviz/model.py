"""A model: a configuration, its weights, its tokenizer, and where they came from."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, wraps
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec

from attnviz.encoder.config.block import Block
from attnviz.encoder.config.given import Given, check_field_names
from attnviz.encoder.parameters.params import Params
from attnviz.encoder.parameters.seeded import SeededParams
from attnviz.errors import InputError, UsageError, one_line
from attnviz.text.tokenizer import BUILTIN, REGEX, Tokenizer, load_tokenizer
from attnviz.trace.head_labels import LABELS_FILE
from attnviz.trace.model_info import ModelInfo

if TYPE_CHECKING:
    from attnviz.checkpoints.checkpoint import Checkpoint
    from attnviz.trace.head_labels import HeadLabels

LoadArguments = ParamSpec("LoadArguments")
PathOrText = str | PathLike[str]

BUNDLED = "tiny"  # the trained model in the package
_DIGEST = 19  # characters that tell weights apart: sha256: and 12 digits


@dataclass(frozen=True, eq=False)
class Model:
    """A configuration, its weights, its tokenizer, and where they came from.

    Attributes:
        config: the block's fields.
        params: the weights.
        tokenizer: of its texts.
        name: short name of the model or file.
        weights: what says where the numbers came from, as ``ModelInfo`` has it; it may have to wait for that.
        has_decoder: whether it can look at a target text.
        unknown: tensors of its files that are not known and play no part here, so that something may be missing.
        notes: what was read from its files and may matter to a reader, one line each, without the model's name.
        labels: what probes found its heads to do; None where that is not known.
        loading: the arguments of ``load`` that gave it, for a process that does not share this one's memory.
    """

    config: Block
    params: Params
    tokenizer: Tokenizer
    name: str
    weights: Callable[[], str]
    has_decoder: bool = True
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    labels: "HeadLabels | None" = None
    loading: Mapping[str, object] | None = None

    @cached_property
    def info(self) -> ModelInfo:
        """What every output says about the numbers' origin; labels of other weights are not its own."""
        weights = self.weights()
        labels = self.labels if self.labels is not None and self.labels.weights == weights else None
        return ModelInfo(self.name, weights, self.config.as_dict(seed=self.params.seed), labels=labels)


def _with_arguments(load: Callable[LoadArguments, Model]) -> Callable[LoadArguments, Model]:
    """``load`` whose models know its arguments."""

    @wraps(load)
    def loaded(*arguments: LoadArguments.args, **named: LoadArguments.kwargs) -> Model:
        from inspect import signature  # noqa: PLC0415 (start-up time)

        model = load(*arguments, **named)
        given = dict(signature(load).bind(*arguments, **named).arguments)
        return replace(model, loading=given | given.pop("more_fields", {}))

    return loaded


@_with_arguments
def load(
    weights: PathOrText | None = None,
    *,
    model: PathOrText | None = None,
    revision: str | None = None,
    variant: str | None = None,
    family: str | None = None,
    progress: bool = False,
    tokenizer: str | None = None,
    config: PathOrText | None = None,
    decoder: bool = False,
    labels: PathOrText | None = None,
    fields: Mapping[str, object] | None = None,
    **more_fields: object,
) -> Model:
    """A model: the bundled one, a model folder or one of the hub, a native checkpoint, or one from a seed.

    Without any argument it is the bundled one, ``tiny``: a small trained encoder for English. With a tokenizer, a
    configuration or any field, and without ``weights`` and ``model``, the weights are random, made from ``seed``.

    Args:
        weights: a native ``.safetensors`` or ``.npz`` file.
        model: a Hugging Face model folder, ``tiny``, or the id of a model on the hub; a folder wins over both.
        revision: of the hub's model: a branch, a tag, a commit.
        variant: of the model's weights: ``fp16`` is ``model.fp16.safetensors``.
        family: a ``model_type`` that is known, such as ``llama``, to read a model of an unknown one as.
        progress: whether a download shows bars on standard error.
        tokenizer: ``word``, ``whitespace``, ``char`` (not with ``model``), ``regex:PATTERN`` (with a model that has a
            ``vocab.txt``), or the path of a ``tokenizers`` JSON file; by default the checkpoint's own, else ``word``.
        config: a TOML file of fields; ``fields`` win over it, and both win over the checkpoint's header.
        decoder: whether a target text is to be run, which the bundled model cannot.
        labels: what ``attnviz probe syntax --json`` printed for the model, or ``tiny`` for what it printed for that; by
            default ``attnviz-labels.json`` of its folder, if its shape is unchanged.
        fields: fields of ``EncoderConfig`` by name, also as keyword arguments: ``n_heads=8, mask="causal"``.
        more_fields: the same.

    Raises:
        UsageError: unknown fields, fields that do not fit each other, a seed given besides weights, or a tokenizer
            without a vocabulary besides a model.
        InputError: a file that cannot be read or is invalid.
    """
    made = _loaded_model(
        weights,
        model,
        tokenizer,
        config,
        {**(fields or {}), **more_fields},
        decoder=decoder,
        revision=revision,
        variant=variant,
        family=family,
        progress=progress,
    )
    return made if labels is None else with_file_labels(made, labels)


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


def _loaded_model(
    weights: PathOrText | None,
    model: PathOrText | None,
    tokenizer: str | None,
    config: PathOrText | None,
    given: dict[str, object],
    *,
    decoder: bool,
    revision: str | None,
    variant: str | None,
    family: str | None,
    progress: bool,
) -> Model:
    """The model of the arguments of ``load``."""
    check_field_names(given, "model")
    origins = {"seed": given.get("seed"), "weights": weights, "model": model}
    told = [name for name, value in origins.items() if value is not None]
    if len(told) > 1:
        raise UsageError(f"{', '.join(told)}: {len(told)} origins of weights are given; expected one of them")
    if model is None:
        check_unneeded(revision, variant, family)
    if not (told or given or config or tokenizer or decoder):
        return _load_folder(bundled_folder(), BUNDLED, None, given)
    if config is not None:
        from attnviz.checkpoints.config_file import read_config  # noqa: PLC0415 (start-up time)

        given = {**read_config(Path(config)), **given}
    if model is not None:
        _check_has_vocabulary(tokenizer)
        folder = find_folder(model, revision, variant=variant, progress=progress)
        return _load_folder(*folder, tokenizer, given, variant, family)
    if weights is not None:
        return _load_native(Path(weights), tokenizer, given)
    chosen = load_tokenizer(tokenizer or "word")
    if chosen.n_vocab is not None:
        given.setdefault("n_vocab", chosen.n_vocab)
    seed: int = Given.of(given, "model").value("seed")
    return seeded_model(Block(**given), chosen, seed)


def check_unneeded(revision: str | None, variant: str | None, family: str | None = None) -> None:
    """Refuses what is of a model, where none is given.

    Raises:
        UsageError: one of them is given.
    """
    if revision is not None:
        raise UsageError("revision: it is of a model on the hub, and no model is given; expected both")
    if variant is not None:
        raise UsageError("variant: it is of a model's weights, and no model is given; expected both")
    if family is not None:
        raise UsageError("as: it is the family of a model, and no model is given; expected both")


def save(model: Model, path: PathOrText, *, decoder: bool | None = None, overwrite: bool = False) -> None:
    """Writes a model to a native file, which ``load`` reads.

    Args:
        model: what ``load`` gave.
        path: the file; its ending, ``.safetensors`` or ``.npz``, says which format it has.
        decoder: whether to write a decoder; by default where the model has one.
        overwrite: replace a file of this name.

    Raises:
        UsageError: the name has another ending.
        OutputError: the file exists already, cannot be written, or would not fit the disk.
    """
    from attnviz.checkpoints.formats.native import write_native  # noqa: PLC0415 (start-up time: few commands write)

    write_native(
        Path(path),
        model.config,
        model.params,
        decoder=model.has_decoder if decoder is None else decoder,
        tokenizer_json=getattr(model.tokenizer, "json_text", None),
        overwrite=overwrite,
    )


def seeded_model(config: Block, tokenizer: Tokenizer, seed: int) -> Model:
    """A model whose weights are random, made from a seed."""
    return Model(config, SeededParams(config, seed, decoder=True), tokenizer, "seeded", lambda: f"seed:{seed}")


def _load_native(path: Path, tokenizer: str | None, given: dict[str, object]) -> Model:
    from attnviz.checkpoints.formats.native import read_native  # noqa: PLC0415 (start-up time)

    given.pop("seed", None)  # of a config file: these weights are made already
    return _loaded(read_native(path, overrides=given), one_line(path.name), tokenizer)


def _load_folder(
    path: Path,
    name: str,
    tokenizer: str | None,
    given: dict[str, object],
    variant: str | None = None,
    family: str | None = None,
) -> Model:
    from attnviz.checkpoints.huggingface.folder import read_folder  # noqa: PLC0415 (start-up time)

    given.pop("seed", None)  # of a config file: these weights are made already
    made = _loaded(read_folder(path, overrides=given, variant=variant, family_type=family), name, tokenizer)
    if given or tokenizer is not None or not (path / LABELS_FILE).is_file():
        return made
    from attnviz.checkpoints.labels_file import read_labels  # noqa: PLC0415 (start-up time)

    return replace(made, labels=read_labels(path / LABELS_FILE))


def _check_has_vocabulary(tokenizer: str | None) -> None:
    if tokenizer in BUILTIN:  # its ids are hashes: vectors of pieces that the text does not have
        raise UsageError(
            f"tokenizer: {tokenizer} has no vocabulary, and a trained model's ids mean pieces of its own; "
            "expected a tokenizers JSON file"
        )


def _loaded(checkpoint: "Checkpoint", name: str, tokenizer: str | None) -> Model:
    """The model of a checkpoint of any format, with its own tokenizer unless another is named."""
    digest = checkpoint.begin_digest()
    notes = checkpoint.notes
    chosen: Tokenizer
    if tokenizer is not None and tokenizer.startswith(REGEX) and checkpoint.regex_tokenizer is not None:
        chosen = checkpoint.regex_tokenizer(tokenizer)
    elif tokenizer is None and checkpoint.tokenizer is not None:
        chosen = pretrained = checkpoint.tokenizer()
        notes += pretrained.notes(checkpoint.config.n_vocab)
    else:
        chosen = load_tokenizer(tokenizer or "word")
    return Model(
        checkpoint.config,
        checkpoint.params,
        chosen,
        name,
        lambda: f"sha256:{digest()}",
        has_decoder=checkpoint.has_decoder,
        unknown=checkpoint.unknown,
        notes=notes,
    )


def find_folder(
    model: PathOrText, revision: str | None = None, *, variant: str | None = None, progress: bool = False
) -> tuple[Path, str]:
    """The folder of a model, and what to call it: a path, the bundled model, or one of the hub, fetched if need be.

    Raises:
        UsageError: the name is empty, or a revision of a folder is given.
        InputError: neither a folder nor a model on the hub.
    """
    if not str(model).strip():
        raise UsageError("model: the name is empty; expected a model folder, or a model's id")
    path = Path(model)
    if path.exists() or _is_path(str(model)):
        if not path.exists():
            raise InputError(
                f"{one_line(model)}: no such folder; expected a model folder, or a model's id",
                hint="of an address give OWNER/NAME alone" if "://" in str(model) else None,
            )
        if revision is not None:
            raise UsageError(f"revision: {one_line(model)} is a folder, which has none; expected a model's id")
        return path, one_line(os.path.basename(os.path.abspath(path)))
    if str(model) == BUNDLED and revision is None:
        return bundled_folder(), BUNDLED
    from attnviz.checkpoints.huggingface.hub import fetch  # noqa: PLC0415 (start-up time)

    return fetch(str(model), revision=revision, variant=variant, progress=progress), one_line(model)


def bundled_folder() -> Path:
    """The bundled model's folder in the package."""
    return Path(__file__).parent / "bundled" / BUNDLED


def _is_path(model: str) -> bool:
    """Whether a name can only be a path: ids of the hub are ``NAME`` or ``OWNER/NAME``."""
    return model.startswith((".", "/", "~")) or "\\" in model or model.endswith("/") or model.count("/") > 1
