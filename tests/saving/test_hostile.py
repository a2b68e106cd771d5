"""Reading model files that strangers made: an error that names the file, or the right numbers.

Each group of files is read in one process of its own, of little memory: a crash, a hang or a bomb is
seen there, and told from an error.
"""

import json
import os
import pathlib
import random
import sys

import h5py
import numpy as np
import pytest

from tests.stress import hostile_models
from tests.support import hostile_cases, hostile_files
from tests.support import model_examples as examples
from tests.support.patience import run
from tinycnn import saving
from tinycnn.models.files import weight_specs
from tinycnn.saving import hdf5
from tinycnn.saving.file_bytes import FileBytes

ROOT = pathlib.Path(__file__).parents[2]
SEEDS = 500

CHILD = """
import json, sys, warnings
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except ImportError:
    pass
from tinycnn import saving
from tinycnn.utils.errors import ModelFileError
from tinycnn.models.files import weight_specs
warnings.simplefilter("ignore")
for path in map(str.strip, sys.stdin):
    print(json.dumps(path), flush=True)
    try:
        saving.read_model(path, weight_specs)
        answer = "read"
    except ModelFileError as error:
        answer = str(error)
    print(json.dumps(answer), flush=True)
"""


def read_apart(paths):
    """Return what reading each file came to, in a process of its own with 1 GiB of memory."""
    child = run(
        [sys.executable, "-c", CHILD],
        input="\n".join(map(str, paths)),
        env={**os.environ, "NUMBA_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        cwd=ROOT,
    )
    lines = [json.loads(line) for line in child.stdout.splitlines()]
    assert child.returncode == 0, (child.returncode, lines[-1:], child.stderr[-2000:])
    return dict(zip(lines[::2], lines[1::2], strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("group", sorted(hostile_cases.GROUPS))
def test_what_strangers_made_is_refused(group, tmp_path):
    cases = hostile_cases.GROUPS[group]
    paths = {name: tmp_path / f"{place}.h5" for place, name in enumerate(cases)}
    for name, path in paths.items():
        cases[name][0](path)
    answers = read_apart(paths.values())
    wrong = {
        name: answers[str(path)]
        for name, path in paths.items()
        if not answers[str(path)].startswith(f"{path}: ")
        or cases[name][1] not in answers[str(path)]
    }
    assert not wrong


@pytest.mark.parametrize("name", sorted(hostile_cases.WARNED))
def test_nothing_is_made_of_a_strangers_name(name, tmp_path):
    path = tmp_path / "x.h5"
    hostile_cases.WARNED[name](path)
    with pytest.warns(UserWarning, match="'system'|only"):
        assert saving.read_model(path, weight_specs).training_config is None


def test_damaged_bytes_never_crash_the_reader(tmp_path):
    """Flip bytes of our file and of Keras's at random, mostly in what is not numbers."""
    hostile_files.good(tmp_path / "ours")
    originals = [tmp_path / "ours", ROOT / "tests/support/keras_files" / "keras3_adadelta.h5"]
    paths = [tmp_path / f"{seed}.h5" for seed in range(SEEDS)]
    for seed, path in enumerate(paths):
        rng = random.Random(seed)
        data = bytearray(originals[seed % 2].read_bytes())
        told = [place for place, byte in enumerate(data) if byte]
        for _ in range(rng.choice([1, 2, 4, 16])):
            place = rng.choice(told) if rng.random() < 0.7 else rng.randrange(len(data))
            data[place] = rng.choice([0, 255, data[place] ^ 1 << rng.randrange(8)])
        path.write_bytes(data)
    answers = read_apart(paths).values()
    refused = [answer for answer in answers if answer != "read"]
    assert SEEDS / 5 < len(refused) < SEEDS
    assert all(answer.startswith(str(tmp_path)) for answer in refused)


def test_numbers_in_the_other_byte_order_are_the_same_numbers(tmp_path):
    path = tmp_path / "x.h5"
    big_endian = np.arange(48, dtype=">f4").reshape(12, 4)
    hostile_files.stored(hostile_files.KERNEL, data=big_endian)(path)
    read = saving.read_model(path, weight_specs).weights[6][0]
    assert read.dtype == np.dtype(np.float32)
    np.testing.assert_array_equal(read, big_endian)


def test_two_names_of_one_array_are_two_arrays(tmp_path):
    path = tmp_path / "x.h5"

    def share(file):
        group = file["optimizer_weights/adadelta"]
        del group["sequential_dense_bias_accumulated_grad"]
        other = group["sequential_dense_bias_accumulated_delta_var"]
        group["sequential_dense_bias_accumulated_grad"] = other

    hostile_files.opened(share)(path)
    slots = saving.read_model(path, weight_specs).optimizer_state["slots"]
    one, other = slots["accumulated_grad"][3], slots["accumulated_delta_var"][3]
    np.testing.assert_array_equal(one, other)
    assert not np.shares_memory(one, other)


def test_names_in_parts_are_joined(tmp_path):
    path = tmp_path / "x.h5"
    hostile_files.good(path)
    with h5py.File(path, "r+") as file:
        attributes = file["model_weights"].attrs
        names = attributes["layer_names"]
        del attributes["layer_names"]
        attributes["layer_names0"], attributes["layer_names1"] = names[:4], names[4:]
    read = saving.read_model(path, weight_specs)
    np.testing.assert_array_equal(read.weights[6][0], examples.weights_of_every_layer()[6][0])


# ---------------------------------------------------------------- files of every kind


@pytest.mark.parametrize("name", sorted(hostile_models.good_files()))
def test_every_kind_of_file_is_read_as_h5py_reads_it(name, tmp_path):
    path = tmp_path / "x.h5"
    path.write_bytes(hostile_models.good_files()[name])
    saved = saving.read_model(path, weight_specs)
    assert hostile_models.as_h5py(path, saved) == "read otherwise, as h5py does"
    assert saved.optimizer_state is not None


def test_copies_in_other_layouts_are_the_same_model():
    copies = ("no checksum", "newest layout", "ordered", "variable names", "fixed texts")
    blocks = ("user block", "user block, newest layout")
    fingerprints = {hostile_models.undamaged(name) for name in ("ours", *copies, *blocks)}
    assert len(fingerprints) == 1
    long = {hostile_models.undamaged(name) for name in ("many links", "many links, ordered")}
    assert len(long) == 1


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


def test_numbers_that_look_like_heaps_are_not_looked_at(tmp_path, monkeypatch):
    path, reads = tmp_path / "x.h5", []
    hostile_files.opened(lambda file: None)(path)
    read = FileBytes.read
    monkeypatch.setattr(FileBytes, "read", lambda *args: reads.append(args[1:]) or read(*args))
    saving.read_model(path, weight_specs)
    plain = list(reads)
    data = bytearray(path.read_bytes())
    heap = b"GCOL\1\0\0\0" + (2**12).to_bytes(8, "little")
    data += heap * (2**20 // len(heap))
    hostile_files.put(data, 40, len(data))
    path.write_bytes(data)
    reads.clear()
    saving.read_model(path, weight_specs)
    assert reads == plain


def test_a_few_hundred_damaged_files():
    """The short version of `python -m tests.stress.hostile_models`."""
    counts, _, megabytes = hostile_models.stress(first=0, count=200)
    assert not hostile_models.failed(counts, megabytes), counts
    assert counts["refused"] > 50
    assert counts["read, as undamaged"] > 10


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
