"""Fractal heaps: every object in them, small, large, and in tables of tables."""

import io

import h5py
import numpy as np
import pytest

from tinycnn.saving import hdf5
from tinycnn.saving.btrees import records
from tinycnn.saving.file_bytes import FileBytes
from tinycnn.saving.fractal_heap import FractalHeap


def test_thousands_of_attributes_and_links_are_found(tmp_path):
    path = tmp_path / "x.h5"
    names = [f"name {place}" for place in range(1000)]
    with h5py.File(path, "w", libver="latest") as file:
        for name in names:
            file.attrs[name] = name
            file[name] = np.float32(len(name))
        file.attrs["long"] = np.bytes_(b"x" * 70_000)
    with hdf5.open_file(path) as file:
        assert [file.text(name) for name in names] == names
        assert all(file.array(name, (), ("float32",)) == len(name) for name in names)
        assert file.text("long") == "x" * 70_000


def heap_of(stream):
    """Return the bytes of a file, and its one fractal heap."""
    content = stream.getvalue()
    assert content.count(b"FRHP") == 1
    file = FileBytes(io.BytesIO(content), len(content))
    return file, FractalHeap(file, content.index(b"FRHP"))


def test_objects_are_found_by_what_the_library_calls_them():
    stream = io.BytesIO()
    with h5py.File(stream, "w", libver="latest") as file:
        for place in range(40):
            file.attrs[f"name {place}"] = place
    file, heap = heap_of(stream)
    tree = stream.getvalue().index(b"BTHD")
    found = {heap.object(record[:8]) for record in records(file, tree, 8)}
    assert len(found) == 40
    assert all(sum(f"name {place}\0".encode() in one for one in found) == 1 for place in range(40))


def test_identities_of_objects_that_are_none():
    stream = io.BytesIO()
    with h5py.File(stream, "w", libver="latest") as file:
        for place in range(40):
            file.attrs[f"name {place}"] = place
    _, heap = heap_of(stream)
    assert heap.object(bytes([0x22]) + b"abcdefg") == b"abc"  # tiny: the object itself
    with pytest.raises(ValueError, match="an object of an unknown kind"):
        heap.object(bytes([0x33]) * 8)
    with pytest.raises(ValueError, match=r"beyond the heap|reaches beyond its block"):
        heap.object(b"\0" + b"\xff" * 7)
