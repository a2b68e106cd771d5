"""Damage good files of models in many ways, .keras too; read each: `python -m tests.stress.hostile_models`.

Every file must end in a ModelFileError, or in a model: the undamaged one, if the file has a checksum
of its own. No crash, no more than 5 s, less than 512 MB. A file is known by its number: `--first 4711
--count 1` makes that one again (with an older h5py but for the times that newer layouts hold). With
--compare, for HDF5 2.0 or newer, which endures such files, what was read is compared with what h5py
reads.
"""

import argparse
import collections
import concurrent.futures
import faulthandler
import functools
import hashlib
import io
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time
import warnings
from unittest import mock

import h5py
import numpy as np

from tests.support import archives
from tests.support import model_examples as examples
from tinycnn import saving
from tinycnn.models.files import weight_specs
from tinycnn.saving.checksum import ATTRIBUTE
from tinycnn.saving.file_bytes import FileBytes
from tinycnn.saving.lookup3 import lookup3
from tinycnn.saving.objects import SIGNATURE
from tinycnn.saving.writer import archive_image, file_image
from tinycnn.utils.errors import ModelFileError

ROOT = pathlib.Path(__file__).parents[2]
SECONDS = 5  # of the processor
HANGS = 120  # by the clock
MEGABYTES = 512
BATCH = 1000
PROCESSES = 2
NEWER = (b"OHDR", b"OCHK", b"BTHD", b"BTIN", b"BTLF", b"FRHP", b"FHIB", b"\x89HDF")
FIELDS = (1, 2, 4, 8)  # bytes
ARCHIVE, IN_ARCHIVE = "a .keras file", "the weights in a .keras file"


# ---------------------------------------------------------------- good files


def copied(image, libver="earliest", track_order=False, edit=None, **options):
    """Return a model file with the same content, written with other options of h5py."""
    result, options = io.BytesIO(), {"libver": libver, **options}
    with h5py.File(io.BytesIO(image)) as source, h5py.File(result, "w", **options) as target:
        pairs = [(source, target)]
        for group, copy in pairs:
            for name, value in group.attrs.items():
                copy.attrs[name] = value
            for name, item in group.items():
                if isinstance(item, h5py.Dataset):
                    copy.create_dataset(name, data=item[()], track_times=False)
                else:
                    pairs.append((item, copy.create_group(name, track_order=track_order)))
        if edit is not None:
            edit(target)
    return result.getvalue()


def long_model(layers=40):
    """Return a model with so many layers that newer files keep them in a tree and a heap."""
    saved = examples.example()
    more = [examples.layer("ReLU", f"more_{place}") for place in range(layers)]
    config = {**saved.config, "layers": [*saved.config["layers"], *more]}
    weights = [*saved.weights, *([] for _ in more)]
    return saving.SavedModel(config, weights, saved.training_config, saved.optimizer_state)


def variable_names(file):
    names = list(file["model_weights"].attrs["layer_names"])
    file["model_weights"].attrs.create("layer_names", names, dtype=h5py.string_dtype())


def fixed_texts(file):
    """Make the configuration a text of fixed length, and add attributes until all lie in a heap."""
    for name in ("model_config", "training_config"):
        file.attrs[name] = np.bytes_(file.attrs[name].encode().ljust(9000))
    for place in range(20):
        file.attrs[f"more_{place}"] = place


@functools.cache
def good_files():
    """Return {name: bytes} of model files of every kind."""
    ours, long = file_image(examples.example()), file_image(long_model())
    unchecked = copied(ours, edit=lambda file: file.attrs.pop(ATTRIBUTE))
    stored = sorted((ROOT / "tests" / "support" / "keras_files").glob("*.h5"))
    return {
        "ours": ours,
        "ours, newest layout": copied(ours, "latest"),
        "no checksum": unchecked,
        "newest layout": copied(unchecked, "latest"),
        "ordered": copied(unchecked, track_order=True),
        "many links": copied(long, "latest"),
        "many links, ordered": copied(long, track_order=True),
        "variable names": copied(unchecked, edit=variable_names),
        "fixed texts": copied(unchecked, "latest", edit=fixed_texts),
        "user block": copied(unchecked, userblock_size=512),
        "user block, newest layout": copied(ours, "latest", userblock_size=4096),
        **{path.stem: path.read_bytes() for path in stored},
        ARCHIVE: archive_image(examples.example()),
        IN_ARCHIVE: archives.members(io.BytesIO(archive_image(examples.example())))[
            archives.WEIGHTS
        ],
    }


def put(path, name, image):
    """Write a file; what lies in an archive gets one around it, without a checksum."""
    if name == IN_ARCHIVE:
        members = archives.members(io.BytesIO(good_files()[ARCHIVE]))
        archives.pack(path, {archives.CONFIG: members[archives.CONFIG], archives.WEIGHTS: image})
    else:
        path.write_bytes(image)


@functools.cache
def pieces(name):
    """Return (address, length) of everything but numbers that is read of a good file."""
    seen, read = set(), FileBytes.read

    def noted(file, address, length):
        seen.add((file.base + address, length))
        return read(file, address, length)

    with mock.patch.object(FileBytes, "read", noted):
        fingerprint(good_files()[name], name)
    return sorted(piece for piece in seen if piece[1])


@functools.cache
def checksummed(name):
    """Return the pieces that end in a checksum."""
    image = good_files()[name]
    spans = [(start, start + length) for start, length in pieces(name) if length > 8]
    newer = [pair for pair in spans if image[pair[0] : pair[0] + 4] in NEWER]
    return [
        (start, end)
        for start, end in newer
        if lookup3(image[start : end - 4]).to_bytes(4, "little") == image[end - 4 : end]
    ]


# ---------------------------------------------------------------- damage


def number(rng, name, data):
    """Overwrite a field of a structure with a number that may be worse than others."""
    start, length = rng.choice(pieces(name))
    width = rng.choice(FIELDS)
    place = start + rng.randrange(max(length - width, 0) + 1) // width * width
    old = int.from_bytes(data[place : place + width], "little")
    other = rng.choice(pieces(name))[0]
    worse = [0, 1, -1, 1 << 8 * width - 1, old + 1, old - 1, old * 2, other, start, len(data)]
    worse += [len(data) - 1, old ^ 1 << rng.randrange(8 * width), rng.getrandbits(8 * width)]
    new = rng.choice(worse) % (1 << 8 * width)
    data[place : place + width] = new.to_bytes(width, "little")


def bit(rng, name, data):
    start, length = rng.choice(pieces(name))
    data[start + rng.randrange(length)] ^= 1 << rng.randrange(8)


def anywhere(rng, name, data):
    data[rng.randrange(len(data))] = rng.randrange(256)


def splice(rng, name, data):
    """Put a piece of this or of another file in the place of a piece."""
    other = rng.choice([name, name, *good_files()])
    start, length = rng.choice(pieces(other))
    place = rng.choice(pieces(name))[0]
    data[place : place + length] = good_files()[other][start : start + length]


def swap(rng, name, data):
    (one, first), (two, second) = rng.choice(pieces(name)), rng.choice(pieces(name))
    length = min(first, second, abs(one - two))
    data[one : one + length], data[two : two + length] = (
        data[two : two + length],
        data[one : one + length],
    )


def truncated(rng, name, data):
    del data[rng.randrange(len(data)) :]


def longer(rng, name, data):
    place = rng.choice([len(data), rng.randrange(len(data))])
    data[place:place] = rng.choice([bytes(8), rng.randbytes(50), data[-4096:], b"GCOL\1" * 9])


def shorter(rng, name, data):
    place = rng.randrange(len(data))
    del data[place : place + rng.choice([1, 8, 64, 512])]


def json_token(rng, name, data):
    """Change a number, a bracket or a letter of the configurations, and not their length."""
    tokens = [
        match.start() for match in re.finditer(rb'(?<=[ "\[])[\d\[\]{}\w](?=[\w,\] ".}])', data)
    ]
    if tokens:
        data[rng.choice(tokens)] = rng.choice(b'0123456789[]{}",:-.aeE \xff')


DAMAGE = {number: 8, bit: 3, anywhere: 1, splice: 2, swap: 1, json_token: 2}
LENGTH = {truncated: 2, longer: 1, shorter: 1}


def mutant(seed):
    """Return the name of a good file, and its bytes with damage, made anew from a number."""
    rng = random.Random(seed)
    name = rng.choice(sorted(good_files()))
    data = bytearray(good_files()[name])
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        rng.choices(list(DAMAGE), DAMAGE.values())[0](rng, name, data)
    if rng.random() < 0.8:
        good = good_files()[name]
        changed = [pair for pair in checksummed(name) if data[slice(*pair)] != good[slice(*pair)]]
        for start, end in changed:
            data[end - 4 : end] = lookup3(bytes(data[start : end - 4])).to_bytes(4, "little")
    if rng.random() < 0.1:
        rng.choices(list(LENGTH), LENGTH.values())[0](rng, name, data)
    base = good_files()[name].find(SIGNATURE)
    older = data[base + 8 : base + 9] < b"\2"
    if rng.random() < 0.5 and older:  # what is beyond the length would hide all else
        data[base + 40 : base + 48] = len(data).to_bytes(8, "little")
    return name, bytes(data)


# ---------------------------------------------------------------- reading


def fingerprint(image, name="ours"):
    """Return a digest of the model that reading these bytes comes to."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "x.h5"
        put(path, name, image)
        return digest(saving.read_model(path, weight_specs))


def digest(saved):
    settings = [saved.config, saved.training_config]
    state = saved.optimizer_state or {"iterations": None, "slots": {}}
    arrays = [*saved.weights, *state["slots"].values()]
    result = hashlib.sha256(
        json.dumps([*settings, state["iterations"], list(state["slots"])]).encode()
    )
    for array in [array for group in arrays for array in group]:
        result.update(f"{array.dtype}{array.shape}".encode() + array.tobytes())
    return result.hexdigest()


@functools.cache
def undamaged(name):
    return fingerprint(good_files()[name], name)


@functools.cache
def has_checksum(name):
    if name == ARCHIVE:
        return True
    with h5py.File(io.BytesIO(good_files()[name])) as file:
        return ATTRIBUTE in file.attrs


def read(name, path, compare):
    """Return what reading a file that was damaged came to, in a few words."""
    try:
        saved = saving.read_model(path, weight_specs)
    except ModelFileError as error:
        named = str(error).startswith(f"{path}: ") and error.remedy
        return "refused" if named else f"WRONG: {error}"
    if digest(saved) == undamaged(name):
        return "read, as undamaged"
    if has_checksum(name):
        return f"WRONG: {name!r} is read otherwise, and has a checksum"
    return as_h5py(path, saved) if compare and name != IN_ARCHIVE else "read otherwise"


def as_h5py(path, saved):
    """Return whether h5py reads the same numbers under the names that the file lists."""
    try:
        with h5py.File(path) as file:
            group = file["model_weights"]
            layers = names_of(group, "layer_names")
            values = [
                group[layer][name][()]
                for layer in layers
                for name in names_of(group[layer], "weight_names")
            ]
    except (OSError, RuntimeError, LookupError, ValueError, TypeError) as error:
        return f"read otherwise, and refused by h5py ({type(error).__name__})"
    ours = [array for layer in saved.weights for array in layer]
    same = len(ours) == len(values) and all(map(np.array_equal, ours, values))
    return "read otherwise, as h5py does" if same else "WRONG: h5py reads other numbers"


def names_of(group, attribute):
    return [n.decode() if isinstance(n, bytes) else n for n in group.attrs[attribute].tolist()]


def read_batch(first, count, compare):
    """Read so many files in this process; print what came of them, one JSON value a line."""
    warnings.simplefilter("ignore")
    counts, slowest = collections.Counter(), 0.0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, first + count):
            print(json.dumps(seed), flush=True)
            name, image = mutant(seed)
            path = pathlib.Path(folder) / "x.h5"
            put(path, name, image)
            undamaged(name)  # is made before the clock starts
            faulthandler.dump_traceback_later(HANGS, exit=True)
            start = time.process_time()
            answer = read(name, path, compare)
            seconds = time.process_time() - start
            faulthandler.cancel_dump_traceback_later()
            slowest = max(slowest, seconds)
            if seconds > SECONDS:
                answer = f"WRONG: {seconds:.1f} s"
            counts[f"{answer}: {seed}" if answer.startswith("WRONG") else answer] += 1
    print(json.dumps([counts, slowest, megabytes()]), flush=True)


def megabytes():
    """Return the peak of this process's memory; 0 where the system does not tell."""
    status = pathlib.Path("/proc/self/status")
    match = re.search(r"VmHWM:\s*(\d+) kB", status.read_text()) if status.exists() else None
    return int(match[1]) / 2**10 if match else 0


def run_apart(first, count, compare):
    """Return (counts, seconds of the slowest, megabytes) of a batch in a process of its own."""
    command = [sys.executable, "-m", "tests.stress.hostile_models", "--batch"]
    command += ["--first", str(first), "--count", str(count)] + ["--compare"] * compare
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    lines = done.stdout.splitlines()
    if done.returncode:
        return (
            {f"WRONG: status {done.returncode} after {lines[-1:]}: {done.stderr[-500:]}": 1},
            0,
            0,
        )
    return json.loads(lines[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="how many files")
    parser.add_argument("--first", type=int, default=0, help="the number of the first")
    parser.add_argument("--compare", action="store_true", help="with h5py (HDF5 2.0 or newer)")
    parser.add_argument("--batch", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.batch:
        return read_batch(options.first, options.count, options.compare)
    counts, slowest, most = stress(options.first, options.count, options.compare)
    print(f"h5py {h5py.__version__}, HDF5 {h5py.version.hdf5_version}, {options.count} files")
    for answer, count in counts.most_common():
        print(f"{count:7} {answer}")
    print(f"the slowest took {slowest:.2f} s, and {most:.0f} MB were the most")
    return failed(counts, most)


def stress(first, count, compare=False):
    """Return what reading so many files came to: counts, seconds of the slowest, megabytes."""
    counts, slowest, most = collections.Counter(), 0.0, 0.0
    starts = range(first, first + count, BATCH)
    with concurrent.futures.ThreadPoolExecutor(PROCESSES) as pool:
        sizes = [min(BATCH, first + count - start) for start in starts]
        for answer in pool.map(run_apart, starts, sizes, [compare] * len(sizes)):
            counts.update(answer[0])
            slowest, most = max(slowest, answer[1]), max(most, answer[2])
    return counts, slowest, most


def failed(counts, most):
    return most > MEGABYTES or any(answer.startswith("WRONG") for answer in counts)


if __name__ == "__main__":
    sys.exit(main())
