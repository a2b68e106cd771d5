"""Reading model files that strangers made: an error that names the file, or the right numbers.

Each group of files is read in one process of its own, of little memory: a crash, a hang or a bomb is
seen there, and told from an error.
"""

import json
import os
import pathlib
import random
import sys

import pytest

from tests.stress import hostile_models
from tests.support import hostile_cases, hostile_files
from tests.support.patience import run
from tinycnn import saving
from tinycnn.models.files import weight_specs

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
    with pytest.warns(UserWarning, match="without loss, metrics and optimizer"):
        assert saving.read_model(path, weight_specs).training_config is None


@pytest.mark.parametrize("name", sorted(hostile_cases.LEFT_OUT))
def test_what_predictions_do_not_depend_on_is_left_out(name, tmp_path):
    path = tmp_path / "x.h5"
    hostile_cases.LEFT_OUT[name](path)
    with pytest.warns(UserWarning, match="left out|the shape of its input"):
        assert len(saving.read_model(path, weight_specs).weights) > 3


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


# ---------------------------------------------------------------- files of every kind


HDF5_FILES = hostile_models.good_files().keys() - {
    hostile_models.ARCHIVE,
    hostile_models.IN_ARCHIVE,
}


@pytest.mark.parametrize("name", sorted(HDF5_FILES))
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


def test_a_few_hundred_damaged_files():
    """The short version of `python -m tests.stress.hostile_models`."""
    counts, _, megabytes = hostile_models.stress(first=0, count=200)
    assert not hostile_models.failed(counts, megabytes), counts
    assert counts["refused"] > 50
    assert counts["read, as undamaged"] > 10
