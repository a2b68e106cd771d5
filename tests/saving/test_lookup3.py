"""The checksum of newer structures: published values, and what the HDF5 library itself wrote."""

import io

import h5py
import numpy as np
import pytest

from tinycnn.saving import lookup3 as module
from tinycnn.saving.file_bytes import FileBytes
from tinycnn.saving.lookup3 import lookup3, without_checksum


def test_published_values():
    """From the comments of lookup3.c: an empty key, and Lincoln's words."""
    assert lookup3(b"") == 0xDEADBEEF
    assert lookup3(b"Four score and seven years ago") == 0x17770551


def test_structures_of_every_length_that_the_library_wrote(monkeypatch):
    stream, lengths = io.BytesIO(), set()
    with h5py.File(stream, "w", libver="latest") as file:
        for length in range(1, 150):
            file.create_group(f"{length}").attrs["a"] = np.bytes_(b"x" * length)
    from tinycnn.saving.objects import FileObject, root_address

    monkeypatch.setattr(
        module, "lookup3", lambda data: lengths.add(len(data) % 12) or lookup3(data)
    )
    file = FileBytes(stream, len(stream.getvalue()))
    for address in FileObject(file, root_address(file)).links().values():
        assert len(FileObject(file, address).attributes()) == 1
    assert lengths == set(range(12))


@pytest.mark.parametrize("place", [0, 5, 11, 12, 22, -1])
def test_another_byte_is_noticed(place):
    content = bytearray(range(23)) + lookup3(bytes(range(23))).to_bytes(4, "little")
    file = FileBytes(io.BytesIO(), 0)
    assert without_checksum(file, bytes(content)) == bytes(range(23))
    content[place] ^= 4
    with pytest.raises(ValueError, match="a checksum in it is wrong"):
        without_checksum(file, bytes(content))
