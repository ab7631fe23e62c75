"""The language head of a native file, and the rules of generation: tensors ``unembed.*`` and a text of the header.

A file without that text, as of random weights, writes with its table of tokens.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, fields, replace
from typing import Any

import orjson

from attnviz.encoder.config.block import Block
from attnviz.encoder.generation.rules import Generation, GenerationRules
from attnviz.encoder.generation.unembedding import Unembedding, tied_unembedding
from attnviz.encoder.parameters.params import Array, ArrayParams, Params
from attnviz.encoder.parameters.shapes import Shape
from attnviz.errors import CheckpointError, brief
from attnviz.records import dataclass

GENERATION_KEY = "attnviz.generation"
_PREFIX = "unembed."
_NUMBERS = ("tied", "scale", "cap", "activation", "norm_eps")


@dataclass(frozen=True, eq=False)
class WrittenHead:
    """What a native file keeps of generation: of a model that cannot write, that it cannot.

    Attributes:
        unembedding: makes logits; None where nothing does.
        rules: of generation.
    """

    unembedding: Unembedding | None
    rules: GenerationRules = GenerationRules()

    @property
    def tensors(self) -> dict[str, Array]:
        """The tensors by their names in the file, without a matrix that is the table of tokens."""
        head = self.unembedding
        if head is None:
            return {}
        return {f"{_PREFIX}{name}": head.params[name] for name in head.params if not (head.tied and name == "w")}

    def as_json(self) -> str:
        """The text of the header."""
        head = self.unembedding
        numbers = None if head is None else {name: getattr(head, name) for name in _NUMBERS}
        return json.dumps({"head": numbers, "rules": asdict(self.rules)})


class WithHead(Params):
    """The tensors of a block and those of a head.

    Args:
        params: those of the block.
        head: those of the head.
    """

    def __init__(self, params: Params, head: Mapping[str, Array]) -> None:
        self._params, self._head = params, dict(head)

    @property
    def seed(self) -> int | None:
        """That of the block."""
        return self._params.seed

    def __getitem__(self, name: str) -> Array:
        return self._head[name] if name in self._head else self._params[name]

    def rows(self, name: str, ids: Array) -> Array:
        """Rows of a table."""
        return self._head[name][ids] if name in self._head else self._params.rows(name, ids)

    def __iter__(self) -> Iterator[str]:
        return iter((*self._params, *self._head))

    def __len__(self) -> int:
        return len(self._params) + len(self._head)


def head_shapes(config: Block, names: Mapping[str, object]) -> dict[str, Shape]:
    """The shapes of those tensors of a head that a file has."""
    d_model, width, n_vocab = config.d_model, config.embedding.d_embed, config.n_target_vocab
    shapes: dict[str, Shape] = {
        "w": (width, n_vocab),
        "b": (n_vocab,),
        "project": (d_model, width),
        "dense.w": (d_model, d_model),
        **dict.fromkeys(("dense.b", "norm.gain", "norm.bias"), (d_model,)),
    }
    return {f"{_PREFIX}{name}": shape for name, shape in shapes.items() if f"{_PREFIX}{name}" in names}


def read_head(
    text: str | None, where: str, params: Params, config: Block
) -> tuple[Callable[[], Unembedding] | None, Callable[[], Generation] | None]:
    """What reads the unembedding of a native file, None where it has none, and the rules, None for no rules.

    Args:
        text: of the header; None without one.
        where: the file, for messages.
        params: its tensors.
        config: the block's fields.

    Raises:
        CheckpointError: the text is not what this module writes.
    """
    if text is None:
        return lambda: tied_unembedding(params, config), None
    said, rules = _parsed(text, where)
    if said is None:
        return None, lambda: Generation(rules)

    def read() -> Unembedding:
        tied = tied_unembedding(params, config)
        arrays = {name[len(_PREFIX) :]: params[name] for name in params if name.startswith(_PREFIX)}
        return replace(tied, params=ArrayParams({"w": tied.params["w"]} | arrays), **said)

    return read, lambda: Generation(rules)


def _parsed(text: str, where: str) -> tuple[dict[str, Any] | None, GenerationRules]:
    try:
        values = orjson.loads(text)
        head, rules = values["head"], values["rules"]
        known = {f.name for f in fields(GenerationRules)}
        if not (set(rules) <= known and (head is None or set(head) == set(_NUMBERS))):
            raise ValueError("a field that is not known")
        made = {name: _as_tuples(value) for name, value in rules.items()}
        return head, GenerationRules(**made)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CheckpointError(
            f"{where}: its {GENERATION_KEY} cannot be read ({brief(error)}); expected what attnviz writes"
        ) from error


def _as_tuples(value: Any) -> Any:
    return tuple(map(_as_tuples, value)) if isinstance(value, list) else value
