"""Fractal heaps: every object in them, small, large, and in tables of tables."""

import h5py
import numpy as np

from tinycnn.saving import hdf5


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
