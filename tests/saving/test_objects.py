"""Where a file begins, what it is, and what its groups and datasets say."""

import io

import h5py
import numpy as np
import pytest

from tests.stress import hostile_models
from tests.support import hostile_files
from tinycnn import saving
from tinycnn.models.files import weight_specs
from tinycnn.saving.file_bytes import FileBytes
from tinycnn.saving.objects import FileObject, base_address, root_address


@pytest.mark.parametrize("length", [512, 2048, 2**16])
@pytest.mark.parametrize("name", ["ours", "newest layout"])
def test_what_stands_before_a_file_is_stepped_over(tmp_path, name, length):
    path, image = tmp_path / "x.h5", hostile_models.good_files()[name]
    path.write_bytes(b"#" * length + image)  # as HDF5 reads it, whatever the superblock says
    saved = saving.read_model(path, weight_specs)
    assert hostile_models.digest(saved) == hostile_models.undamaged(name)
    assert hostile_models.as_h5py(path, saved) == "read otherwise, as h5py does"


@pytest.mark.parametrize("length", [1, 511, 1536])
def test_a_file_elsewhere_is_not_looked_for(tmp_path, length):
    path = tmp_path / "x.h5"
    path.write_bytes(b"#" * length + hostile_models.good_files()["ours"])
    hostile_files.assert_refused(path, "no HDF5 file, it begins with b'#")


@pytest.mark.parametrize("change", [-8, 8])
def test_a_user_block_does_not_hide_another_length(tmp_path, change):
    path, image = tmp_path / "x.h5", hostile_models.good_files()["user block"]
    path.write_bytes(image + bytes(8) if change > 0 else image[:change])
    hostile_files.assert_refused(path, "and its superblock says")


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_groups_and_datasets_say_what_they_hold(libver):
    stream = io.BytesIO()
    with h5py.File(stream, "w", libver=libver) as file:
        file["a/b"] = np.arange(6, dtype=">i4").reshape(2, 3)
        file["a"].attrs["title"] = np.bytes_(b"tiny")
        file["a/soft"] = h5py.SoftLink("/a/b")
        file.create_dataset("packed", data=np.zeros(100), compression="gzip")
    file = FileBytes(stream, len(stream.getvalue()))
    root = FileObject(file, root_address(file))
    a = FileObject(file, root.links()["a"])
    assert (root.kind, [*a.links()]) == ("Group", ["b", "soft"])
    assert a.links()["soft"] is None
    assert a.attributes()["title"].data[:4] == b"tiny"
    b = FileObject(file, a.links()["b"])
    assert (b.kind, b.shape(), b.datatype().dtype) == ("Dataset", (2, 3), np.dtype(">i4"))
    stored = b.storage()
    numbers = np.frombuffer(file.read(stored.address, stored.size), ">i4")
    assert numbers.tolist() == [*range(6)]
    assert FileObject(file, root.links()["packed"]).storage() is None


def test_where_a_file_begins():
    image = b"\x89HDF\r\n\x1a\n" + bytes(100)
    for place in (0, 512, 1024, 4096):
        stream = io.BytesIO(bytes(place) + image)
        assert base_address(stream, place + len(image)) == place
    assert base_address(io.BytesIO(bytes(700) + image), 800) is None
