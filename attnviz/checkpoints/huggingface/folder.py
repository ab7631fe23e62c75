"""A Hugging Face model folder: ``config.json``, weights, a tokenizer."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.checkpoints.checkpoint import Checkpoint
from attnviz.checkpoints.file_params import FileParams, TensorSource
from attnviz.checkpoints.formats.tensor_file import TensorFile, misfits
from attnviz.checkpoints.huggingface.family import Family
from attnviz.checkpoints.huggingface.hints import check_plain
from attnviz.checkpoints.huggingface.known_settings import check_settings, family_of_classes
from attnviz.checkpoints.huggingface.registry import families, find_family, needed_family, read_as
from attnviz.checkpoints.huggingface.setting_names import with_setting_names
from attnviz.checkpoints.huggingface.settings import Settings
from attnviz.checkpoints.huggingface.settings_file import read_settings
from attnviz.checkpoints.huggingface.storage.quantised import dequantised
from attnviz.checkpoints.huggingface.storage.renamed import RenamedFile
from attnviz.checkpoints.huggingface.storage.tensor_sources import DECODER, tensor_sources
from attnviz.checkpoints.huggingface.storage.weight_files import open_weights
from attnviz.checkpoints.huggingface.tensor_names import (
    is_unused,
    other_form,
    own_names,
    rounding_notes,
    unknown_prefix,
)
from attnviz.checkpoints.huggingface.tokenizer import read_both_modes, read_regex_tokenizer, read_tokenizer
from attnviz.encoder.config.block import Block
from attnviz.encoder.parameters.params import Params
from attnviz.encoder.parameters.shapes import Shape, tensor_shapes
from attnviz.errors import CheckpointError, ConfigError, brief, one_line

if TYPE_CHECKING:
    from attnviz.checkpoints.huggingface.rules.text_part import TextPart
    from attnviz.encoder.generation.rules import Generation
    from attnviz.encoder.generation.unembedding import Unembedding


def read_folder(
    path: Path,
    overrides: Mapping[str, object] | None = None,
    *,
    variant: str | None = None,
    family_type: str | None = None,
) -> Checkpoint:
    """Opens a model folder and checks every name and shape before any maths; tensors are read when asked for.

    Args:
        path: the folder.
        overrides: fields that replace those of ``config.json``, such as ``mask``; the tensors must still fit.
        variant: of the weights, such as ``fp16``.
        family_type: a ``model_type`` that is known, in place of the folder's own.

    Raises:
        CheckpointError: a file that is missing or damaged, a family that is not known, a setting that is not computed
            here, tensors that are missing or misshapen: all of them in one message.
        ConfigError: overrides that do not fit the folder's fields.
    """
    values, where = read_settings(path), one_line(path / "config.json")
    model_type, family, settings, notes = _read_family(values, where, family_type)
    own, config = configs_of(family, settings, overrides or {})
    notes += check_settings(settings, family)
    if (path / "adapter_config.json").is_file():
        notes += ("the folder also holds an adapter (PEFT), which is not applied: these are the heads of its base",)
    stored, paths = open_weights(path, variant)
    opened, scaled = dequantised(stored, one_line(path), values)
    notes += scaled
    checkpoint = assembled_checkpoint(
        path, where, model_type, family, settings, (own, config), opened, paths=paths, notes=notes, overrides=overrides
    )
    return replace(
        checkpoint,
        tokenizer=partial(read_tokenizer, path, family),
        regex_tokenizer=partial(read_regex_tokenizer, path, family),
        generation=partial(_generation, path, settings),
        both_modes=partial(read_both_modes, path, family),
    )


def assembled_checkpoint(
    path: Path,
    where: str,
    model_type: str,
    family: Family,
    settings: Settings,
    configs: tuple[Block, Block],
    opened: TensorFile,
    *,
    paths: tuple[Path, ...],
    notes: tuple[str, ...],
    overrides: Mapping[str, object] | None,
) -> Checkpoint:
    """The checkpoint of a family's settings and tensors, without a tokenizer, when all names and shapes fit.

    Args:
        path: what the model is read from.
        where: what holds the settings, for messages.
        model_type: in ``config.json``'s spelling.
        family: of the model.
        settings: of the model.
        configs: its own configuration, and the one with some fields replaced.
        opened: the tensors.
        paths: their files.
        notes: what may change the numbers.
        overrides: the fields that are replaced.

    Raises:
        CheckpointError: tensors that are missing or misshapen.
    """
    own, config = configs
    family = family.spelled(opened.shapes)
    shapes_of = partial(tensor_shapes, decoder=family.kind == "encoder-decoder")
    shapes = shapes_of(config)
    if overrides and _is_misfit(shapes_of(own), shapes):
        raise _misfit_error(path, own, overrides)
    sources = tensor_sources(family, shapes, config, settings)
    names = own_names(one_line(path), opened, family, _used(sources))
    has_decoder, sources = _stacks(sources, names)
    file = RenamedFile(opened, {name: names[name] for name in _used(sources) if name in names})
    expected = _stored_shapes(sources, shapes, file)
    _check(where, family, file, opened, expected, _misfit_error(path, own, overrides) if overrides else None)
    usual = tensor_sources(family, shapes_of(own), own, settings) if overrides else sources
    unused, unknown = _others(names, _used(sources), _used(usual), family)
    params = FileParams(file, one_line(path), {name: shapes[name] for name in sources}, sources)
    return Checkpoint(
        config=config,
        file=file,
        params=params,
        files=paths,
        has_decoder=has_decoder,
        model_type=model_type,
        unused=unused,
        unknown=unknown,
        notes=(*notes, *rounding_notes(names, opened, family)),
        unembedding=_unembedding(family, settings, opened, names, params, config),
    )


def _unembedding(
    family: Family, settings: Settings, file: TensorFile, names: Mapping[str, str], params: Params, config: Block
) -> Callable[[], "Unembedding"] | None:
    """What reads the unembedding, when something is generated; None where the family has none."""
    if family.head is None:
        return None
    head = family.head

    def read() -> "Unembedding":
        from attnviz.checkpoints.huggingface.generation.unembedding import read_unembedding  # noqa: PLC0415 (rare)

        return read_unembedding(head, settings, file, names, params, config)

    return read


def _generation(path: Path, settings: Settings) -> "Generation":
    from attnviz.checkpoints.huggingface.generation.generation_config import read_generation  # noqa: PLC0415 (rare)

    return read_generation(path, settings)


def _stacks(sources: Mapping[str, TensorSource], names: Collection[str]) -> tuple[bool, dict[str, TensorSource]]:
    """Whether the file has a decoder, and the places of the tensors without it where it has none."""
    decoder = {name: source for name, source in sources.items() if name.startswith(DECODER)}
    has_decoder = not _used(decoder).isdisjoint(names)
    return has_decoder, {name: source for name, source in sources.items() if has_decoder or name not in decoder}


def _used(sources: Mapping[str, TensorSource]) -> set[str]:
    """The file's tensors that native ones are made from."""
    return {name for source in sources.values() for name in source.names}


def _others(
    names: Mapping[str, str], used: Collection[str], usual: Collection[str], family: Family
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tensors that are not used: by the family's names those that are known, by the file's those that are not."""
    others = sorted(name for name in names if name not in used)
    unused = tuple(name for name in others if name in usual or is_unused(name, family))
    return unused, tuple(names[name] for name in others if name not in unused)


def _stored_shapes(
    sources: Mapping[str, TensorSource], shapes: Mapping[str, Shape], file: TensorFile
) -> dict[str, Shape]:
    """The shapes that the file's tensors must have; a table of which one row is added has any number of rows."""
    expected = {theirs: s.stored_shape(shapes[name]) for name, s in sources.items() for theirs in s.names}
    for name, source in sources.items():
        if source.added:
            expected[source.added] = (*file.shapes.get(source.added, ())[:1], *shapes[name][1:])
    return expected


def _is_misfit(own: Mapping[str, Shape], changed: Mapping[str, Shape]) -> bool:
    """Whether changed fields need tensors of other shapes, or of an additive score, which no family has."""
    return any(own.get(name, shape) != shape for name, shape in changed.items()) or any(
        name not in own and name.rpartition(".")[2].startswith("score") for name in changed
    )


def _misfit_error(path: Path, own: Block, overrides: Mapping[str, object]) -> CheckpointError:
    """The error where fields are given that the folder's tensors do not fit."""

    def changes_shapes(name: str) -> bool:
        try:
            return tensor_shapes(own.replaced({name: overrides[name]})) != tensor_shapes(own)
        except ConfigError:
            return True

    values = own.as_dict()
    names = [name for name in overrides if changes_shapes(name)] or list(overrides)
    own_fields = ", ".join(f"{name}={values.get(name)}" for name in names)
    fields = ", ".join(f"{name}={overrides[name]}" for name in names)
    return CheckpointError(
        f"{one_line(path.resolve().name)}: its weights have {own_fields}, not {fields}; expected the model's own",
        hint="for random weights of that size give --seed 0 instead of a model",
    )


def _read_family(
    values: Mapping[str, Any], where: str, family_type: str | None
) -> tuple[str, Family, Settings, tuple[str, ...]]:
    """The ``model_type``, its family, the settings that it reads, and notes.

    Files from before ``model_type`` say it by ``architectures`` alone; a model that also reads pictures has it in its
    ``text_config``.

    Args:
        values: of the ``config.json``.
        where: the file, for messages.
        family_type: a ``model_type`` that is known, in place of the folder's own.

    Raises:
        CheckpointError: it is not known, or the weights are quantised.
        UsageError: ``family_type`` is not known.
    """
    check_plain(where, values)
    notes: tuple[str, ...] = ()
    extended: dict[str, tuple[str, ...]] = {}
    model_type = values.get("model_type")
    if model_type is None:
        model_type = family_of_classes(values, families())
    if find_family(model_type) is None and (part := _text_part(values, where)) is not None:
        from attnviz.checkpoints.huggingface.rules.text_part import PICTURE_PARTS, PICTURE_SETTINGS  # noqa: PLC0415 (start-up time)

        check_plain(part.where, part.values)
        model_type, values, where, notes = part.model_type, part.values, part.where, (part.note,)
        extended = {"unused": PICTURE_PARTS, "irrelevant": PICTURE_SETTINGS}
    if family_type is not None:
        notes += (read_as(model_type, family_type),)
        model_type = family_type
    family = needed_family(model_type, where)
    more: dict[str, Any] = {name: (*getattr(family, name), *names) for name, names in extended.items()}
    family = replace(family, **more) if more else family
    return str(model_type), family, family.settings(values, where), notes


def _text_part(values: Mapping[str, Any], where: str) -> "TextPart | None":
    from attnviz.checkpoints.huggingface.rules.text_part import text_part  # noqa: PLC0415 (start-up time)

    return text_part(values, where)


def configs_of(family: Family, settings: Settings, overrides: Mapping[str, object]) -> tuple[Block, Block]:
    """The folder's own configuration, and the one with some fields replaced."""
    fields = family.config_fields(settings)
    try:
        own = Block(**fields)
    except (ConfigError, ZeroDivisionError) as error:
        raise CheckpointError(f"{settings.where}: {with_setting_names(one_line(error), family, settings)}") from error
    changed = own.replaced(overrides) if overrides else own
    return own, changed


def _check(
    where: str,
    family: Family,
    file: TensorFile,
    opened: TensorFile,
    expected: Mapping[str, Shape],
    misfit: CheckpointError | None,
) -> None:
    """Names everything that is missing or misshapen, and what may be the reason.

    Args:
        where: the file of settings.
        family: of the model.
        file: the tensors, under the family's names.
        opened: the tensors, under their own names.
        expected: the shapes by name.
        misfit: the error where given fields are the reason.
    """
    problems = misfits(file, expected)
    if not problems:
        return
    form, prefix = other_form(opened.shapes), unknown_prefix(opened.shapes, family)
    if form is not None:
        raise CheckpointError(
            f"{where}: the file holds {form}, which attnviz does not read; expected float32, float16 or bfloat16"
        )
    if prefix is None and misfit is not None:
        raise misfit
    hint = None
    if prefix is not None:
        shared = f"all names in the file begin with {brief(prefix)}"
        hint = f"{shared}, which is not a prefix of {family.name}'s names: save the model without it"
    raise CheckpointError(
        f"{where}: {', '.join(problems)}; expected the tensors of this {family.name} configuration", hint
    )
