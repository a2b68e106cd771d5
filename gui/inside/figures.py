"""Small pictures with numbers that explain a number better than words: patch × kernel = product. No Tk."""

import numpy as np

from gui.inside.messages import Figure, Table
from tinycnn.layers.explanation import (
    ActivationStep,
    Explanation,
    GradientSum,
    Pooled,
    WeightedSum,
)
from tinycnn.layers.explanation_text import index_text, number, signed

ROWS = 4  # of figures, the strongest channels first
TERMS = 6  # of a table
SOFTMAX_ROW = 5  # exponentials beside each other


def figures_of(told: Explanation) -> tuple[tuple[Figure, ...], ...]:
    """Return rows of figures, the one that says most first; none where words say it better."""
    if isinstance(told, WeightedSum):
        return () if told.padding is None else channel_rows(told)
    if isinstance(told, Pooled):
        top, left, _ = told.corner
        mark = None if told.argmax is None else (told.argmax[0] - top, told.argmax[1] - left)
        return ((Figure("window", cells(told.inputs), mark=mark),),)
    step = told.activation if isinstance(told, WeightedSum) else getattr(told, "step", None)
    if isinstance(told, ActivationStep) and step.exponentials is not None:
        return (softmax_row(step.exponentials, told.position[-1]),)
    if isinstance(told, GradientSum) and told.outputs.shape[1] == 3:
        return user_rows(told)
    return ()


def cells(values: np.ndarray) -> tuple[tuple[float, ...], ...]:
    """Return an array (rows, columns) as plain numbers."""
    return tuple(tuple(map(float, row)) for row in values)


def strongest(sums: np.ndarray) -> list[int]:
    """Return the places of the sums farthest from 0."""
    return np.argsort(-np.abs(sums), kind="stable")[:ROWS].tolist()


def channel_rows(told: WeightedSum) -> tuple[tuple[Figure, ...], ...]:
    """Return patch × kernel = product of the channels that count most."""
    sums = told.channel_sums
    return tuple(
        (
            Figure(f"x, map {place}", cells(told.inputs[..., place])),
            Figure("kernel", cells(told.weights[..., place]), "×"),
            Figure(f"Σ = {signed(sums[place])}", cells(told.products[..., place]), "="),
        )
        for place in strongest(sums)
    )


def softmax_row(exponentials: np.ndarray, place: int) -> tuple[Figure, ...]:
    """Return the exponentials of a softmax, a few beside each other."""
    rows = -(-len(exponentials) // SOFTMAX_ROW)
    padded = np.full(rows * SOFTMAX_ROW, np.nan)
    padded[: len(exponentials)] = exponentials
    title = f"exp(z − largest z), Σ = {number(exponentials.sum())}"
    grid = cells(padded.reshape(rows, SOFTMAX_ROW))
    return (Figure(title, grid, mark=divmod(place, SOFTMAX_ROW)),)


def user_rows(told: GradientSum) -> tuple[tuple[Figure, ...], ...]:
    """Return factor × gradient = product of the maps whose outputs hand back most."""
    maps = np.unique(told.outputs[:, 2])
    sums = np.array([told.products[told.outputs[:, 2] == one].sum() for one in maps])
    rows = []
    for place in strongest(sums):
        inside = told.outputs[:, 2] == maps[place]
        factor, dz, product = (
            grid_of(told.outputs[inside, :2], values[inside])
            for values in (told.factors, told.dz, told.products)
        )
        row = Figure("factor", factor), Figure(f"gradient, map {maps[place]}", dz, "×")
        rows.append((*row, Figure(f"Σ = {signed(sums[place])}", product, "=")))
    return tuple(rows)


def grid_of(places: np.ndarray, values: np.ndarray) -> tuple[tuple[float, ...], ...]:
    """Return values at places (k, 2) as the grid that they fill."""
    corner = places.min(axis=0)
    grid = np.full(places.max(axis=0) - corner + 1, np.nan)
    grid[tuple((places - corner).T)] = values
    return cells(grid)


def tables_of(told: Explanation) -> tuple[Table, ...]:
    """Return what counted most for a number that comes from a vector, and what against it."""
    if isinstance(told, WeightedSum) and told.padding is None:
        terms = told.products.ravel(), told.inputs.ravel(), told.weights.ravel()
        tables = two_tables(lambda place: f"x{index_text(told.source(place))}", terms)
        return tables + exponential_table(told)
    if isinstance(told, GradientSum) and told.outputs.shape[1] < 3:
        terms = told.products, told.factors, told.dz
        return two_tables(lambda place: f"y{index_text(told.outputs[place])}", terms)
    return ()


def two_tables(name: object, terms: tuple) -> tuple[Table, ...]:
    """Return the products that count most for, and those against: each with its two factors."""
    products, factors, others = terms
    tables = []
    for sign, title in ((1, "counted most for"), (-1, "counted most against")):
        order = np.argsort(-sign * products, kind="stable")
        chosen = [place for place in order[:TERMS] if sign * products[place] > 0]
        lines = tuple(
            f"{name(place)}  {number(factors[place])} · {number(others[place])} = "
            f"{number(products[place])}"
            for place in chosen
        )
        tables.append(Table(title, lines or ("none",), sign))
    return tuple(tables)


def exponential_table(told: WeightedSum) -> tuple[Table, ...]:
    """Return the exponentials that a softmax shares its output among."""
    powers = told.activation.exponentials
    if powers is None:
        return ()
    order = np.argsort(-powers, kind="stable")[: TERMS - 1]
    lines = [f"{place}  {number(powers[place])}" for place in order]
    return (Table("exponentials", (*lines, f"Σ  {number(powers.sum())}"), 0),)
