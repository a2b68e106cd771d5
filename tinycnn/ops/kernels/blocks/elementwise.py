"""Loops over flat arrays that several kernels share. They compile faster than assignments of slices."""

import numpy as np

from tinycnn.ops.kernels.codegen.jit import inlined

BUFFER = 1024  # numbers that stay in the first-level cache


@inlined
def copy(x, out):
    """Write out[:len(x)] = x."""
    for position in range(len(x)):
        out[position] = x[position]


@inlined
def set_to_zero(out):
    """Set every number to 0."""
    for position in range(len(out)):
        out[position] = 0


@inlined
def relu_in_place(z):
    """Set negative numbers of z to 0; a NaN stays NaN.

    By way of a buffer: else LLVM stores the zeros alone, with masks, which takes three times as long on some
    machines.
    """
    buffer = np.empty(BUFFER, z.dtype)
    for start in range(0, len(z), BUFFER):
        part = z[start : start + BUFFER]
        for position in range(len(part)):
            buffer[position] = z.dtype.type(0) if part[position] < 0 else part[position]
        copy(buffer[: len(part)], part)


@inlined
def add(x, total):
    """Do total += x[:len(total)]."""
    for position in range(len(total)):
        total[position] += x[position]
