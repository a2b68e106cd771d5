"""Conv2D + ReLU + MaxPooling2D, and Dropout, as one: what lies between them never reaches memory.

Forward, a band of output rows is convolved into a few kilobytes, and only the maxima and the places of the
winners are written. Backward, one number in each window has a gradient, so the gradients are listed, and
the two backward products gather along the lists.
"""

import numpy as np

from tinycnn.ops.kernels.blocks.elementwise import set_to_zero
from tinycnn.ops.kernels.blocks.gemm import ONE, ZERO, product_address, widened
from tinycnn.ops.kernels.blocks.max_window import pool_row_address
from tinycnn.ops.kernels.blocks.memory import aligned_empty
from tinycnn.ops.kernels.blocks.padding import Padding, Pair, cut_into, pad_image
from tinycnn.ops.kernels.blocks.sparse_gemm import add_gathered_address, multiples
from tinycnn.ops.kernels.codegen.function_pointers import call
from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.convolution import winograd
from tinycnn.ops.kernels.convolution.direct import grain
from tinycnn.ops.kernels.dropout import drop_in_place, mask_numbers
from tinycnn.ops.kernels.parallel.partial_sums import added_up, partial_sums
from tinycnn.ops.kernels.parallel.thread_pool import workers

CACHE = 24 * 1024  # bytes of the image that the weight gradient keeps close


def conv2d_relu_max_pool2d_forward(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray,
    strides: Pair,
    padding: Padding,
    pool: Pair,
    rate: float,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Twin of `reference.conv2d_relu_max_pool2d_forward`."""
    (n, h, w, _), (kh, kw, _, f), (sh, sw) = x.shape, kernel.shape, strides
    (top, bottom), (left, right) = padding
    padded = h + top + bottom, w + left + right
    oh, ow = (padded[0] - kh) // sh + 1, (padded[1] - kw) // sw + 1
    y = aligned_empty((n, oh // pool[0], ow // pool[1], f), x.dtype)
    winner = np.empty(y.shape, np.uint8)
    least = grain(n, n * oh * ow * kernel.size)
    mask = mask_numbers(x.dtype, rate, seed)
    if winograd.OUT % pool[0] == 0 and winograd.pays((oh, ow), kernel.shape, strides):
        padded, values = winograd.covered(padded, (oh, ow)), winograd.kernel_values(kernel)
        rest = (top, left), padded, (oh, ow), pool, mask, y, winner
        addresses = *winograd.addresses(x.dtype), pool_row_address(x.dtype)
        workers.run(winograd_span, n, least, addresses, x, values, bias, *rest)
    else:
        rest = strides, (top, left), padded, ow, pool, mask, y, winner
        addresses = product_address(x.dtype), pool_row_address(x.dtype)
        workers.run(forward_span, n, least, addresses, x, widened(kernel), bias, *rest)
    return y, winner


@jit
def forward_span(
    start, stop, addresses, x, kernel, bias, strides, corner, padded, ow, pool, mask, y, winner
):
    """Convolve and pool samples start to stop, one row of windows after the other."""
    (_, _, _, c), (kh, kw, _, wide), (sh, sw), (ph, _) = x.shape, kernel.shape, strides, pool
    (_, rows, columns, f), (product, pool_row) = y.shape, addresses
    image, z = np.zeros((padded[0], padded[1], c), x.dtype), np.empty(ph * ow * f, x.dtype)
    k, width, found, places_of = kernel.ravel(), padded[1] * c, y.ravel(), winner.ravel()
    window, b_steps = (sw * c, ONE, width, kw * c, kh), (wide, kw * c * wide)
    for b in range(start, stop):
        pixels = pad_image(x, x[:0], b, corner, image)
        for i in range(rows):
            for row in range(ph):
                at = (i * ph + row) * sh * width
                places = z, row * ow * f, f, bias, ZERO, ZERO, pixels, at, window, k, ZERO, b_steps
                call(product, (*places, ow, f))
            written = (b * rows + i) * columns * f
            call(pool_row, (z, 0, ow, f, pool, found, written, columns, places_of))
        drop_sample(y, b, mask)


@jit
def winograd_span(
    start, stop, addresses, x, values, bias, corner, padded, output, pool, mask, y, winner
):
    """Convolve and pool samples start to stop, one band of tiles after the other."""
    (oh, ow), c, f = output, values.shape[1], len(bias)
    rows, columns = winograd.band_tiles(oh, ow)
    image = np.zeros((padded[0], padded[1], c), x.dtype)
    v, m, band = winograd.room(rows, columns, c, f, bias)
    high, (convolve_band, product, pool_row) = rows * winograd.OUT, addresses
    z, width, found, places_of = band.ravel(), band.shape[1], y.ravel(), winner.ravel()
    for b in range(start, stop):
        pixels = pad_image(x, x[:0], b, corner, image)
        for top in range(0, oh, high):
            at, many = top * padded[1] * c, min(high, oh - top)
            tiles = winograd.tiles(many), columns
            places = product, pixels, at, padded[1], c, values, bias, tiles
            call(convolve_band, (*places, v, m, band))
            for row in range(0, many - pool[0] + 1, pool[0]):
                written = (b * y.shape[1] + (top + row) // pool[0]) * y.shape[2] * f
                places = z, row * width * f, width, f, pool, found, written
                call(pool_row, (*places, y.shape[2], places_of))
        drop_sample(y, b, mask)


@inlined
def drop_sample(y, b, mask):
    """Drop what dropout says of sample `b`, in place, if its rate is not 0."""
    (threshold, scale, seed), size = mask, y[0].size
    if threshold > 0:
        drop_in_place(b * size, (b + 1) * size, y.ravel(), threshold, scale, seed)


def conv2d_relu_max_pool2d_backward(
    dy: np.ndarray,
    y: np.ndarray,
    winner: np.ndarray,
    x: np.ndarray,
    kernel: np.ndarray,
    strides: Pair,
    padding: Padding,
    pool: Pair,
    rate: float,
    input_gradient: bool,
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray]:
    """Twin of `reference.conv2d_relu_max_pool2d_backward`."""
    (n, h, w, c), (kh, kw, _, f) = x.shape, kernel.shape
    (top, bottom), (left, right) = padding
    padded = h + top + bottom, w + left + right
    sums, dbias = partial_sums(n, kernel.size, x.dtype), partial_sums(n, f, x.dtype)
    chunks, dkernel = len(sums), sums.reshape(-1, f, kh, kw * c)
    dx = aligned_empty(x.shape if input_gradient else (0, h, w, c), x.dtype)
    exchanged = aligned_empty((kh, f, kw * c), x.dtype)
    exchanged.reshape(kh, f, kw, c)[...] = kernel.transpose(0, 3, 1, 2)
    least = grain(chunks, dy.size * kernel[..., 0].size)
    numbers = (top, left), padded, strides, pool, mask_numbers(x.dtype, rate, 0)[1]
    arrays = (
        add_gathered_address(x.dtype),
        dy,
        y,
        winner,
        x,
        exchanged,
        *numbers,
        dkernel,
        dbias,
        dx,
    )
    workers.run(backward_span, chunks, least, *arrays)
    total = added_up(sums).reshape(f, kh, kw, c)
    dkernel = np.ascontiguousarray(total.transpose(1, 2, 3, 0))
    return (dx if input_gradient else None), dkernel, dbias.sum(axis=0)


@jit
def backward_span(
    start,
    stop,
    add_gathered,
    dy,
    y,
    winner,
    x,
    exchanged,
    corner,
    padded,
    strides,
    pool,
    scale,
    dkernel,
    dbias,
    dx,
):
    """Go through each chunk's samples; each chunk has its own dkernel and dbias, each sample its dx."""
    (n, _, _, c), chunks, windows = x.shape, dkernel.shape[0], y.shape[1:]
    f, size = y.shape[3], windows[0] * windows[1] * windows[2]
    image = np.zeros((padded[0], padded[1], c), x.dtype)
    begins = output_pixels(windows, pool, strides, padded[1] * c, c)
    # A number is written first and counted afterwards, so there is room for one more.
    live, counts = np.empty(size + 1, np.int64), np.empty(len(begins) + 1, np.int64)
    dz = np.empty(size, x.dtype)
    values = np.empty(begins.size * f + 1, x.dtype)
    indices, stops = np.empty(len(values), np.int64), np.empty(begins.size, np.int64)
    whole = np.empty_like(image)  # dx of a sample, padding included
    for chunk in range(start, stop):
        set_to_zero(dkernel[chunk].ravel())
        set_to_zero(dbias[chunk])
        for b in range(chunk * n // chunks, (chunk + 1) * n // chunks):
            scale_into(dz, dy[b].ravel(), scale)
            pixels, winners = pad_image(x, x[:0], b, corner, image), winner[b].ravel()
            list_live(dz, y[b].ravel(), f, live, counts, dbias[chunk])
            listed = dz, winners, live, counts, begins
            room = values, indices, stops
            add_kernel_gradient(
                add_gathered, listed, room, windows, pixels, padded[1] * c, dkernel[chunk]
            )
            if dx.shape[0] > 0:
                padding = whole.shape[0] > dx.shape[1] or whole.shape[1] > dx.shape[2]
                target = whole.ravel() if padding else dx[b].ravel()
                set_to_zero(target)
                add_input_gradient(add_gathered, listed, room, exchanged, target, padded[1] * c)
                if padding:
                    cut_into(whole, corner, dx, b)


@inlined
def scale_into(dz, dy, scale):
    """Write the gradient before dropout, of what was kept."""
    for position in range(len(dz)):
        # forward: y = scale · the largest, where kept
        dz[position] = scale * dy[position]


@inlined
def list_live(dy, y, f, live, counts, dbias):
    """List the places of one sample's gradients that pass dropout and ReLU, and add them to that of the bias.

    Those of window q are live[counts[q]] to live[counts[q + 1]].
    """
    count = 0
    for window in range(len(counts) - 1):
        counts[window] = count
        for position in range(window * f, (window + 1) * f):
            # forward: y = 0 where the largest < 0, or dropped
            live[count] = position
            count += (y[position] > 0) & (dy[position] != 0)
        for k in range(counts[window], count):
            dbias[live[k] - window * f] += dy[live[k]]
    counts[len(counts) - 1] = count


@inlined
def output_pixels(windows, pool, strides, row, pixel):
    """Say where the part of the image begins that each output pixel saw: (windows, places in a window).

    `row` and `pixel` are the distances from row to row and from pixel to pixel of the image.
    """
    (oh, ow, _), (ph, pw), (sh, sw) = windows, pool, strides
    begins = np.empty((oh * ow, ph * pw), np.int64)
    for i in range(oh):
        for j in range(ow):
            for place in range(ph * pw):
                r, q = (i * ph + place // pw) * sh, (j * pw + place % pw) * sw
                begins[i * ow + j, place] = r * row + q * pixel
    return begins


@inlined
def add_kernel_gradient(add_gathered, listed, room, windows, pixels, width, dkernel):
    """Add one sample's gradient of the kernel, (f, kh, kw · c), from a few rows of windows at a time.

    The lists have a row for each filter. What the windows saw should fit the first-level cache.
    """
    (dy, winners, live, counts, begins), (values, indices, _) = listed, room
    (oh, ow, f), (_, kh, run) = windows, dkernel.shape
    # How far it is from a row of windows to the next, in the image.
    below = begins[ow * (oh > 1), 0] - begins[0, 0]
    band = min(oh, max(1, CACHE // max(1, below * values.itemsize))) * ow
    firsts, places, stops = multiples(f, band), multiples(f, kh * run), np.empty(f, np.int64)
    for top in range(0, oh * ow, band):
        for ch in range(f):
            stops[ch] = firsts[ch]
        for window in range(top, min(top + band, oh * ow)):
            for k in range(counts[window], counts[window + 1]):
                position = live[k]
                ch = position - window * f
                values[stops[ch]] = dy[position]
                indices[stops[ch]] = begins[window, winners[position]]
                stops[ch] += 1
        for di in range(kh):
            # forward: z[i, j] = Σ over di of window row (i·sh + di) · kernel[di]
            c_at, b_at, lists = di * run, di * width, (values, indices, firsts, stops)
            call(add_gathered, (dkernel.ravel(), c_at, places, pixels, b_at, *lists, run))


@inlined
def add_input_gradient(add_gathered, listed, room, exchanged, dx, width):
    """Add one sample's gradient to dx, padding included and flat: each output pixel gives to all it saw.

    The lists have a row for each output pixel; row p begins at p · f.

    forward: z[i, j] = Σ over di of window row (i·sh + di) · kernel[di].
    """
    (dy, winners, live, counts, begins), (values, indices, stops) = listed, room
    (kh, f, run), many, kernel = exchanged.shape, begins.shape[1], exchanged.ravel()
    firsts, places = multiples(begins.size, f), begins.ravel()
    for pixel in range(begins.size):
        stops[pixel] = firsts[pixel]
    for window in range(len(begins)):
        for k in range(counts[window], counts[window + 1]):
            position = live[k]
            pixel = window * many + winners[position]
            values[stops[pixel]] = dy[position]
            indices[stops[pixel]] = (position - window * f) * run
            stops[pixel] += 1
    for di in range(kh):  # one kernel row after the other, for each fits the first-level cache
        c_at, b_at, lists = di * width, di * f * run, (values, indices, firsts, stops)
        call(add_gathered, (dx, c_at, places, kernel, b_at, *lists, run))
