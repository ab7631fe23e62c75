"""The families that load: those of ``families/``, and those that other packages register.

A package registers one with an entry point of the group ``attnviz.families``: its name is the ``model_type``, its
value the place of the ``Family``. In its ``pyproject.toml``::

    [project.entry-points."attnviz.families"]
    mymodel = "my_package.my_module:FAMILY"

Families of this package win over others of their name. Reading the entry points takes 50 ms, so that it happens only
for a ``model_type`` that this package does not have, and where families are listed.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from attnviz.checkpoints.huggingface.family import Family
from attnviz.checkpoints.huggingface.rules.refused import refusal_of
from attnviz.encoder.config.values import nearest
from attnviz.errors import CheckpointError, UsageError, brief

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

PLUGIN_GROUP = "attnviz.families"
_SPELLED_WITH_A_HYPHEN = (
    "bert_generation",
    "blenderbot_small",
    "data2vec_text",
    "deberta_v2",
    "megatron_bert",
    "modernbert_decoder",
    "openai_gpt",
    "roberta_prelayernorm",
    "xlm_roberta",
    "xlm_roberta_xl",
)


def find_family(model_type: object) -> Family | None:
    """The family of a ``model_type``; None where it is not known.

    Raises:
        CheckpointError: another package registers it, and it cannot be loaded from there.
    """
    if not isinstance(model_type, str):
        return None
    if model_type in built_in_types():
        return _built_in(model_type)
    plugin = _plugins().get(model_type)
    return None if plugin is None else _load_plugin(plugin)


def needed_family(model_type: object, where: str) -> Family:
    """The family of a ``model_type``.

    Raises:
        CheckpointError: it is missing or not known, or has no attention; or it is a plug-in's, which cannot be loaded.
    """
    refusal, family = refusal_of(model_type), find_family(model_type)
    if family is None and refusal is not None:
        raise CheckpointError(
            f"{where}: model_type {brief(model_type)!r} is {refusal.reason}; expected {refusal.expected}"
        )
    if family is None:
        known = family_types()
        fault = f"model_type {brief(model_type)!r} is not known{nearest(str(model_type), known)}"
        raise CheckpointError(
            f"{where}: {'it has no model_type' if model_type is None else fault}; "
            f"expected one of the {len(known)} that `attnviz models` lists",
            hint="--as TYPE reads it as a known family, and --attention FILE shows what another program computed",
        )
    return family


def read_as(model_type: object, family_type: str) -> str:
    """The note that a model of one type is read as one of another.

    Raises:
        UsageError: the other is not known.
    """
    known = family_types()
    if family_type not in known:
        raise UsageError(
            f"as: {brief(family_type)!r} is not known{nearest(family_type, known)}; "
            "expected one of those that `attnviz models` lists"
        )
    said = "missing" if model_type is None else brief(model_type)
    return f"model_type is {said}, read as {family_type} (--as): the numbers may differ from the model's own"


def family_types() -> tuple[str, ...]:
    """All values of ``model_type`` that are known, with those that other packages register."""
    return tuple(sorted({*built_in_types(), *_plugins()}))


def families() -> Mapping[str, Family]:
    """All families that can be loaded, by their ``model_type``."""
    built_in = {model_type: _built_in(model_type) for model_type in built_in_types()}
    loaded = {model_type: _family_or_fault(plugin) for model_type, plugin in _plugins().items()}
    return built_in | {model_type: family for model_type, family in loaded.items() if isinstance(family, Family)}


def plugin_faults() -> tuple[str, ...]:
    """One line for each family of another package that cannot be loaded."""
    loaded = map(_family_or_fault, _plugins().values())
    return tuple(str(fault) for fault in loaded if isinstance(fault, CheckpointError))


@cache
def built_in_types() -> tuple[str, ...]:
    """The values of ``model_type`` that this package has a family for."""
    from attnviz.checkpoints.huggingface import families as package  # noqa: PLC0415 (only where families are needed)

    names = sorted(module.name for module in iter_modules(package.__path__))
    return tuple(name.replace("_", "-") if name in _SPELLED_WITH_A_HYPHEN else name for name in names)


def _built_in(model_type: str) -> Family:
    module = import_module(f"attnviz.checkpoints.huggingface.families.{model_type.replace('-', '_')}")
    family: Family = module.FAMILY
    return family


def _plugins() -> "dict[str, EntryPoint]":
    """The entry points of other packages by ``model_type``; the first of a name, and none of a built-in name."""
    from importlib.metadata import entry_points  # noqa: PLC0415 (takes 50 ms)

    plugins: dict[str, EntryPoint] = {}
    for plugin in entry_points(group=PLUGIN_GROUP):
        if plugin.name not in built_in_types():
            plugins.setdefault(plugin.name, plugin)
    return plugins


def _family_or_fault(plugin: "EntryPoint") -> Family | CheckpointError:
    try:
        return _load_plugin(plugin)
    except CheckpointError as error:
        return error


def _load_plugin(plugin: "EntryPoint") -> Family:
    try:
        family = plugin.load()
    except Exception as error:  # whatever the other package's code raises
        raise _fault(plugin, f"cannot be loaded ({type(error).__name__}: {brief(error)})") from error
    if not isinstance(family, Family):
        raise _fault(plugin, f"is of type {type(family).__name__}")
    return family


def _fault(plugin: "EntryPoint", fault: str) -> CheckpointError:
    package = "" if plugin.dist is None else f" of {brief(plugin.dist.name)}"
    return CheckpointError(
        f"family {brief(plugin.name)}: its plug-in {brief(plugin.value)}{package} {fault}; expected a Family",
        hint="update or uninstall that package",
    )
