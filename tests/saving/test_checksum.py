"""The checksum in a model file: what has rotted or was changed is noticed, and said."""

import pathlib
import random

import h5py
import numpy as np
import pytest

from tests.stress import hostile_models
from tests.support import hostile_files
from tinycnn import saving
from tinycnn.models.files import weight_specs
from tinycnn.utils.errors import ModelFileError

ROOT = pathlib.Path(__file__).parents[2]


def flipped(path, source, place):
    data = bytearray(source)
    data[place] ^= 1 << place % 8
    path.write_bytes(data)


def test_no_number_of_the_bundled_net_rots_unnoticed(tmp_path):
    bundled = ROOT / "tinycnn" / "pretrained" / "mnist.h5"
    source = bundled.read_bytes()
    weights = saving.read_model(bundled, weight_specs).weights
    starts = [(source.find(array.tobytes()), array.nbytes) for layer in weights for array in layer]
    assert all(start > 0 for start, _ in starts)
    for start, length in starts:
        for place in range(start, start + length, max(length // 12, 1)):
            flipped(tmp_path / "x.h5", source, place)
            hostile_files.assert_refused(tmp_path / "x.h5", "it is not as it was saved")


def test_a_bit_of_our_file_is_of_no_effect_or_noticed(tmp_path):
    path = tmp_path / "x.h5"
    hostile_files.good(path)
    source = path.read_bytes()
    good = hostile_models.digest(saving.read_model(path, weight_specs))
    told = [place for place, byte in enumerate(source) if byte]
    noticed = 0
    for place in random.Random(0).sample(told, 150):
        flipped(path, source, place)
        try:
            assert hostile_models.digest(saving.read_model(path, weight_specs)) == good
        except ModelFileError:
            noticed += 1
    assert noticed > 100


@pytest.mark.parametrize("name", [hostile_files.KERNEL, "optimizer_weights/adadelta/learning_rate"])
def test_a_file_that_was_changed_on_purpose_can_be_loaded(name, tmp_path):
    path = tmp_path / "x.h5"
    hostile_files.good(path)
    with h5py.File(path, "r+") as file:
        file[name][...] = 0.5
    hostile_files.assert_refused(path, "another program changed it.*h5py.File.*tinycnn_sha256")
    with h5py.File(path, "r+") as file:
        file.attrs.pop("tinycnn_sha256")
    saving.read_model(path, weight_specs)


def test_the_configuration_is_in_the_checksum(tmp_path):
    path = tmp_path / "x.h5"
    hostile_files.good(path)
    data = path.read_bytes()
    assert data.count(b'"rate": 0.25') == 1
    path.write_bytes(data.replace(b'"rate": 0.25', b'"rate": 0.75'))
    hostile_files.assert_refused(path, "it is not as it was saved")


def test_one_array_under_many_names_is_not_summed_for_ever(tmp_path):
    path = tmp_path / "x.h5"
    names = [f"{place}" for place in range(100)]

    def edit(file):
        group = file["optimizer_weights"]
        group["0"] = np.zeros(4000, np.float32)
        for name in names[1:]:
            group[name] = group["0"]
        group.attrs["weight_names"] = [name.encode() for name in names]
        file.attrs["tinycnn_sha256"] = "0" * 64

    hostile_files.opened(edit)(path)
    hostile_files.assert_refused(path, "more numbers than it can hold")
