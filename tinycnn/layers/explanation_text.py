"""Text of an explanation: how numbers, positions and the largest terms of a sum are written."""

from collections.abc import Callable, Sequence

import numpy as np

TOP = 4  # terms of a sum that are written out; the others are added up


def index_text(position: Sequence[int]) -> str:
    """Return a position as text, "[3, 4, 0]"."""
    return f"[{', '.join(str(int(index)) for index in position)}]"


def number(value: float) -> str:
    """Return a number as text: with four decimals, or three digits if it is below 0.001 or from a million.

    Example:
        >>> number(0.25), number(-0.0000123), number(0)
        ('0.2500', '-1.23e-05', '0.0000')
    """
    value = float(value)
    return f"{value:.4f}" if value == 0 or 1e-3 <= abs(value) < 1e6 else f"{value:.3g}"


def signed(value: float) -> str:
    """Return a number as text with its sign and a space in front, "+ 0.2500" or "- 0.2500"."""
    return f"- {number(-value)}" if value < 0 else f"+ {number(value)}"


def term_lines(name: Callable[[int], str], factors: np.ndarray, others: np.ndarray) -> list[str]:
    """Return a line for each of the `TOP` largest products of two arrays, and one for the sum of the others.

    Products that are 0 are left out.

    Args:
        name: returns the text at the end of a line, given the product's index.
        factors, others: the arrays to multiply, (k,) each.

    Example:
        >>> term_lines("x[{}]".format, np.array([2.0, 1.0]), np.array([-3.0, 4.0]))
        ['- 6.0000 = 2.0000 · -3.0000   x[0]', '+ 4.0000 = 1.0000 · 4.0000   x[1]']
    """
    products = factors * others
    order = np.argsort(-np.abs(products), kind="stable")
    order = order[products[order] != 0]
    top, rest = order[:TOP], order[TOP:]
    lines = [
        f"{signed(products[i])} = {number(factors[i])} · {number(others[i])}   {name(i)}"
        for i in top
    ]
    return [*lines, f"{signed(products[rest].sum())}   {len(rest)} others"] if len(rest) else lines
