"""Where a file begins, what it is, and what its groups and datasets say."""

import pytest

from tests.stress import hostile_models
from tests.support import hostile_files
from tinycnn import saving
from tinycnn.models.files import weight_specs


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
    hostile_files.assert_refused(path, "it is no HDF5 file, it begins with b'#")


@pytest.mark.parametrize("change", [-8, 8])
def test_a_user_block_does_not_hide_another_length(tmp_path, change):
    path, image = tmp_path / "x.h5", hostile_models.good_files()["user block"]
    path.write_bytes(image + bytes(8) if change > 0 else image[:change])
    hostile_files.assert_refused(path, "and its superblock says")
