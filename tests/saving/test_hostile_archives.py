""".keras files of strangers, and damaged ones: an error that names file and cause, or the right numbers."""

import json
import os
import pathlib
import sys
import warnings

import numpy as np
import pytest

from tests.support import hostile_archives as hostile
from tests.support.patience import run
from tinycnn import saving
from tinycnn.models.files import weight_specs
from tinycnn.utils.errors import ModelFileError

ROOT = pathlib.Path(__file__).parents[2]
MEGABYTES = 512
CASES = [(group, name) for group, cases in hostile.GROUPS.items() for name in sorted(cases)]
CHILD = """
import json, resource, sys, warnings
from tinycnn import saving
from tinycnn.models.files import weight_specs
from tinycnn.utils.errors import ModelFileError
warnings.simplefilter("ignore")
answers = []
for path in map(str.strip, sys.stdin):
    try:
        saving.read_model(path, weight_specs)
    except ModelFileError as error:
        answers.append(str(error))
print(json.dumps([answers, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""


def assert_refused(path, cause):
    with pytest.raises(ModelFileError) as caught:
        saving.read_model(path, weight_specs)
    assert caught.value.path == os.fspath(path)
    assert cause in str(caught.value)
    assert caught.value.remedy
    return str(caught.value)


@pytest.mark.filterwarnings("ignore:Duplicate name")  # of `zipfile`, while such a file is made
@pytest.mark.parametrize(("group", "name"), CASES)
def test_what_strangers_made_is_refused(group, name, tmp_path):
    make, cause = hostile.GROUPS[group][name]
    make(tmp_path / "x.zip")
    assert_refused(tmp_path / "x.zip", cause)
    assert {path.name for path in tmp_path.iterdir()} <= {"x.zip", "x.keras"}  # nothing unpacked


@pytest.mark.skipif(sys.platform == "win32", reason="no module resource")
def test_they_take_little_memory(tmp_path):
    names = ("1 GB of zeros", "longer than it says", "10 000 members", "2 MB of configuration")
    paths = [tmp_path / f"{place}.zip" for place in range(len(names))]
    for path, name in zip(paths, names, strict=True):
        hostile.ZIPS[name][0](path)
    child = run([sys.executable, "-c", CHILD], input="\n".join(map(str, paths)), cwd=ROOT)
    answers, kilobytes = json.loads(child.stdout)
    assert len(answers) == len(names)
    assert kilobytes < MEGABYTES * 1024


def test_a_good_file_is_read(tmp_path):
    """So that the others are refused for what is wrong with them."""
    path = hostile.archives.pack(tmp_path / "x.zip", hostile.written(tmp_path / "x.zip"))
    assert len(saving.read_model(path, weight_specs).weights) == 10


def read(path):
    """Return what a file comes to: the cause of an error, or its arrays as one tuple of bytes."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            saved = saving.read_model(path, weight_specs)
    except ModelFileError as error:
        return error.cause
    state = saved.optimizer_state["slots"].values() if saved.optimizer_state else []
    groups = [*saved.weights, *state]
    return tuple(np.asarray(array).tobytes() for group in groups for array in group), saved.config


def test_wherever_it_is_cut_short_it_is_refused(tmp_path):
    """At every boundary between pieces of the zip, one byte before and behind, and in between."""
    data = hostile.good(tmp_path / "good.keras").read_bytes()
    marks = [n for mark in (b"PK", b"\x89HDF", b"{", b".json", b".h5") for n in places(data, mark)]
    cuts = {cut + more for cut in [*marks, len(data)] for more in (-1, 0, 1)}
    cuts |= set(range(0, len(data), len(data) // 50))
    path = tmp_path / "x.keras"
    for cut in sorted(cut for cut in cuts if 0 <= cut < len(data)):
        path.write_bytes(data[:cut])
        assert isinstance(read(path), str), cut


def places(data, mark):
    found, place = [], data.find(mark)
    while place >= 0:
        found.append(place)
        place = data.find(mark, place + 1)
    return found


def test_a_flipped_bit_is_noticed_or_without_effect(tmp_path):
    """In what the zip says of its members, in the configuration and in the weights."""
    data = hostile.good(tmp_path / "good.keras").read_bytes()
    undamaged, path = read(tmp_path / "good.keras"), tmp_path / "x.keras"
    weights = data.index(b"\x89HDF")
    rng = np.random.default_rng(1)
    told = [*range(0, 150, 3), *range(len(data) - 300, len(data), 3)]
    told += rng.integers(150, weights, 30).tolist()
    told += rng.integers(weights, len(data) - 300, 30).tolist()
    refused = 0
    for place in told:
        damaged = bytearray(data)
        damaged[place] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        result = read(path)
        assert isinstance(result, str) or result == undamaged, place
        refused += isinstance(result, str)
    assert refused > len(told) / 2


def test_a_file_that_was_changed_and_packed_well_is_refused_by_its_checksum(tmp_path):
    members = hostile.archives.members(hostile.good(tmp_path / "good.keras"))
    for name, old, new in (
        (hostile.CONFIG, b"relu", b"tanh"),
        (hostile.WEIGHTS, members[hostile.WEIGHTS][-4:], b"\0\0\0?"),
    ):
        changed = {**members, name: members[name].replace(old, new)}
        path = hostile.archives.pack(tmp_path / "x.keras", changed)
        assert_refused(path, "its checksum is another")
