"""Two results against each other, head by head."""

from dataclasses import dataclass

from attnviz.analysis.difference import Difference, compared
from attnviz.sweeps.head_measures import attention_of_heads
from attnviz.trace.result import Result


@dataclass(frozen=True, eq=False)
class DiffReport:
    """Two results and their difference.

    Attributes:
        a: one result.
        b: the other.
        difference: Jensen-Shannon distances (n_layers, n_heads), aligned tokens, changes of weights.
    """

    a: Result
    b: Result
    difference: Difference

    def as_dict(self, *, top: int = 10, tolerance: float | None = None) -> dict[str, object]:
        """The object that ``attnviz diff --json`` prints.

        Args:
            top: how many changes it lists, the largest first.
            tolerance: the largest distance that is allowed; adds ``holds``.
        """
        from attnviz.output.documents.diff import difference_document

        return difference_document((self.a, self.b), self.difference, top=top, tolerance=tolerance)


def diff(a: Result, b: Result) -> DiffReport:
    """The difference of two results, head by head; tokens that both have are compared.

    >>> import attnviz
    >>> report = attnviz.diff(attnviz.run("The cat sat", seed=0), attnviz.run("The cat sat", seed=1))
    >>> report.difference.jsd.shape
    (2, 4)

    Raises:
        UsageError: other numbers of heads or layers, or no token in common.
    """
    return DiffReport(a, b, compared(attention_of_heads(a), attention_of_heads(b)))
