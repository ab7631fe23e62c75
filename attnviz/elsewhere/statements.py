"""What a document states about all of its matrices, and where its numbers came from."""

import re
from collections.abc import Mapping
from typing import TypeVar

from attnviz.elsewhere.read_options import ReadOptions
from attnviz.errors import InputError, brief, one_line
from attnviz.names import REDUCTIONS, VALUES, axes_of
from attnviz.records import dataclass
from attnviz.trace.model_info import ModelInfo

_ORIGIN = re.compile("seed:[0-9]+|sha256:[0-9a-f]{64}")
_T = TypeVar("_T", str, bool)


@dataclass(frozen=True)
class Statements:
    """What a document states about all of its matrices: see ``Attention``."""

    values: str
    reduce: str
    words: bool
    hidden: bool
    renormalized: bool

    @classmethod
    def of(cls, fields: Mapping[str, object], options: ReadOptions, where: str) -> "Statements":
        """The statements of a document's fields.

        Raises:
            InputError: a value that is not known.
        """
        return cls(
            values=_choice(fields, "values", VALUES, "scores" if options.scores else "weights", where),
            reduce=_choice(fields, "reduce", REDUCTIONS, "none", where),
            words=_choice(fields, "words", (False, True), False, where),
            hidden=_choice(fields, "hidden", ("nothing", "special"), "nothing", where) == "special",
            renormalized=_choice(fields, "renormalized", (False, True), False, where),
        )

    @property
    def axes(self) -> tuple[str, ...]:
        """What each axis of the matrices counts."""
        return axes_of(self.values, self.reduce)


def _choice(fields: Mapping[str, object], key: str, choices: tuple[_T, ...], default: _T, where: str) -> _T:
    value = fields.get(key, default)
    if type(value) is not type(default) or value not in choices:
        expected = ", ".join(str(choice).lower() for choice in choices)
        raise InputError(f"{where}: {key} {brief(value)!r} is not known; expected one of {expected}")
    return value


def stated_model(fields: Mapping[str, object], where: str) -> ModelInfo | None:
    """The origin of its numbers that the document states, if it does.

    Raises:
        InputError: an origin without a name, or not of a known form.
    """
    model = fields.get("model")
    if model is None:
        return None
    if not isinstance(model, dict) or not all(isinstance(model.get(key), str) for key in ("name", "weights")):
        raise InputError(f"{where}: its model has no name or no weights; expected an object with both")
    if not _ORIGIN.fullmatch(model["weights"]):
        raise InputError(f"{where}: its model's weights are {brief(model['weights'])!r}; expected seed:N or sha256:...")
    rest = {key: value for key, value in model.items() if key not in ("name", "weights")}
    return ModelInfo(one_line(model["name"]), model["weights"], rest)
