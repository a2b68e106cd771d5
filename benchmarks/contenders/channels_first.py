"""Weights for frameworks whose images are (n, c, h, w): all but Keras, tinycnn, NumPy and JAX.

Their kernels are (f, c, kh, kw) for a convolution and (f, c) for a dense layer. A dense layer behind a
Flatten needs its rows in another order, too: these frameworks flatten (c, h, w), Keras (h, w, c).
"""


def kernel_shapes(net):
    """Return for each weight of a `nets.Net`: (kh, kw, c, f) for a kernel, None for vectors.

    A dense kernel is that of a convolution over all pixels before the Flatten, or over one.
    """
    found, flattened = [], None
    shapes = zip(net.shapes()[:-1], net.shapes()[1:], strict=True)
    for (kind, options), names, (before, after) in zip(
        net.layers, net.weight_names(), shapes, strict=True
    ):
        if kind == "Flatten":
            flattened = before
        if "kernel" in names:
            window = (options["kernel_size"],) * 2 if kind == "Conv2D" else (1, 1)
            pixels = (*window, before[-1]) if kind == "Conv2D" else flattened or (1, 1, *before)
            found.append((*pixels, after[-1]))
            flattened = None
        found += [None for name in names if name != "kernel"]
    return found


def from_keras(net, weights):
    """Return the weights of a `nets.Net`, a list in Keras's order and layout, in this layout."""
    return [
        array if shape is None else kernel_from_keras(array, shape)
        for array, shape in zip(weights, kernel_shapes(net), strict=True)
    ]


def kernel_from_keras(kernel, shape):
    """Return a kernel in this layout; shape: from `kernel_shapes`."""
    turned = kernel.reshape(shape).transpose(3, 2, 0, 1)
    return (turned if kernel.ndim == 4 else turned.reshape(shape[3], -1)).copy()


def to_keras(net, weights):
    """Return copies of weights in this layout in Keras's: the reverse of `from_keras`."""
    return [
        array.copy() if shape is None else kernel_to_keras(array, shape)
        for array, shape in zip(weights, kernel_shapes(net), strict=True)
    ]


def kernel_to_keras(kernel, shape):
    """Return a kernel in Keras's layout; shape: from `kernel_shapes`."""
    h, w, c, f = shape
    turned = kernel.reshape(f, c, h, w).transpose(2, 3, 1, 0)
    return (turned if kernel.ndim == 4 else turned.reshape(-1, f)).copy()
