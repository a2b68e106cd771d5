"""Conv2D + ReLU + MaxPooling2D as one: what lies between them never reaches memory.

Forward, a band of output rows is convolved into a few kilobytes, and only the maxima and the places of the
winners are written. Backward, one number in each window has a gradient, so the gradients are listed, and
the two backward products gather along the lists.
"""

import numpy as np

from tinycnn.kernels import winograd
from tinycnn.kernels.compile import jit
from tinycnn.kernels.conv2d import CHUNKS, Padding, Pair, grain, pad_image
from tinycnn.kernels.gather import add_gathered
from tinycnn.kernels.memory import aligned_empty
from tinycnn.kernels.product import product
from tinycnn.kernels.threads import workers

CACHE = 24 * 1024  # bytes of the image that the weight gradient keeps close


def conv2d_relu_max_pool2d_forward(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, strides: Pair, padding: Padding, pool: Pair
) -> tuple[np.ndarray, np.ndarray]:
    """Twin of `reference.conv2d_relu_max_pool2d_forward`."""
    (n, h, w, _), (kh, kw, _, f), (sh, sw) = x.shape, kernel.shape, strides
    (top, bottom), (left, right) = padding
    padded = h + top + bottom, w + left + right
    oh, ow = (padded[0] - kh) // sh + 1, (padded[1] - kw) // sw + 1
    y = aligned_empty((n, oh // pool[0], ow // pool[1], f), x.dtype)
    winner = np.empty(y.shape, np.uint8)
    least = grain(n, n * oh * ow * kernel.size)
    if winograd.OUT % pool[0] == 0 and winograd.pays(n, (oh, ow), kernel.shape, strides):
        padded, values = winograd.covered(padded, (oh, ow)), winograd.kernel_values(kernel)
        numbers = (top, left), padded, (oh, ow), pool
        workers.run(winograd_span, n, least, x, values, bias, *numbers, y, winner)
    else:
        numbers = strides, (top, left), padded, ow, pool
        workers.run(forward_span, n, least, x, kernel, bias, *numbers, y, winner)
    return y, winner


@jit
def forward_span(start, stop, x, kernel, bias, strides, corner, padded, ow, pool, y, winner):
    """Convolve and pool samples start to stop, one row of windows after the other."""
    (_, _, _, c), (kh, kw, _, f), (sh, sw), (ph, _) = x.shape, kernel.shape, strides, pool
    image, band = np.zeros((*padded, c), x.dtype), np.empty((ph, ow, f), x.dtype)
    z, k, width = band.ravel(), kernel.ravel(), padded[1] * c
    window = (sw * c, 1, width, kw * c, kh)
    for b in range(start, stop):
        pixels = pad_image(x, x[:0], b, corner, image)
        for i in range(y.shape[1]):
            for row in range(ph):
                at = (i * ph + row) * sh * width
                product(z, row * ow * f, f, bias, 0, 0, pixels, at, window, k, 0, f, ow, f)
            pool_band(band, pool, y[b, i], winner[b, i])


@jit
def winograd_span(start, stop, x, values, bias, corner, padded, output, pool, y, winner):
    """Convolve and pool samples start to stop, one band of tiles after the other."""
    (oh, ow), (c, f) = output, values.shape[1:]
    image, (rows, columns) = np.zeros((*padded, c), x.dtype), winograd.band_tiles(oh, ow)
    v, m, band = winograd.room(rows, columns, c, f, bias)
    high = rows * winograd.OUT
    for b in range(start, stop):
        pixels = pad_image(x, x[:0], b, corner, image)
        for top in range(0, oh, high):
            at, many = top * padded[1] * c, min(high, oh - top)
            tiles = winograd.tiles(many), columns
            winograd.convolve_band(pixels, at, padded[1], c, values, bias, tiles, v, m, band)
            for row in range(0, many - pool[0] + 1, pool[0]):
                i = (top + row) // pool[0]
                pool_band(band[row : row + pool[0]], pool, y[b, i], winner[b, i])


@jit
def pool_band(band, pool, y, winner):
    """Write ReLU of the largest of every window, and its number in the window, for one row of windows."""
    for j in range(y.shape[0]):
        y[j] = band[0, j * pool[1]]
        winner[j] = 0
        for place in range(1, pool[0] * pool[1]):
            row, column = place // pool[1], j * pool[1] + place % pool[1]
            take_larger(band[row, column], np.uint8(place), y[j], winner[j])
        for ch in range(y.shape[1]):
            y[j, ch] = y.dtype.type(0) if y[j, ch] < 0 else y[j, ch]


@jit
def take_larger(values, place, largest, winner):
    """Where a value is larger than the largest so far, or the first NaN, it becomes the largest."""
    for ch in range(len(values)):
        value, best = values[ch], largest[ch]
        wins = (value > best) | ((value != value) & (best == best))
        largest[ch] = value if wins else best
        winner[ch] = place if wins else winner[ch]


def conv2d_relu_max_pool2d_backward(
    dy: np.ndarray,
    y: np.ndarray,
    winner: np.ndarray,
    x: np.ndarray,
    kernel: np.ndarray,
    strides: Pair,
    padding: Padding,
    pool: Pair,
    input_gradient: bool,
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray]:
    """Twin of `reference.conv2d_relu_max_pool2d_backward`."""
    (n, h, w, c), (kh, kw, _, f) = x.shape, kernel.shape
    (top, bottom), (left, right) = padding
    padded = h + top + bottom, w + left + right
    chunks = min(CHUNKS, max(1, n))
    dkernel = aligned_empty((chunks, f, kh, kw * c), x.dtype)
    dkernel[...], dbias = 0, np.zeros((chunks, f), x.dtype)
    dx = aligned_empty(x.shape if input_gradient else (0, h, w, c), x.dtype)
    exchanged = aligned_empty((kh, f, kw * c), x.dtype)
    exchanged.reshape(kh, f, kw, c)[...] = kernel.transpose(0, 3, 1, 2)
    least = grain(chunks, dy.size * kernel[..., 0].size)
    numbers = (top, left), padded, strides, pool
    arrays = dy, y, winner, x, exchanged, *numbers, dkernel, dbias, dx
    workers.run(backward_span, chunks, least, *arrays)
    total = dkernel.sum(axis=0).reshape(f, kh, kw, c)
    dkernel = np.ascontiguousarray(total.transpose(1, 2, 3, 0))
    return (dx if input_gradient else None), dkernel, dbias.sum(axis=0)


@jit
def backward_span(
    start, stop, dy, y, winner, x, exchanged, corner, padded, strides, pool, dkernel, dbias, dx
):
    """Go through each chunk's samples; each chunk has its own dkernel and dbias, each sample its dx."""
    (n, _, _, c), chunks = x.shape, dkernel.shape[0]
    f, run = exchanged.shape[1:]
    kw = run // c
    image = np.zeros((*padded, c), x.dtype)
    live = np.empty(y.shape[1:], x.dtype)
    places = pool[0] * pool[1]
    room = live.size * places + 1  # a number is written first and counted afterwards
    values, indices = np.empty(room, x.dtype), np.empty(room, np.int64)
    stops = np.empty(live.size // f * places, np.int64)
    whole = np.empty_like(image)  # dx of a sample, padding included
    for chunk in range(start, stop):
        for b in range(chunk * n // chunks, (chunk + 1) * n // chunks):
            pixels = pad_image(x, x[:0], b, corner, image)
            keep_live(dy[b].ravel(), y[b].ravel(), live.ravel())
            add_kernel_gradient(
                live,
                winner[b],
                pixels,
                padded[1],
                c,
                kw,
                strides,
                pool,
                values,
                indices,
                dkernel[chunk],
                dbias[chunk],
            )
            if dx.shape[0] > 0:
                list_places(live, winner[b], places, run, values, indices, stops)
                whole[:] = 0
                add_input_gradient(
                    values, indices, stops, live.shape, exchanged, strides, pool, whole
                )
                (_, h, w, _), (top, left) = x.shape, corner
                dx[b] = whole[top : top + h, left : left + w]


@jit
def keep_live(dy, y, live):
    """Write the gradients that pass the ReLU."""
    for position in range(len(live)):
        # forward: y = 0 where the largest < 0, else the largest
        live[position] = dy[position] if y[position] > 0 else dy.dtype.type(0)


@jit
def add_kernel_gradient(
    live, winner, pixels, width, c, kw, strides, pool, values, indices, dkernel, dbias
):
    """Add one sample's gradient of the kernel, (f, kh, kw · c), and of the bias, a few rows at a time."""
    (oh, ow, f), kh = live.shape, dkernel.shape[1]
    row_bytes = pool[0] * strides[0] * width * c * live.itemsize
    rows = max(1, CACHE // row_bytes)
    counts, flat = np.empty(f, np.int64), dkernel.ravel()
    places = np.empty(pool[0] * pool[1], np.int64)  # of the winners in a window, in the image
    for place in range(len(places)):
        row, column = place // pool[1] * strides[0], place % pool[1] * strides[1]
        places[place] = (row * width + column) * c
    for top in range(0, oh, rows):
        bottom = min(top + rows, oh)
        room = (bottom - top) * ow  # entries for each filter
        counts[:] = 0
        for i in range(top, bottom):
            for j in range(ow):
                corner = (i * pool[0] * strides[0] * width + j * pool[1] * strides[1]) * c
                for ch in range(f):
                    value = live[i, j, ch]
                    at = ch * room + counts[ch]
                    values[at] = value
                    indices[at] = corner + places[winner[i, j, ch]]
                    counts[ch] += value != 0
                    dbias[ch] += value
        for ch in range(f):
            for di in range(kh):
                # forward: z[i, j] = Σ over di of window row (i·sh + di) · kernel[di]
                dk_at, b_at = (ch * kh + di) * kw * c, di * width * c
                first = ch * room
                add_gathered(
                    flat,
                    dk_at,
                    pixels,
                    b_at,
                    values,
                    indices,
                    first,
                    first + counts[ch],
                    kw * c,
                )


@jit
def list_places(live, winner, places, step, values, indices, stops):
    """List one sample's gradients by output pixel: window after window, and in it place after place.

    The list of pixel p begins at p · f and ends before stops[p]; the index of filter ch is ch · step.
    """
    f, numbers, winners = live.shape[-1], live.ravel(), winner.ravel()
    for window in range(live.size // f):
        ends = stops[window * places : (window + 1) * places]
        for place in range(places):
            ends[place] = (window * places + place) * f
        for ch in range(f):
            value, place = numbers[window * f + ch], winners[window * f + ch]
            at = ends[place]
            values[at], indices[at] = value, ch * step  # to be overwritten, if it is zero
            ends[place] = at + (value != 0)


@jit
def add_input_gradient(values, indices, stops, windows, exchanged, strides, pool, dx):
    """Add one sample's gradient to dx, padding included: each output pixel gives to all it saw.

    forward: z[i, j] = Σ over di of window row (i·sh + di) · kernel[di].
    """
    (_, width, c), (kh, f, run), (ph, pw) = dx.shape, exchanged.shape, pool
    flat, rows = dx.ravel(), exchanged.ravel()
    for di in range(kh):  # one kernel row after the other, for each fits the first-level cache
        pixel = 0
        for i in range(windows[0]):
            for j in range(windows[1]):
                for row in range(i * ph, (i + 1) * ph):
                    for column in range(j * pw, (j + 1) * pw):
                        at = ((row * strides[0] + di) * width + column * strides[1]) * c
                        b_at, first, stop = di * f * run, pixel * f, stops[pixel]
                        add_gathered(flat, at, rows, b_at, values, indices, first, stop, run)
                        pixel += 1
