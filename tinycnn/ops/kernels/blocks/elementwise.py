"""Loops over flat arrays that several kernels share. They compile faster than assignments of slices."""

from tinycnn.ops.kernels.codegen.jit import inlined


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
    """Set negative numbers of z to 0; a NaN stays NaN."""
    for position in range(len(z)):
        z[position] = z.dtype.type(0) if z[position] < 0 else z[position]


@inlined
def add(x, total):
    """Do total += x[:len(total)]."""
    for position in range(len(total)):
        total[position] += x[position]
