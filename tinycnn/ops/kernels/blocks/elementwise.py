"""Loops over numbers that several kernels share. They compile faster than assignments of slices."""

from tinycnn.ops.kernels.codegen.jit import inlined


@inlined
def copy(numbers, found):
    """Copy numbers one by one."""
    for position in range(len(numbers)):
        found[position] = numbers[position]


@inlined
def set_to_zero(numbers):
    """Set every number to 0."""
    for position in range(len(numbers)):
        numbers[position] = 0


@inlined
def relu_in_place(z):
    """Set negative numbers to 0; a NaN stays NaN."""
    for position in range(len(z)):
        z[position] = z.dtype.type(0) if z[position] < 0 else z[position]


@inlined
def add(numbers, totals):
    """Add numbers to totals."""
    for position in range(len(totals)):
        totals[position] += numbers[position]
