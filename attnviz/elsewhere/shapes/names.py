"""Which arrays of a file are attention, of which kind, and of which layers and heads, by their names."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from attnviz.elsewhere.files.array_files import ArrayFile
from attnviz.elsewhere.files.file_types import EAGER_HINT
from attnviz.errors import InputError, brief, some
from attnviz.records import dataclass

# Whole names, of transformers and others, without case; "" is for a kind that the name leaves open.
_KIND_OF_NAME = {
    **dict.fromkeys(("", "attention", "attentions", "attn", "attns", "attn_weights", "attention_weights"), ""),
    **dict.fromkeys(("attention_probs", "attn_probs", "attn_output_weights", "self_attention", "self_attentions"), ""),
    **dict.fromkeys(("attention_scores", "attn_scores"), ""),
    **dict.fromkeys(("encoder_attention", "encoder_attentions"), "encoder"),
    **dict.fromkeys(("decoder_attention", "decoder_attentions"), "decoder"),
    **dict.fromkeys(("cross_attention", "cross_attentions"), "cross"),
}
_TRANSFORMERS = ("attentions", "encoder_attentions", "decoder_attentions", "cross_attentions")
_CROSS = re.compile("cross|enc_?dec|encoder_decoder|decoder.*encoder_att", re.IGNORECASE)
_SCORES = re.compile("scores", re.IGNORECASE)
_HEAD = re.compile(r"(head|^[\W_]*h)s?[\W_]*$", re.IGNORECASE)  # before the number of a head: L0H1, layer_0_head_1
# What may stand around the number of a layer where nothing else says that arrays are attention.
_NUMBERED = re.compile("att|pattern|probs|scores|^weights|head|^arr|layer|block|step|^l?h?$", re.IGNORECASE)
_PATTERN = re.compile("pattern|weights|probs|scores", re.IGNORECASE)
_OTHER = re.compile("hidden|embed|mlp|resid|logit|bias|norm|query|key|value|hook_[qkvz]|_proj", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class NamedArray:
    """The array of one kind of attention, whole or in numbered parts.

    Attributes:
        kind: ``encoder``, ``decoder``, ``cross``, or empty where the name leaves it open.
        name: for the messages.
        value: an array or nested lists; None where there are parts.
        parts: by number: of layers, or of layers and heads; or of the steps of a generation.
        is_scores: whether its name says that it holds scores.
        keys: the names in the file.
    """

    kind: str
    name: str
    value: object = None
    parts: Mapping[tuple[int, ...], object] = field(default_factory=dict)
    is_scores: bool = False
    keys: tuple[str, ...] = ()

    @property
    def is_of_transformers(self) -> bool:
        """Whether it is called like an output of transformers, whose second axis is the batch."""
        return self.name.lower() in _TRANSFORMERS


@dataclass(frozen=True)
class _Group:
    """Names that differ only in their numbers."""

    stem: str
    names: tuple[str, ...]
    numbers: tuple[tuple[int, ...], ...]

    @property
    def kind(self) -> str:
        """The kind that the words around the numbers name."""
        return kind_in_words(self.stem)


def kind_in_words(stem: str) -> str:
    """The kind that a longer name means; empty where it names none.

    >>> [kind_in_words(stem) for stem in ("decoder.layers.encoder_attn", "decoder.block", "blocks.attn.hook_pattern")]
    ['cross', 'decoder', '']
    """
    if _CROSS.search(stem):
        return "cross"
    return next((kind for kind in ("decoder", "encoder") if kind in stem.lower()), "")


def named_arrays(content: Mapping[str, object], where: str, *, scores: bool = False) -> list[NamedArray]:
    """The arrays of attention among those of a file.

    Args:
        content: the file's arrays, or the object's values, by name.
        where: for the messages.
        scores: whether scores are asked for, where there are both weights and scores.

    Raises:
        InputError: none of them is attention, or several may be.
    """
    held = (
        {name.lower(): name for name in content if not _is_none(content[name])}
        if not isinstance(content, ArrayFile)
        else {name.lower(): name for name in content}
    )
    exact = [
        NamedArray(
            kind, held[name] or "attention", _value(content, held[name]), is_scores="scores" in name, keys=(held[name],)
        )
        for name, kind in _KIND_OF_NAME.items()
        if name in held
    ]
    if exact:
        return _one_a_kind(exact, where, scores)
    _check_not_none(content, where)
    groups = list(_groups(name for name in content if _n_axes(content, name) >= 2))
    fitting = [group for group in groups if _NUMBERED.search(group.stem) and not _OTHER.search(group.stem)]
    if fitting:
        fitting = [group for group in fitting if _PATTERN.search(group.stem)] or fitting
        return _one_a_kind([_of_group(group, content) for group in fitting], where, scores)
    name = _only_matrix(content)
    if name is not None:
        is_scores = bool(_SCORES.search(name))
        return [NamedArray(kind_in_words(name), brief(name), _value(content, name), is_scores=is_scores, keys=(name,))]
    raise _none_found(content, where)


def without_nesting(content: Mapping[str, object]) -> Mapping[str, object]:
    """The values of an object, those of objects of lists in it by both names: ``attentions.0``."""
    inner = {
        name: value
        for name, value in content.items()
        if isinstance(value, dict) and value and all(isinstance(item, list) for item in value.values())
    }
    if not inner:
        return content
    flat = {f"{name}.{key}": item for name, value in inner.items() for key, item in value.items()}
    return {name: value for name, value in content.items() if name not in inner} | flat


def _one_a_kind(found: list[NamedArray], where: str, scores: bool) -> list[NamedArray]:
    """One array of each kind: weights, or scores where those are asked for.

    Raises:
        InputError: several of a kind.
    """
    chosen = []
    for kind in dict.fromkeys(one.kind for one in found):
        alike = [one for one in found if one.kind == kind]
        fitting = [one for one in alike if one.is_scores == scores] or alike
        if len(fitting) > 1:
            names = some([one.name for one in fitting])
            raise InputError(f"{where}: {names} may all be attention; expected one, called attention")
        chosen += fitting
    return chosen


def _of_group(group: _Group, content: Mapping[str, object]) -> NamedArray:
    parts = {number: _value(content, name) for number, name in sorted(zip(group.numbers, group.names, strict=True))}
    name = brief(group.names[0]) + (f", ..., {brief(group.names[-1])}" if len(parts) > 1 else "")
    is_scores = bool(_SCORES.search(group.stem))
    return NamedArray(group.kind, name, parts=parts, is_scores=is_scores, keys=group.names)


def _groups(names: Iterable[str]) -> Iterator[_Group]:
    """Names with numbers, in groups that differ only in these; numbers that never differ are part of the name."""
    by_words: dict[tuple[str, ...], list[tuple[tuple[int, ...], str]]] = {}
    for name in names:
        pieces = re.split(r"(\d{1,18})", name)  # Python refuses to read numbers of thousands of digits
        if len(pieces) > 1:
            by_words.setdefault(tuple(pieces[::2]), []).append((tuple(map(int, pieces[1::2])), name))
    for words, members in by_words.items():
        members.sort()
        numbers = [number for number, _ in members]
        differ = [i for i in range(len(numbers[0])) if len({number[i] for number in numbers}) > 1] or [-1]
        if len(numbers[0]) == 2 and _HEAD.search(words[1]):
            differ = [0, 1]
        if len(differ) <= 2:
            yield _Group(
                "".join(words),
                tuple(name for _, name in members),
                tuple(tuple(number[i] for i in differ) for number in numbers),
            )


def _value(content: Mapping[str, object], name: str) -> object:
    return content.array(name) if isinstance(content, ArrayFile) and name in content.headers else content[name]


def _n_axes(content: Mapping[str, object], name: str) -> int:
    """How many axes the numbers under a name have; 0 for what is not numbers."""
    if isinstance(content, ArrayFile) and name in content.headers:
        header = content.headers[name]
        return len(header.shape) if header.kind in "fiu" else 0
    value, n = content[name], 0
    while isinstance(value, list) and value:
        value, n = value[0], n + 1
    return n if isinstance(value, int | float) and not isinstance(value, bool) else 0


def _is_none(value: object) -> bool:
    """Whether it is null, or a list of nothing else."""
    return value is None or (isinstance(value, list) and bool(value) and all(item is None for item in value))


def _check_not_none(content: Mapping[str, object], where: str) -> None:
    """Refuses attention that a model did not give: null, or null for each layer."""
    if isinstance(content, ArrayFile):
        return
    name = next((name for name, value in content.items() if name.lower() in _KIND_OF_NAME and _is_none(value)), None)
    if name is not None:
        raise InputError(f"{where}: {brief(name)} is null; expected numbers", EAGER_HINT)


def _only_matrix(content: Mapping[str, object]) -> str | None:
    """The name of the only numbers that may be attention; None where there are none, or several.

    In a file of arrays one vector is enough; in JSON numbers must have rows, and fractions, as ids have not.
    """
    if isinstance(content, ArrayFile):
        matrices = [name for name in content if _n_axes(content, name) >= 1]
        floats = [name for name in matrices if content.headers[name].kind == "f"] or matrices
    else:
        floats = [name for name in content if _n_axes(content, name) >= 2 and _has_fraction(content[name])]
    return floats[0] if len(floats) == 1 else None


def _has_fraction(value: object) -> bool:
    return any(map(_has_fraction, value)) if isinstance(value, list) else isinstance(value, float)


def _none_found(content: Mapping[str, object], where: str) -> InputError:
    held = some([brief(name) for name in content], 8)
    known = "attention, attentions, encoder_attentions, decoder_attentions, cross_attentions, or layer_0, layer_1, ..."
    if isinstance(content, ArrayFile):
        return InputError(
            f"{where}: its arrays are {held or 'none'}; which one is attention is not clear; expected {known}"
        )
    return InputError(
        f"{where}: it has no 'attention', only {held or 'nothing'}; expected lists, or an object with {known}"
    )
