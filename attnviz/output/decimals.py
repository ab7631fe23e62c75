"""One number with its decimals, as tables and the page print it."""

_LARGE_Z = 10  # standard deviations, from which on tenths do not matter


def whole_percent(value: float) -> int:
    """A share in percent, rounded as two decimals of it are: ties of the share itself, not of its product with 100."""
    return round(100 * round(float(value), 2))  # NumPy's own round is of the product


def decimal(value: float, precision: int, *, short: bool = False) -> str:
    """A number with so many decimals; exactly 0 is ``0``, and one too long for a table has an exponent.

    Args:
        value: a finite number.
        precision: decimals.
        short: without the leading 0, ``.43``; and 1 loses a decimal instead, ``1.0``.
    """
    if value == 0:
        return "0"
    text = f"{value:.{precision}f}"
    if len(text) > precision + 6:
        return f"{value:.{max(0, precision - 1)}e}"
    if short and (text.startswith("0.") or text == f"{1:.{precision}f}"):  # a sum's rounding may exceed 1
        return text[1:] if text.startswith("0.") else text[: precision + 1].removesuffix(".")
    return text


def z_text(z: float | None) -> str:
    """A number of standard deviations: ``9.5``, ``12``; ``-`` where there is none."""
    return "-" if z is None else decimal(z, 0 if abs(round(z, 1)) >= _LARGE_Z else 1)
