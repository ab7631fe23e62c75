"""The outcome of a condition, with what was measured: as data, as JSON, in words."""

from attnviz.records import dataclass

DIGITS, ALL_DIGITS = 4, 17  # of a value that is printed; of any float64


@dataclass(frozen=True)
class Outcome:
    """Whether a condition holds, and the number that decided it.

    Attributes:
        holds: whether it does.
        value: of one comparison what was measured: its first side that is not a literal number (of a label, the
            pattern); of ``any`` and ``all`` how many heads hold; else, and where it is undefined, None.
        of: of ``any`` and ``all``, of how many heads.
        digits: how many of the value's it takes, so that what is written has the same outcome; not less than four.
        unknown: of ``any`` and ``all``, of how many heads what is compared is undefined.
        values: of a comparison of several sides that are not literal numbers, all of these; None where undefined.
        parts: of conditions that are joined, or of one that is negated, the outcomes of all of them, in their order.
    """

    holds: bool
    value: float | str | None = None
    of: int | None = None
    digits: int = DIGITS
    unknown: int = 0
    values: tuple[float | None, ...] = ()
    parts: tuple["Outcome", ...] = ()

    @property
    def fields(self) -> dict[str, object]:
        """It as JSON has it."""
        named: dict[str, object] = {"holds": self.holds, "value": self.value}
        more = {
            "of": self.of,
            "undefined": True if self.value is None and not self.parts else None,
            "undefined_heads": self.unknown or None,
            "values": list(self.values) or None,
            "parts": [part.fields for part in self.parts] or None,
        }
        return named | {name: value for name, value in more.items() if value is not None}

    @property
    def words(self) -> str:
        """What was measured: numbers, a label, how many heads."""
        if self.parts:
            return "; ".join(part.words for part in self.parts)
        if self.of is not None:
            unknown = f", undefined for {self.unknown}" if self.unknown else ""
            return f"{self.value:g} of {self.of} head{'s' * (self.of != 1)}{unknown}"
        return " and ".join(self._written(value) for value in self.values or (self.value,))

    def _written(self, value: float | str | None) -> str:
        if value is None:
            return "undefined"
        return value if isinstance(value, str) else f"{value:.{self.digits}g}"
