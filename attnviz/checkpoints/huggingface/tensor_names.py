"""A file's tensors by the names its family has for them: without what wrappers and heads put before or into a name."""

import fnmatch
from collections.abc import Collection, Iterator, Mapping
from itertools import takewhile

from attnviz.checkpoints.formats.tensor_file import TensorFile
from attnviz.checkpoints.huggingface.family import Family
from attnviz.errors import CheckpointError, brief

# What may stand before any family's names: models with a head (model., transformer.), DataParallel and Lightning
# (module., model.), PEFT after merging (base_model.model.), sentence-transformers, models that also read pictures.
WRAPPERS = (
    "language_model.",
    "text_model.",
    "model.",
    "transformer.",
    "module.",
    "base_model.model.",
    "0.auto_model.",
    "auto_model.",
)
# What may stand anywhere in a name: torch.compile, FSDP and checkpointing of a part of a model.
INSIDE = ("_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.")
_RENAMED = {".gamma": ".weight", ".beta": ".bias"}  # of norms in files from before 2020
# Parts of names that only some files have: tensors that stand for a matrix in another form.
_OTHER_FORMS = {
    "quantised weights (GPTQ or AWQ)": (".qweight", ".qzeros", ".g_idx"),
    "quantised weights (bitsandbytes)": (".SCB", ".absmax", ".quant_map", ".quant_state."),
    "packed weights of less than 8 bits": (
        ".weight_packed",
        ".weight_shape",
        ".weight_scale_2",
        ".weight_global_scale",
    ),
    "quantised weights (quanto)": (".weight._data", ".weight._scale"),
    "quantised weights (fp8)": (".weight_scale", ".weight_scale_inv", ".input_scale"),
    "an adapter that is not merged (LoRA)": (".lora_A.", ".lora_B.", ".base_layer."),
}


def own_names(where: str, file: TensorFile, family: Family, needed: Collection[str]) -> dict[str, str]:
    """The file's names by the family's own.

    Args:
        where: the folder, for messages.
        file: its tensors.
        family: the model's.
        needed: the family's names of the tensors that the model is made of.

    Raises:
        CheckpointError: two tensors with the same name of the family.
    """
    names: dict[str, str] = {}
    for theirs in file.shapes:
        own = _own_name(theirs, family, needed)
        if own in names:
            raise CheckpointError(f"{where}: it has {brief(names[own])} and {brief(theirs)}; expected one of the two")
        names[own] = theirs
    return _with_copies(names, family, needed)


def _with_copies(names: dict[str, str], family: Family, needed: Collection[str]) -> dict[str, str]:
    """The names, with a copy of each needed tensor that the file has under another name alone."""
    for name, copies in family.copies.items():
        copy = next((copy for copy in copies if copy in names), None)
        if copy is not None and name in needed and name not in names:
            names[name] = names.pop(copy)
    return names


def _own_name(theirs: str, family: Family, needed: Collection[str]) -> str:
    """The longest rest of a name that the model needs, or that a head is known by; else without the family's prefix."""
    rests = list(_rests(theirs, (*family.prefixes, *WRAPPERS)))
    for rest in rests:
        if rest in needed:
            return rest
    for rest in rests:
        if is_unused(rest, family):
            return rest
    prefix = next((prefix for prefix in family.prefixes if theirs.startswith(prefix)), "")
    return theirs.removeprefix(prefix)


def _rests(theirs: str, prefixes: tuple[str, ...]) -> Iterator[str]:
    """The name in today's spelling, and what is left of it without one prefix, without two, ..."""
    name = theirs
    for wrapper in INSIDE:
        name = name.replace(wrapper, "")
    for old, new in _RENAMED.items():
        if name.endswith(old):
            name = name.removesuffix(old) + new
    yield name
    while prefix := next((prefix for prefix in prefixes if name.startswith(prefix)), ""):
        name = name.removeprefix(prefix)
        yield name


def is_unused(name: str, family: Family) -> bool:
    """True for a tensor, by the family's name, that is known to play no part in attention."""
    is_copy = any(name in copies for copies in family.copies.values())
    return is_copy or any(fnmatch.fnmatchcase(name, pattern) for pattern in family.unused)


def rounding_notes(names: Mapping[str, str], file: TensorFile, family: Family) -> Iterator[str]:
    """A note where the published code takes numbers from the file that are rounded more than float32.

    Args:
        names: the file's, by the family's own.
        file: the tensors.
        family: of the model.
    """
    found = [name for name in names if any(fnmatch.fnmatchcase(name, pattern) for pattern in family.rounded)]
    kinds = sorted({file.dtypes[names[name]] for name in found} - {"F32", "F64"})
    if kinds:
        yield (
            f"{brief(names[found[0]])} is stored as {kinds[0]}: {family.name} in transformers takes these rounded "
            "numbers, attnviz the exact ones"
        )


def other_form(shapes: Mapping[str, tuple[int, ...]]) -> str | None:
    """The form of matrices that are not plain, by their names; None for plain ones."""
    for form, parts in _OTHER_FORMS.items():
        if any(part in f"{name}." if part.endswith(".") else name.endswith(part) for name in shapes for part in parts):
            return form
    return None


def unknown_prefix(names: Collection[str], family: Family) -> str | None:
    """The common start of all names, up to a dot, where that is not a known prefix; None where they share nothing."""
    first, last = min(names, default=""), max(names, default="")
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False)))
    prefix = first[: first.rfind(".", 0, shared) + 1]
    rest = list(_rests(prefix, (*family.prefixes, *WRAPPERS)))[-1]
    return prefix if rest and len(names) > 1 else None
