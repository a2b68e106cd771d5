"""What each kind of layer makes of its input by the slow definitions, in float64, without dropout."""

import numpy as np

from tinycnn import activations
from tinycnn.layers import Conv2D, Dense, Dropout, Flatten, InputLayer, LeakyReLU, MaxPooling2D
from tinycnn.layers.pooling import Pooling2D
from tinycnn.ops import reference


def activated(name, z):
    return getattr(reference, f"{name}_forward")(z)


def affine(layer, x):
    kernel, bias = (np.float64(weight) for weight in layer.kernel_and_bias())
    if isinstance(layer, Conv2D):
        z = reference.conv2d_forward(x, kernel, bias, *layer.geometry(x.shape))
    else:
        z = reference.dense_forward(x, kernel, bias)
    return activated(layer.activation.name, z)


def pooled(layer, x):
    pool, strides, ((top, _), (left, _)) = layer.geometry(x.shape)
    where = x, pool, strides, (top, left), layer.compute_output_shape(x.shape)[1:3]
    if isinstance(layer, MaxPooling2D):
        return reference.max_pool2d_forward(*where)[0]
    return reference.average_pool2d_forward(*where)


def output_of(layer, x):
    """Return a layer's output (1, ...) of x (1, ...)."""
    x = np.float64(x)
    if isinstance(layer, Conv2D | Dense):
        return affine(layer, x)
    if isinstance(layer, Pooling2D):
        return pooled(layer, x)
    if isinstance(layer, Flatten):
        return x.reshape(1, -1)
    if isinstance(layer, LeakyReLU):
        return np.where(x > 0, x, layer.negative_slope * x)
    if isinstance(layer, Dropout | InputLayer):
        return x
    name = getattr(layer, "activation", activations.linear).name
    return activated(name, x)
