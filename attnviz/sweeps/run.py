"""What a run gives for one text."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property, partial
from typing import TypeAlias

from attnviz.encoder.long.head_rows import HeadRows
from attnviz.errors import UsageError
from attnviz.model import Model
from attnviz.records import dataclass
from attnviz.sweeps.prepared import Prepared
from attnviz.trace.attention import Attention
from attnviz.trace.result import Result

NO_MODEL = "attention: there is no model to run; expected texts or vectors"

# Runs a text; gives each layer's attention without its matrices to a function, and that layer's rows to its result.
SeenRun: TypeAlias = Callable[[Callable[[Attention], Callable[[HeadRows], None]]], None]


@dataclass(frozen=True, eq=False)
class Run:
    """What a run gives for one text: whole, or a part at a time.

    Attributes:
        result: runs it, and gives everything that was asked for.
        parts: runs it, and gives the same matrices layer by layer, some heads at a time where they are many: however
            long the text, little more than one head's matrix is in memory. A part is to be used before the next.
        about: gives the result without any matrix; it may have to wait for where the weights came from.
        shape: of the layers and heads of the matrices of a kind; a reduced axis counts 1.
        is_long: whether parts take less memory than the result.
        rows: runs it, and shows its attention as it is computed, as ``metrics_of_rows`` looks at it: no matrix is ever
            in memory. None where only matrices come.
        model: what runs it; None of what was read instead.
        prepared: the text that is run; None of what was read instead.
    """

    result: Callable[[], Result]
    parts: Callable[[], Iterator[Attention]]
    about: Callable[[], Result]
    shape: tuple[int, int]
    is_long: bool = False
    model: Model | None = None
    prepared: Prepared | None = None
    rows: SeenRun | None = None

    def done(self) -> "Run":
        """The same with its result there, so that what is wrong with the text is known; of a long one it is not."""
        return self if self.is_long else Run.of(self.result(), self.model, self.prepared)

    @cached_property
    def bare(self) -> Result:
        """The result without any matrix."""
        return self.about()

    def model_and_text(self) -> tuple[Model, Prepared]:
        """The model and the prepared text that it runs.

        Raises:
            UsageError: attention from elsewhere, which has neither.
        """
        if self.model is None or self.prepared is None:
            raise UsageError(NO_MODEL)
        return self.model, self.prepared

    @classmethod
    def of(cls, result: Result, model: Model | None = None, prepared: Prepared | None = None) -> "Run":
        """One that has been run, or was read."""
        views = result.views.values()
        shape = max((view.matrices.shape[:2] for view in views), key=math.prod)
        about = partial(replace, result, views={}, trace=None)
        return cls(lambda: result, lambda: iter(views), about, shape, False, model, prepared)
