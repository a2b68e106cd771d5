"""Makers of .keras files that must be refused: {name: (how to make it, what is to be said of it)}."""

import io
import json
import struct
import zipfile
import zlib

import h5py
import numpy as np

from tests.support import archives
from tests.support import model_examples as examples
from tests.support.archives import CONFIG, METADATA, WEIGHTS
from tinycnn import saving

KERNEL = "layers/dense/vars/0"  # (12, 4)
CENTRAL = b"PK\x01\x02"


def good(path):
    saving.write_model(path, examples.example())
    return path


def written(path):
    """Return the members of a good file, without its checksum."""
    contents = archives.members(good(path.with_suffix(".keras")))
    return {METADATA: b"{}", **{name: contents[name] for name in (CONFIG, WEIGHTS)}}


def packed(edit, compression=zipfile.ZIP_STORED):
    """Return a maker of a zip with the members that edit(members) returns."""
    return lambda path: archives.pack(path, edit(written(path)), compression)


def member(name, content):
    return packed(lambda members: {**members, name: content})


def without(name):
    return packed(lambda members: {key: members[key] for key in members if key != name})


def configured(edit):
    def changed(members):
        described = json.loads(members[CONFIG])
        edit(described)
        return {**members, CONFIG: json.dumps(described).encode()}

    return packed(changed)


def stored(edit):
    """Return a maker of a file whose HDF5 file is changed by edit(file)."""

    def changed(members):
        buffer = io.BytesIO(members[WEIGHTS])
        with h5py.File(buffer, "r+") as file:
            edit(file)
        return {**members, WEIGHTS: buffer.getvalue()}

    return packed(changed)


def array(path, **dataset):
    def edit(file):
        del file[path]
        file.create_dataset(path, **dataset)

    return stored(edit)


def information(name, **changes):
    """Return a maker of a file in which what the zip says of a member is changed, when it is written."""

    def make(path):
        with zipfile.ZipFile(path, "w") as archive:
            for other, content in written(path).items():
                archive.writestr(other, content)
            for key, value in changes.items():
                setattr(archive.getinfo(name), key, value)

    return make


def bytes_of(edit):
    """Return a maker of a good file with its bytes changed by edit(bytearray), which may return others."""

    def make(path):
        data = bytearray(good(path.with_suffix(".keras")).read_bytes())
        path.write_bytes(edit(data) or data)

    return make


def in_directory(offset, code, value):
    """Return an edit of a field of the first member in the directory."""

    def edit(data):
        struct.pack_into(code, data, data.index(CENTRAL) + offset, value)

    return edit


def in_end(offset, code, value):
    return lambda data: struct.pack_into(code, data, len(data) - 22 + offset, value)


def flipped(data):
    """Change a number of a weight, but nothing of its form."""
    data[data.index(b"\x89HDF") + 20_000] ^= 4


def bomb(path):
    """A model whose weights are 900 MB of zeros, in a zip of less than 1 MB."""
    described = json.loads(written(path)[CONFIG])
    described.pop("compile_config")
    layers = described["config"]["layers"][:1]
    layers[0]["config"]["batch_shape"] = [None, 15_000]
    dense = {"name": "dense", "units": 15_000, "dtype": "float32"}
    layers.append({"module": "keras.layers", "class_name": "Dense", "config": dense})
    described["config"]["layers"] = layers
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(CONFIG, json.dumps(described))
        zeros, times, crc = bytes(10**7), 91, 0
        press = zlib.compressobj(wbits=-15)
        piece = press.compress(zeros) + press.flush(zlib.Z_FULL_FLUSH)  # may be repeated
        archive.writestr(WEIGHTS, piece * times + press.flush())
        for _ in range(times):
            crc = zlib.crc32(zeros, crc)
        told = archive.getinfo(WEIGHTS)
        told.compress_type, told.file_size, told.CRC = 8, len(zeros) * times, crc


def longer_than_it_says(path):
    """A compressed member that goes on after the size that the zip says, and the checksum of that size."""
    archives.pack(path, {**written(path), CONFIG: b" " * 10**7}, zipfile.ZIP_DEFLATED)
    data, size = bytearray(path.read_bytes()), 100
    place = [n for n in range(len(data)) if data.startswith(CENTRAL, n)][1]
    struct.pack_into("<I", data, place + 16, zlib.crc32(b" " * size))
    struct.pack_into("<I", data, place + 24, size)
    path.write_bytes(data)


def twice(path):
    archives.pack(path, written(path))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(CONFIG, b"{}")


def renamed(old, new):
    """Return an edit that gives a member a name of the same length, in both places of the zip."""
    return lambda data: data.replace(old, new)


def nested(depth):
    """Return a maker of a file with models in models."""

    def edit(described):
        model = described["config"]["layers"][-1]
        for _ in range(depth):
            model = {"class_name": "Sequential", "config": {"name": "s", "layers": [model]}}
        described["config"]["layers"][-1] = model

    return configured(edit)


def option(name, value):
    return configured(lambda d: d["config"]["layers"][1]["config"].update({name: value}))


def layer(**keys):
    return configured(lambda described: described["config"]["layers"][1].update(keys))


ZIPS = {
    "no members": (lambda path: archives.pack(path, {}), "zip without config.json"),
    "10 000 members": (
        packed(lambda members: {**members, **{f"a{place}": b"" for place in range(10_000)}}),
        "10003 members",
    ),
    "40 members": (
        packed(lambda members: {**members, **{f"a{place}": b"" for place in range(37)}}),
        "40 members, and 32 are the most",
    ),
    "a directory of 100 kB": (
        information(METADATA, comment=b" " * 60_000, extra=b"\xff\xff\xfc\x7f" + bytes(32_764)),
        "3 members, and 32",
    ),
    "above": (member("../x", b""), "'../x', which leads out of it"),
    "absolute": (member("/etc/passwd", b""), "'/etc/passwd', which leads out"),
    "a drive": (member("C:/x", b""), "'C:/x', which leads out"),
    "a backslash": (member("..\\x", b""), r"'..\\x', which leads out"),
    "a folder of nothing": (member("a//b", b""), "'a//b', which leads out"),
    "a name with a NUL": (
        bytes_of(renamed(METADATA.encode(), b"metadat\0.json")),
        "which leads out of it",
    ),
    "two configurations": (twice, "two members of the name 'config.json'"),
    "encrypted": (bytes_of(in_directory(8, "<H", 1)), "its metadata.json is encrypted"),
    "a link": (information(CONFIG, external_attr=0o120777 << 16), "is a link or a device"),
    "a device": (information(WEIGHTS, external_attr=0o020666 << 16), "is a link or a device"),
    "packed by bzip2": (packed(dict, zipfile.ZIP_BZIP2), "compressed by bzip2"),
    "packed by LZMA": (packed(dict, zipfile.ZIP_LZMA), "compressed by LZMA"),
    "an unknown packing": (bytes_of(in_directory(10, "<H", 99)), "the unknown method 99"),
    "no configuration": (without(CONFIG), "a .keras file without its config.json"),
    "a zip in a zip": (
        lambda path: archives.pack(path, {"x.keras": archives.pack(io.BytesIO(), {}).getvalue()}),
        "a zip around another file",
    ),
    "a zip for the weights": (
        packed(lambda m: {**m, WEIGHTS: archives.pack(io.BytesIO(), m).getvalue()}),
        "model.weights.h5 is no good: it is no .keras archive and no HDF5 file",
    ),
    "of PyTorch": (
        lambda path: archives.pack(path, {"model/data.pkl": b"\x80\x02."}),
        "a file of PyTorch",
    ),
    "of NumPy": (lambda path: archives.pack(path, {"a.npy": b""}), "an archive of NumPy"),
    "in a folder": (
        packed(lambda members: {f"model/{name}": members[name] for name in members}),
        "packed with its folder",
    ),
    "something behind": (bytes_of(lambda data: data + b"more"), "something follows the end"),
    "something before": (bytes_of(lambda data: b"PK\3\4" + bytes(96) + data), "is not where"),
    "a comment cut short": (bytes_of(in_end(20, "<H", 9)), "something follows the end"),
    "two disks": (bytes_of(in_end(4, "<H", 1)), "in several parts"),
    "fewer members than it says": (bytes_of(in_end(10, "<H", 9)), "in several parts"),
    "a zip64": (
        bytes_of(lambda data: data[:-22] + b"PK\6\7" + bytes(16) + data[-22:]),
        "zip64",
    ),
    "numbers of a zip64": (bytes_of(in_end(16, "<I", 0xFFFFFFFF)), "is not where it should be"),
    "a size of a zip64": (bytes_of(in_directory(24, "<I", 0xFFFFFFFF)), "takes 4294967295 bytes"),
    "a member elsewhere": (bytes_of(in_directory(42, "<I", 10**9)), "metadata.json is damaged"),
    "a member at another": (bytes_of(in_directory(42, "<I", 60)), "metadata.json is damaged"),
    "another checksum": (bytes_of(in_directory(16, "<I", 1)), "Bad CRC-32"),
    "a changed number": (bytes_of(flipped), "Bad CRC-32"),
    "a size too large": (bytes_of(in_directory(24, "<I", 2**15)), "not the 32768 bytes"),
    "a size too small": (bytes_of(in_directory(24, "<I", 3)), "metadata.json"),
    "longer than it says": (longer_than_it_says, "config.json"),
    "1 GB of zeros": (bomb, "would be 910000000 bytes when unpacked"),
    "2 MB of configuration": (member(CONFIG, b" " * 2**21), "takes 2097152 bytes"),
    "no weights": (without(WEIGHTS), "it has no model.weights.h5"),
    "weights of NumPy": (
        packed(lambda m: {CONFIG: m[CONFIG], "model.weights.npz": b""}),
        "it has no model.weights.h5",
    ),
    "far more weights": (member(WEIGHTS, bytes(2**25)), "takes 33554432 bytes"),
    "empty weights": (member(WEIGHTS, b""), "its model.weights.h5 has 0"),
    "no HDF5 file": (member(WEIGHTS, b"weights " * 99), "no HDF5 file"),
}
TEXTS = {
    "not JSON": (member(CONFIG, b"{"), "config.json is no good"),
    "not UTF-8": (member(CONFIG, b'{"a": "\xff"}'), "config.json is no good"),
    "a list": (member(CONFIG, b"[]"), "is not an object"),
    "nested 10 000 deep": (member(CONFIG, b"[" * 10**4 + b"]" * 10**4), "nested too deeply"),
    "a key twice": (member(CONFIG, b'{"a": 1, "a": 2}'), "a key appears twice"),
    "NaN": (member(CONFIG, b'{"a": NaN}'), "not a finite number"),
    "metadata not JSON": (member(METADATA, b"x"), "metadata.json is no good"),
    "metadata of 1 MB": (member(METADATA, b" " * 2**20), "takes 1048576 bytes"),
    "no layers": (configured(lambda d: d["config"].pop("layers")), "no layers"),
    "a command": (layer(module="os", class_name="system"), "system"),
    "a function": (layer(class_name="Lambda", module="keras.layers"), "Lambda"),
    "an activation": (option("activation", "os.system"), "os.system"),
    "an unknown option": (option("exec", "rm"), "unknown option 'exec'"),
    "an initializer of no object": (option("kernel_initializer", 5), "kernel_initializer"),
    "compiled by a number": (
        configured(lambda d: d.update(compile_config=7)),
        "compile_config in its config.json is no good",
    ),
    "an input of no shape": (
        configured(lambda d: d["config"]["layers"][0]["config"].update(batch_input_shape=[])),
        "batch_shape must be such as",
    ),
    "models in 99 models": (nested(99), ""),
}
NUMBERS = {
    "transposed": (array(KERNEL, data=np.zeros((4, 12), "f4")), "shape (4, 12)"),
    "in double precision": (array(KERNEL, data=np.zeros((12, 4), "f8")), "type float64"),
    "integers": (array(KERNEL, data=np.zeros((12, 4), "i4")), "type int32"),
    "NaN": (array(KERNEL, data=np.full((12, 4), np.nan, "f4")), "NaN or infinity"),
    "infinite": (array(KERNEL, data=np.full((12, 4), np.inf, "f4")), "NaN or infinity"),
    "compressed": (
        array(KERNEL, data=np.zeros((12, 4), "f4"), compression="gzip"),
        "compressed",
    ),
    "2**50 numbers": (
        array(KERNEL, shape=(2**50,), dtype="f4", chunks=(1024,), fillvalue=1),
        "shape (1125899906842624,)",
    ),
    "not stored": (array(KERNEL, shape=(12, 4), dtype="f4"), "does not hold them"),
    "one too few": (
        stored(lambda file: file.pop("layers/dense/vars/1")),
        "it has 1 weights of the layer 'dense', and 2 are needed: kernel, bias",
    ),
    "one too many": (
        stored(lambda file: file.create_dataset("layers/dense/vars/2", data=1.0)),
        "it has 3 weights of the layer 'dense'",
    ),
    "a layer missing": (
        stored(lambda file: file.pop("layers/dense_1")),
        "no weights of the layer 'dense_1'",
    ),
    "no layers": (stored(lambda file: file.pop("layers")), "no weights of the layer 'conv2d'"),
    "a link for a layer": (
        stored(
            lambda file: (
                file.pop("layers/dense_1"),
                file["layers"].__setitem__("dense_1", h5py.SoftLink("/layers/dense")),
            )
        ),
        "is a link",
    ),
    "a link to another file": (
        stored(
            lambda file: (
                file.pop(KERNEL),
                file["layers/dense/vars"].__setitem__("0", h5py.ExternalLink("/etc/passwd", "x")),
            )
        ),
        "is a link",
    ),
    "a group for a weight": (
        stored(lambda file: (file.pop(KERNEL), file.create_group(KERNEL))),
        "no Dataset",
    ),
}
GROUPS = {"zips": ZIPS, "texts": TEXTS, "numbers": NUMBERS}
