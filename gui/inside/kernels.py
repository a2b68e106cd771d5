"""A layer's kernels as tiles: which layers have some, and what one tile shows. No Tk."""

import math

import numpy as np

from gui.inside.kernel_messages import MEAN, STRONGEST, KernelInfo
from gui.inside.layout import MAPS, Column
from gui.inside.passes import digit_shape, tiled
from tinycnn import models
from tinycnn.layers import Flatten

MOST_ZOOM = 40  # pixels a number


def kernel_infos(model: models.Sequential) -> tuple[KernelInfo, ...]:
    """Return the layers whose weights make pictures, in order."""
    infos = []
    for index, layer in enumerate(model.layers):
        kernel = kernel_of(model, index)
        if kernel is not None:
            noun = "filter" if layer.params["kernel"].ndim == 4 else "unit"
            what = describe(noun, kernel.shape)
            infos.append(KernelInfo(index, layer.name, kernel.shape, what, noun))
    return tuple(infos)


def describe(noun: str, shape: tuple[int, ...]) -> str:
    """Say what the tiles of a layer are."""
    rows, columns, maps, filters = shape
    if noun == "filter":
        return f"{counted(filters, 'filter')} of {rows}×{columns} over {counted(maps, 'input map')}"
    if filters > 1:
        return f"{filters} units, their weights on {counted(maps, 'map')} of {rows}×{columns}"
    return f"a row for each of {rows} units, a column for each of {columns} inputs"


def counted(count: int, noun: str) -> str:
    """Write a number of things.

    Example:
        >>> counted(1, "map"), counted(3, "map")
        ('1 map', '3 maps')
    """
    return f"{count} {noun}{'s' * (count != 1)}"


def kernel_of(model: models.Sequential, index: int) -> np.ndarray | None:
    """Return a layer's weights as (rows, columns, input maps, filters); None if it has no such weights.

    Those of a dense layer behind a Flatten have the shape of the maps before that, unit by unit. Of any
    other dense layer they are one picture, a row for each unit.

    Args:
        model: built.
        index: in `model.layers`.
    """
    kernel = model.layers[index].params.get("kernel")
    if kernel is None or kernel.ndim not in (2, 4):
        return None
    if kernel.ndim == 4:
        return kernel
    maps = shape_before_flatten(model, index)
    if maps is None:
        return kernel.T[:, :, None, None]
    return kernel.reshape(*maps, kernel.shape[1])


def shape_before_flatten(model: models.Sequential, index: int) -> tuple[int, ...] | None:
    """Return the shape (h, w, c) of the maps, or of the digit, that a dense layer reads in one row."""
    for layer in reversed(model.layers[:index]):
        if isinstance(layer, Flatten) and len(layer.input_shape) > 2:
            shape = tiled(layer.input_shape[1:])
            return shape if len(shape) == 3 and shape[:2] != (1, 1) else None
        if layer.params or layer.output_shape != layer.input_shape:
            return None
    shape = digit_shape(model.input_shape[1:])  # of a digit that comes as one row
    return shape if len(shape) == 3 else None


def tiles(kernel: np.ndarray, choice: str | int) -> tuple[np.ndarray, list[int | None]]:
    """Return the tile of every filter, and which input map it shows; None for a mean.

    Args:
        kernel: (rows, columns, input maps, filters).
        choice: an input map, `STRONGEST` (for each filter the one with the largest sum of squares), or
            `MEAN`.

    Returns:
        (rows, columns, filters), and a list of as many input maps as filters.

    Example:
        >>> kernel = np.array([[[[1.0, 0.0], [-3.0, 2.0]]]])  # 1×1, two input maps, two filters
        >>> tiles(kernel, "strongest"), tiles(kernel, "mean")[0].tolist()
        ((array([[[-3.,  2.]]]), [1, 1]), [[[-1.0, 1.0]]])
    """
    filters = kernel.shape[3]
    if choice == MEAN:
        return kernel.mean(axis=2), [None] * filters
    if choice == STRONGEST:
        strongest = (
            np.square(kernel, dtype=np.float64).sum(axis=(0, 1)).argmax(axis=0)
        )  # (filters,)
        return kernel[:, :, strongest, np.arange(filters)], strongest.tolist()
    return kernel[:, :, choice], [choice] * filters


def grid(shape: tuple[int, int, int], area: tuple[int, int], gap: int) -> Column:
    """Return where tiles lie: as large as all of them fit, else as many as do; the rest is scrolled to.

    Args:
        shape: (rows, columns, filters).
        area: width and height for all tiles.
        gap: between them.
    """
    rows, columns, filters = shape
    about = {"layer": 0, "kind": MAPS, "shape": shape, "left": 0, "top": 0, "inset": 0, "gap": gap}
    for zoom in range(MOST_ZOOM, 0, -1):
        tile = columns * zoom, rows * zoom
        across, down = (
            max(1, (size + gap) // (side + gap)) for size, side in zip(area, tile, strict=True)
        )
        if across * down >= filters and tile[0] <= area[0] and tile[1] <= area[1]:
            break
    across = math.ceil(filters / math.ceil(filters / across))  # all rows about as full as the first
    return Column(
        **about, width=area[0], tile=tile, zoom=zoom, across=across,
        rows=min(down, math.ceil(filters / across)),
    )  # fmt: skip
