"""Leaving out of a foreground what is no digit: dust, texture, and what comes in from the picture's edge."""

import math

import numpy as np

from tinycnn.preprocessing.components import find_components

_SPECK = 0.005  # of the largest component's sum: connected components below it are dust
_SCATTERED = 0.2  # of the sum of all: if the largest component has less, the picture is texture
_WHOLE, _LARGE = 0.15, 0.125  # of the largest component's sum, and of the shorter side: no dust
_CELLS = 128  # cells a side of the grid on which connected components are labelled


def without_specks(foreground: np.ndarray) -> np.ndarray:
    """Return the foreground (h, w) with 0 outside the rectangle that holds all but tiny components.

    Connected components are found on a coarse grid of cells. Those whose sum is below 0.5 % of the largest
    are dust, and do not widen the rectangle; dust inside it stays. What touches the picture's edge is a
    table or a finger if something else is whole, and is left out.

    Raises:
        ValueError: if the largest component has less than 20 % of all foreground: that is texture.
    """
    labels, mass_of_component, boxes, cell = _coarse_components(foreground)
    if mass_of_component.max() < _SCATTERED * mass_of_component.sum():
        raise ValueError(
            "no ink in the picture that forms a digit: marks are scattered all over it"
        )
    cut = _beyond_the_edge(mass_of_component, boxes, labels.shape)
    mass_of_component[cut] = 0
    kept = np.flatnonzero(mass_of_component >= _SPECK * mass_of_component.max())
    top, left = boxes[kept, :2].min(axis=0) * cell
    bottom, right = boxes[kept, 2:].max(axis=0) * cell
    clean = np.zeros_like(foreground)
    clean[top:bottom, left:right] = foreground[top:bottom, left:right]
    if cut.any():
        off = np.isin(labels, np.flatnonzero(cut) + 1).repeat(cell, axis=0).repeat(cell, axis=1)
        clean[off[: len(clean), : clean.shape[1]]] = 0
    return clean


def is_scattered(foreground: np.ndarray) -> bool:
    """Return whether the largest component has less than 20 % of all foreground."""
    _, mass, _, _ = _coarse_components(foreground)
    return bool(mass.max(initial=0) < _SCATTERED * mass.sum())


def _beyond_the_edge(mass: np.ndarray, boxes: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return which components reach the picture's edge while another one, no dust, is whole: bool (n,).

    Args:
        mass: of the components, (n,).
        boxes: int (n, 4), in cells.
        shape: of the grid of cells.
    """
    touching = (boxes[:, :2] <= 0).any(axis=1) | (boxes[:, 2:] >= shape).any(axis=1)
    large = (boxes[:, 2:] - boxes[:, :2]).max(axis=1) >= _LARGE * min(shape)
    whole = ~touching & large & (mass >= _WHOLE * mass.max(initial=0))
    return touching & whole.any()


def _coarse_components(
    foreground: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Return labels, sums and boxes of the components on a coarse grid, and how many pixels a cell has.

    Returns:
        labels (rows, columns) and boxes (n, 4) as of `find_components`, sums (n,) of the foreground.
    """
    cell = math.ceil(max(foreground.shape) / _CELLS)
    padded = np.pad(foreground, [(0, -length % cell) for length in foreground.shape])
    rows, columns = (length // cell for length in padded.shape)
    mass = padded.reshape(rows, cell, columns, cell).sum(axis=(1, 3))
    found = find_components(mass > 0)
    count = len(found.areas) + 1
    return (
        found.labels,
        np.bincount(found.labels.ravel(), mass.ravel(), count)[1:],
        found.boxes,
        cell,
    )
