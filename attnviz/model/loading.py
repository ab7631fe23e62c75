"""A model from its name, its files, or a seed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec

from attnviz.checkpoints.formats.magic import is_gguf
from attnviz.encoder.config.block import Block
from attnviz.encoder.config.given import Given, check_field_names
from attnviz.encoder.parameters.params import Params
from attnviz.encoder.parameters.seeded import SeededParams
from attnviz.errors import InputError, UsageError, one_line
from attnviz.files import is_there
from attnviz.memory import products_fault
from attnviz.model.labels import with_file_labels
from attnviz.model.model import Model, PathOrText
from attnviz.model.places import BUNDLED, bundled_folder, find_folder
from attnviz.text.language_names import Languages, check_no_languages
from attnviz.text.tokenizer import BUILTIN, REGEX, Tokenizer, load_tokenizer
from attnviz.trace.head_labels import LABELS_FILE

if TYPE_CHECKING:
    from attnviz.checkpoints.checkpoint import Checkpoint
    from attnviz.encoder.generation.unembedding import Unembedding

LoadArguments = ParamSpec("LoadArguments")


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
    source_lang: str | None = None,
    target_lang: str | None = None,
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
        source_lang: the language of source texts, for a translator with language tokens: ``en_XX``, ``eng_Latn``.
        target_lang: the language of target texts.
        config: a TOML file of fields; ``fields`` win over it, and both win over the checkpoint's header.
        decoder: whether a target text is to be run, which the bundled model cannot.
        labels: what ``attnviz probe syntax --json`` printed for the model, or ``tiny`` for what it printed for that; by
            default ``attnviz-labels.json`` of its folder, if its shape is unchanged.
        fields: fields of ``EncoderConfig`` by name, also as keyword arguments: ``n_heads=8, mask="causal"``.
        more_fields: the same.

    Raises:
        UsageError: unknown fields, fields that do not fit each other, a seed given besides weights, a tokenizer
            without a vocabulary besides a model, or a language that the model does not know.
        InputError: a file that cannot be read or is invalid.
    """
    if fault := products_fault():
        raise InputError(f"memory: a run {fault}; expected a higher limit, such as ulimit -v 500000")
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
        languages=Languages(source_lang, target_lang, decoder),
        progress=progress,
    )
    return made if labels is None else with_file_labels(made, labels)


def opened_model(model: Model | PathOrText) -> Model:
    """The model, or the one that ``load`` gives for the folder, the file or the id on the hub that names it."""
    return model if isinstance(model, Model) else load(model=model)


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
    languages: Languages,
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
        return _load_folder(bundled_folder(), BUNDLED, None, given, languages=languages)
    if config is not None:
        from attnviz.checkpoints.config_file import read_config  # noqa: PLC0415 (start-up time)

        given = {**read_config(Path(config)), **given}
    if model is not None:
        _check_has_vocabulary(tokenizer)
        folder = find_folder(model, revision, variant=variant, progress=progress)
        return _load_folder(*folder, tokenizer, given, variant, family, languages=languages)
    if weights is not None:
        return _load_native(Path(weights), tokenizer, given, languages)
    check_no_languages("a model of random weights", languages)
    return _random_weights(load_tokenizer(tokenizer or "word"), given)


def _random_weights(tokenizer: Tokenizer, given: dict[str, object]) -> Model:
    if tokenizer.n_vocab is not None:
        given.setdefault("n_vocab", tokenizer.n_vocab)
    seed: int = Given.of(given, "model").value("seed")
    return seeded_model(Block(**given), tokenizer, seed)


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


def seeded_model(config: Block, tokenizer: Tokenizer, seed: int) -> Model:
    """A model whose weights are random, made from a seed."""
    params = SeededParams(config, seed, decoder=True)
    return Model(
        config, params, tokenizer, "seeded", lambda: f"seed:{seed}", unembedding=partial(_tied, params, config)
    )


def _tied(params: Params, config: Block) -> "Unembedding":
    from attnviz.encoder.generation.unembedding import tied_unembedding  # noqa: PLC0415 (start-up time)

    return tied_unembedding(params, config)


def _load_native(path: Path, tokenizer: str | None, given: dict[str, object], languages: Languages) -> Model:
    from attnviz.checkpoints.formats.native import read_native  # noqa: PLC0415 (start-up time)

    given.pop("seed", None)  # of a config file: these weights are made already
    return _loaded(read_native(path, overrides=given), one_line(path.name), tokenizer, languages)


def _load_folder(
    path: Path,
    name: str,
    tokenizer: str | None,
    given: dict[str, object],
    variant: str | None = None,
    family: str | None = None,
    *,
    languages: Languages,
) -> Model:
    given.pop("seed", None)  # of a config file: these weights are made already
    if is_gguf(path):
        return _loaded(_read_gguf(path, given, variant, family), name, tokenizer, languages)
    from attnviz.checkpoints.huggingface.folder import read_folder  # noqa: PLC0415 (start-up time)

    made = _loaded(read_folder(path, overrides=given, variant=variant, family_type=family), name, tokenizer, languages)
    if given or tokenizer is not None or not is_there(path / LABELS_FILE):
        return made
    from attnviz.checkpoints.labels_file import read_labels  # noqa: PLC0415 (start-up time)

    return replace(made, labels=read_labels(path / LABELS_FILE))


def _read_gguf(path: Path, given: dict[str, object], variant: str | None, family: str | None) -> "Checkpoint":
    from attnviz.checkpoints.gguf.model import read_gguf  # noqa: PLC0415 (start-up time)

    if variant is not None:
        raise UsageError("variant: it is of a model folder's weights, and the model is one file; expected a folder")
    return read_gguf(path, overrides=given, architecture=family)


def _check_has_vocabulary(tokenizer: str | None) -> None:
    if tokenizer in BUILTIN:  # its ids are hashes: vectors of pieces that the text does not have
        raise UsageError(
            f"tokenizer: {tokenizer} has no vocabulary, and a trained model's ids mean pieces of its own; "
            "expected a tokenizers JSON file"
        )


def _loaded(checkpoint: "Checkpoint", name: str, tokenizer: str | None, languages: Languages) -> Model:
    """The model of a checkpoint of any format, with its own tokenizer unless another is named."""
    digest = checkpoint.begin_digest()
    notes, modes = checkpoint.notes, None
    chosen: Tokenizer
    if tokenizer is None and checkpoint.tokenizer is not None:
        pretrained = checkpoint.tokenizer()
        notes += pretrained.notes(checkpoint.config.n_vocab)
        modes = checkpoint.both_modes and checkpoint.both_modes(pretrained, languages, name)
        chosen = modes.source if modes else pretrained
        notes += modes.notes if modes else ()
    elif tokenizer is not None and tokenizer.startswith(REGEX) and checkpoint.regex_tokenizer is not None:
        chosen = checkpoint.regex_tokenizer(tokenizer)
    else:
        chosen = load_tokenizer(tokenizer or "word")
    if modes is None:
        check_no_languages(name if tokenizer is None else one_line(tokenizer), languages)
    return Model(
        checkpoint.config,
        checkpoint.params,
        chosen,
        name,
        lambda: f"sha256:{digest()}",
        has_decoder=checkpoint.has_decoder,
        read_target_tokenizer=modes and modes.target,
        unknown=checkpoint.unknown,
        notes=notes,
        unembedding=checkpoint.unembedding,
        generation=checkpoint.generation,
    )
