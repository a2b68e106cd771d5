"""Messages of object headers: types and shapes as the HDF5 library encodes them, others by the format."""

import h5py
import numpy as np
import pytest

from tinycnn.saving import messages


def encoded(dtype):
    """Return what the HDF5 library writes for a type; two bytes of its own stand before it."""
    return h5py.h5t.py_create(np.dtype(dtype), logical=True).encode()[2:]


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    "kind", ["f2", "f4", "f8", *(f"{s}{n}" for s in "iu" for n in (1, 2, 4, 8))]
)
def test_plain_numbers(kind, order):
    dtype = np.dtype(order + kind)
    read = messages.decode_datatype(encoded(dtype))
    assert (read.dtype, read.name, read.size) == (dtype, dtype.name, dtype.itemsize)


def test_texts_and_what_is_only_named():
    fixed = messages.decode_datatype(encoded("S7"))
    assert (fixed.text, fixed.size, fixed.dtype) == ("fixed", 7, None)
    assert messages.decode_datatype(encoded(h5py.string_dtype())).text == "variable"
    for dtype, name in (([("a", "f4")], "compound"), ("V3", "opaque"), (bool, "enumeration")):
        read = messages.decode_datatype(encoded(dtype))
        assert (read.name, read.dtype, read.text) == (name, None, None)


@pytest.mark.parametrize("shape", [(), (3,), (0,), (5, 1, 2**40)])
def test_shapes(shape):
    written = h5py.h5s.create_simple(shape) if shape else h5py.h5s.create(h5py.h5s.SCALAR)
    assert messages.decode_dataspace(written.encode()[7:]) == shape


def test_no_shape_and_shapes_that_are_none():
    assert messages.decode_dataspace(bytes([2, 0, 0, 2])) is None
    for body in (bytes([3, 0, 0, 0]), bytes([2, 33, 0, 1]) + bytes(8 * 33)):
        with pytest.raises(ValueError, match="a shape in it has version"):
            messages.decode_dataspace(body)
    with pytest.raises(ValueError, match="cut short"):
        messages.decode_dataspace(bytes([2, 2, 0, 1]) + bytes(15))


def test_how_texts_end():
    stored = b"ab\0c \0 "
    assert [messages.unpadded(stored, kind) for kind in (0, 1, 2)] == [b"ab", stored, b"ab\0c \0"]
    assert messages.unpadded(b"ab\0\0", 1) == b"ab"


def word(*numbers):
    return b"".join(number.to_bytes(8, "little") for number in numbers)


def test_where_numbers_lie():
    compact = messages.decode_layout(bytes([3, 0, 3, 0]) + b"abcd")
    assert (compact.size, compact.data) == (3, b"abc")
    contiguous = messages.decode_layout(bytes([4, 1]) + word(800, 24))
    assert (contiguous.address, contiguous.size, contiguous.data) == (800, 24, None)
    assert messages.decode_layout(bytes([3, 2]) + bytes(30)) is None  # chunks
    with pytest.raises(ValueError, match="a layout in it has the version 2"):
        messages.decode_layout(bytes([2, 1]))


def test_links():
    assert messages.decode_link(bytes([1, 0, 2]) + b"ab" + word(99)) == ("ab", 99)
    ordered = bytes([1, 4 | 8 | 16 | 1, 0]) + word(7) + b"\1" + b"\2\0ab" + word(99)
    assert messages.decode_link(ordered) == ("ab", 99)
    assert messages.decode_link(bytes([1, 8, 1, 2]) + b"ab\1\0x") == ("ab", None)  # a soft one
    with pytest.raises(ValueError, match="unknown version"):
        messages.decode_link(bytes([2, 0, 1]) + b"a" + word(1))
    with pytest.raises(ValueError, match="something in it has no name"):
        messages.decode_link(bytes([1, 0, 0]) + word(1))


@pytest.mark.parametrize("version", [1, 2, 3])
def test_attributes(version):
    parts = b"name\0", encoded("<f4"), bytes([2, 1, 0, 1]) + word(2)
    head = bytes([version, 0]) + b"".join(len(part).to_bytes(2, "little") for part in parts)
    room = [len(part) if version > 1 else -(-len(part) // 8) * 8 for part in parts]
    stored = [part.ljust(size, b"\0") for part, size in zip(parts, room, strict=True)]
    body = head + (b"\0" if version == 3 else b"") + b"".join(stored) + b"numbers!"
    name, attribute = messages.decode_attribute(body)
    assert (name, attribute.shape, attribute.data) == ("name", (2,), b"numbers!")
    assert attribute.datatype.dtype == np.float32
    named = bytes([3, 1]) + body[2:]
    with pytest.raises(messages.NamedDatatypeError, match="named datatype"):
        messages.decode_attribute(named)
