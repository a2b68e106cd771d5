"""Images with zeros round them, and what comes out of larger ones."""

from tinycnn.ops.kernels.blocks.elementwise import copy
from tinycnn.ops.kernels.codegen.jit import inlined


@inlined
def copy_active(dy, y, dz):
    """Copy gradients that pass a ReLU: those of active units."""
    for position in range(len(dy)):
        # forward: y = 0 where z < 0, else z
        gradient = dy[position]
        dz[position] = gradient if y[position] > 0 else dy.dtype.type(0)


@inlined
def pad_image(x, relu_output, b, pad_top_left, image):
    """Return sample `b` with zeros round it, flat: copied into `image`, unless no zeros are needed.

    Args:
        x: images, or gradients of them, (n, h, w, c).
        relu_output: shaped as x: where it is 0, so is the result. Without samples: there is no ReLU.
        b: the sample.
        pad_top_left: (rows, columns) of zeros above and to the left.
        image: zeros with room for it, (rows, columns, c); what does not fit is cut.
    """
    (_, h, w, c), (top, left) = x.shape, pad_top_left
    rows, columns = min(h, image.shape[0] - top), min(w, image.shape[1] - left)
    no_padding = top == 0 and left == 0 and h == image.shape[0] and w == image.shape[1]
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
def rows_into(band, rows, columns, y, b, top):
    """Copy the first rows and columns of a band to sample `b` of y, from row `top` on."""
    (_, h, w, c), band_flat, out = y.shape, band.ravel(), y.ravel()
    for i in range(rows):
        start, offset = i * band.shape[1] * c, (b * h + top + i) * w * c
        copy(band_flat[start : start + columns * c], out[offset : offset + columns * c])


@inlined
def crop_into(padded, pad_top_left, dx, b):
    """Copy the image inside of its padding to sample `b` of dx."""
    (_, h, w, c), padded_flat, out = dx.shape, padded.ravel(), dx.ravel()
    for i in range(h):
        row = pad_top_left[0] + i
        start, offset = (row * padded.shape[1] + pad_top_left[1]) * c, (b * h + i) * w * c
        copy(padded_flat[start : start + w * c], out[offset : offset + w * c])
