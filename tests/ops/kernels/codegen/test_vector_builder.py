"""Vectors in emitted code: as wide as the machine's, and every operation does what it says."""

import pytest

from tinycnn.ops.kernels.codegen.vector_builder import vector_shape


@pytest.mark.parametrize(
    ("features", "triple", "wanted"),
    [
        ("+avx512f,+avx2,+fma", "x86_64-unknown-linux-gnu", (64, 4, True)),
        ("+avx2,+fma", "x86_64-pc-windows-msvc", (32, 2, True)),
        ("+avx2", "x86_64-apple-darwin", (32, 2, False)),
        ("+sse2,-avx2", "x86_64-unknown-linux-gnu", (16, 2, False)),
        ("+neon", "aarch64-unknown-linux-gnu", (16, 4, True)),
        ("+neon", "arm64-apple-darwin23.0.0", (16, 4, True)),
    ],
)
def test_the_tile_fits_the_machine(features, triple, wanted):
    assert vector_shape(features, triple) == wanted
