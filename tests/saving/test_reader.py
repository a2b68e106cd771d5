"""Reading a model: what its configuration implies must be there, and nothing is made that has no room."""

import pytest

from tests.support import hostile_files
from tinycnn import saving
from tinycnn.models.files import weight_specs
from tinycnn.utils.errors import ModelFileError


def test_memory_that_is_too_small_is_said(tmp_path):
    path = tmp_path / "x.h5"
    hostile_files.good(path)

    def specs(config):
        raise MemoryError

    with pytest.raises(ModelFileError, match="the memory is too small"):
        saving.read_model(path, specs)


def test_more_parameters_than_the_file_has_room_for(tmp_path):
    path = tmp_path / "x.h5"
    hostile_files.good(path)

    def specs(config, count=10**6):
        return [
            (name, {"kernel": ((count,), "float32")} if spec else {})
            for name, spec in weight_specs(config)
        ]

    with pytest.raises(ModelFileError, match=r"its weights take 12000000 bytes, and it has only"):
        saving.read_model(path, specs)
    with pytest.raises(ModelFileError, match=r"3000000000 parameters, and 250000000 are the most"):
        saving.read_model(path, lambda config: specs(config, 10**9))


def test_a_file_that_changes_while_it_is_read(tmp_path):
    path = tmp_path / "x.h5"
    hostile_files.good(path)

    def specs(config):
        with open(path, "ab") as file:
            file.write(b"more")
        return weight_specs(config)

    with pytest.raises(ModelFileError, match="it changed while it was read"):
        saving.read_model(path, specs)
