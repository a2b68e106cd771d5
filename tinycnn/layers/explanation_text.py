"""Numbers and sums as people read them in an explanation."""

from collections.abc import Callable, Sequence

import numpy as np

TOP = 4  # terms of a sum that are written out; the others are added up


def index_text(position: Sequence[int]) -> str:
    """Return "[3, 4, 0]"."""
    return f"[{', '.join(str(int(each)) for each in position)}]"


def number(value: float) -> str:
    """Return a number for people: four decimals, or three digits where those would all be 0.

    Example:
        >>> number(0.25), number(-0.0000123), number(0)
        ('0.2500', '-1.23e-05', '0.0000')
    """
    value = float(value)
    return f"{value:.4f}" if value == 0 or 1e-3 <= abs(value) < 1e6 else f"{value:.3g}"


def signed(value: float) -> str:
    """Return "+ 0.2500" or "- 0.2500"."""
    return f"- {number(-value)}" if value < 0 else f"+ {number(value)}"


def term_lines(name: Callable[[int], str], factors: np.ndarray, others: np.ndarray) -> list[str]:
    """Return lines with the largest products of two arrays (k,), and the sum of the rest, but for zeros.

    Args:
        name: of a term, given its place.
        factors, others: what is multiplied, (k,).

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
