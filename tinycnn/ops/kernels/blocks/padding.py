"""Images with zeros round them, and what comes out of larger ones."""

from tinycnn.ops.kernels.blocks.elementwise import copy
from tinycnn.ops.kernels.codegen.jit import inlined

Pair = tuple[int, int]
Padding = tuple[Pair, Pair]


@inlined
def copy_live(dy, y, dz):
    """Copy gradients that pass a ReLU."""
    for position in range(len(dy)):
        # forward: y = 0 where z < 0, else z
        number = dy[position]
        dz[position] = number if y[position] > 0 else dy.dtype.type(0)


@inlined
def pad_image(x, y, b, corner, image):
    """Return the numbers of sample `b` with zeros round it: copied into `image`, unless none are needed.

    Args:
        x: images, or gradients of them, (n, h, w, c).
        y: of a ReLU, shaped as x: where it is 0, so is the result. Without samples: there is none.
        b: the sample.
        corner: where it begins in `image`.
        image: zeros with room for it, (rows, columns, c); what does not fit is cut.
    """
    (_, h, w, c), (top, left) = x.shape, corner
    rows, columns = min(h, image.shape[0] - top), min(w, image.shape[1] - left)
    inside = top == 0 and left == 0
    if inside and len(y) == 0 and h == image.shape[0] and w == image.shape[1]:
        return x[b].ravel()
    numbers, signs, found, size = x.ravel(), y.ravel(), image.ravel(), columns * c
    for i in range(rows):
        start, at = (b * h + i) * w * c, ((top + i) * image.shape[1] + left) * c
        if len(y) == 0:
            copy(numbers[start : start + size], found[at : at + size])
        else:
            live = signs[start : start + size]
            copy_live(numbers[start : start + size], live, found[at : at + size])
    return found


@inlined
def rows_into(band, rows, columns, y, b, top):
    """Copy the first rows and columns of a band to sample `b` of y, from row `top` on."""
    (_, h, w, c), numbers, found = y.shape, band.ravel(), y.ravel()
    for i in range(rows):
        start, at = i * band.shape[1] * c, (b * h + top + i) * w * c
        copy(numbers[start : start + columns * c], found[at : at + columns * c])


@inlined
def cut_into(whole, corner, dx, b):
    """Copy the image inside of its padding to sample `b` of dx."""
    (_, h, w, c), numbers, found = dx.shape, whole.ravel(), dx.ravel()
    for i in range(h):
        start, at = ((corner[0] + i) * whole.shape[1] + corner[1]) * c, (b * h + i) * w * c
        copy(numbers[start : start + w * c], found[at : at + w * c])
