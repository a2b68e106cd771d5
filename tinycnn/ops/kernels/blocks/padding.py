"""Adding zeros round an image, and copying a part of a larger image back into a batch."""

from tinycnn.ops.kernels.blocks.elementwise import copy
from tinycnn.ops.kernels.codegen.jit import inlined


@inlined
def copy_active(dy, y, dz):
    """Write dz, the gradient before a ReLU: dy where y > 0, else 0; all are flat."""
    for position in range(len(dy)):
        # forward: y = 0 where z < 0, else z
        gradient = dy[position]
        dz[position] = gradient if y[position] > 0 else dy.dtype.type(0)


@inlined
def pad_image(x, relu_output, b, pad_top_left, image):
    """Return sample `b` of x with zeros round it, as a flat array.

    It is `image`, flat, into which the sample is copied; or, if nothing is to be changed, a view of x.

    Args:
        x: images, or gradients of a convolution's output, (n, h, w, c).
        relu_output: shaped as x: where it is not above 0, the result is 0. Of length 0: there is no ReLU.
        b: the index of the sample.
        pad_top_left: (rows, columns) of zeros above and to the left.
        image: (padded rows, padded columns, c), zeros outside of the sample; what does not fit is cut off.
    """
    (_, h, w, c), (top, left) = x.shape, pad_top_left
    # Gradients of windows that lie in the padding below or to the right are not needed: they are cut off.
    rows, columns = min(h, image.shape[0] - top), min(w, image.shape[1] - left)
    no_padding = top == 0 and left == 0 and h == image.shape[0] and w == image.shape[1]
    # No copy is needed: callers only read the result.
    if no_padding and len(relu_output) == 0:
        return x[b].ravel()
    x_flat, relu_flat, out, count = x.ravel(), relu_output.ravel(), image.ravel(), columns * c
    for i in range(rows):
        start, offset = (b * h + i) * w * c, ((top + i) * image.shape[1] + left) * c
        if len(relu_output) == 0:
            copy(x_flat[start : start + count], out[offset : offset + count])
        else:
            active = relu_flat[start : start + count]
            copy_active(x_flat[start : start + count], active, out[offset : offset + count])
    return out


@inlined
def copy_band(band, rows, columns, y, b, top):
    """Write y[b, top : top + rows, :columns] = band[:rows, :columns]; both have c channels."""
    (_, h, w, c), band_flat, out = y.shape, band.ravel(), y.ravel()
    for i in range(rows):
        start, offset = i * band.shape[1] * c, (b * h + top + i) * w * c
        copy(band_flat[start : start + columns * c], out[offset : offset + columns * c])


@inlined
def crop_into(padded, pad_top_left, dx, b):
    """Write dx[b] = `padded` without its padding; `padded` is (padded rows, padded columns, c)."""
    (_, h, w, c), padded_flat, out = dx.shape, padded.ravel(), dx.ravel()
    for i in range(h):
        row = pad_top_left[0] + i
        start, offset = (row * padded.shape[1] + pad_top_left[1]) * c, (b * h + i) * w * c
        copy(padded_flat[start : start + w * c], out[offset : offset + w * c])
