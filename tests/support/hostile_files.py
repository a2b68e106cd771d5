"""Makers of model files that nobody should be able to write: each takes a path."""

import json
import os
import struct

import h5py
import numpy as np
import pytest

from tests.support import model_examples as examples
from tinycnn import saving
from tinycnn.models.files import weight_specs
from tinycnn.saving import checksum
from tinycnn.saving.lookup3 import lookup3
from tinycnn.utils.errors import ModelFileError

KERNEL = "model_weights/dense/sequential/dense/kernel"  # (12, 4)
BIAS = "model_weights/dense/sequential/dense/bias"  # (4,)
NAMED = (
    ".h5: something in it has a named datatype, which is not read here. "
    "Save the model again with tinycnn or Keras."
)


def good(path):
    saving.write_model(path, examples.example())


def assert_refused(path, match):
    """Reading a file ends in an error that matches, names the file, and has a remedy."""
    with pytest.raises(ModelFileError, match=match) as caught:
        saving.read_model(path, weight_specs)
    assert caught.value.path == os.fspath(path)
    assert caught.value.remedy


def content(data):
    """Return a maker of a file with exactly these bytes."""
    return lambda path: path.write_bytes(data)


def truncated(share):
    def make(path):
        good(path)
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * share)])

    return make


def opened(edit):
    """Return a maker of a good file, changed by edit(file) and without a checksum."""

    def make(path):
        good(path)
        with h5py.File(path, "r+") as file:
            del file.attrs[checksum.ATTRIBUTE]
            edit(file)

    return make


def text(attribute, value):
    return opened(lambda file: file.attrs.__setitem__(attribute, value))


def edited(attribute, edit):
    """Return a maker of a good file with a JSON attribute changed in place by edit(value)."""

    def change(file):
        value = json.loads(file.attrs[attribute])
        edit(value)
        file.attrs[attribute] = json.dumps(value)

    return opened(change)


def option(layer, name, value):
    """Return a maker of a good file with one option of one layer set."""
    return edited(
        "model_config",
        lambda model: model["config"]["layers"][layer]["config"].update({name: value}),
    )


def around(layer, **keys):
    return edited("model_config", lambda model: model["config"]["layers"][layer].update(keys))


def trained(**keys):
    return edited("training_config", lambda value: value.update(keys))


def replaced(path, make):
    """Return a maker of a good file in which make(group, name) has made what was at the path."""

    def change(file):
        del file[path]
        group, name = path.rsplit("/", 1) if "/" in path else ("/", path)
        make(file[group], name)

    return opened(change)


def stored(path, **dataset):
    return replaced(path, lambda group, name: group.create_dataset(name, **dataset))


def external_link(group, name):
    other = group.file.filename + ".other"
    with h5py.File(other, "w") as file:
        file["kernel"] = np.zeros((12, 4), np.float32)
    group[name] = h5py.ExternalLink(other, "kernel")


def external_link_to_pipe(group, name):
    os.mkfifo(group.file.filename + ".pipe")  # to open it would wait for ever
    group[name] = h5py.ExternalLink(group.file.filename + ".pipe", "kernel")


def soft_link(target):
    return lambda group, name: group.__setitem__(name, h5py.SoftLink(target))


def external_storage(group, name):
    secret = group.file.filename + ".secret"
    with open(secret, "wb") as file:
        file.write(bytes(4096))
    group.create_dataset(name, (12, 4), "f4", external=[(secret, 0, h5py.h5f.UNLIMITED)])


def virtual(group, name):
    layout = h5py.VirtualLayout((12, 4), "f4")
    layout[:] = h5py.VirtualSource(group.file.filename + ".other", "kernel", (12, 4))
    group.create_virtual_dataset(name, layout)


def unknown_filter(group, name):
    created = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    created.set_chunk((12, 4))
    created.set_filter(32_015, h5py.h5z.FLAG_OPTIONAL, ())
    space = h5py.h5s.create_simple((12, 4))
    h5py.h5d.create(group.id, name.encode(), h5py.h5t.IEEE_F32LE, space, created)


def cycle(file):
    file["model_weights/dense/sequential/dense"] = file["model_weights"]


def names_of(group, values, attribute="weight_names"):
    return opened(lambda file: file[group].attrs.__setitem__(attribute, values))


def gap(file):
    attributes = file["model_weights"].attrs
    names = attributes["layer_names"]
    del attributes["layer_names"]
    attributes["layer_names0"], attributes["layer_names2"] = names[:4], names[4:]


def large_attribute(file):
    file.attrs["model_config"] = b"x" * (200 * 2**20)


def many_names(file):
    group = file["model_weights"]
    del group.attrs["layer_names"]
    group.attrs.create("layer_names", ["x"] * 4000, dtype=h5py.string_dtype())


def amplified(file):
    """Make a list of a few thousand names, one of them half a MiB long."""
    attributes = file["model_weights"].attrs
    del attributes["layer_names"]
    attributes.create("layer_names", ["x" * 2**19, *["y"] * 4000], dtype=h5py.string_dtype())


def amplified_in_parts(file):
    """Make hundreds of lists of one name each, half a MiB long."""
    attributes = file["model_weights"].attrs
    del attributes["layer_names"]
    attributes.create("layer_names0", ["x" * 2**19], dtype=h5py.string_dtype())
    for part in range(1, 300):
        attributes[f"layer_names{part}"] = ["y" * 2**19]


def sparse(path):
    good(path)
    with open(path, "r+b") as file:
        file.truncate(2**33)


def heap_without_end(path):
    """Damage a text's length so that the library's own reader would never come to an end."""
    good(path)
    data = bytearray(path.read_bytes())
    place = data.find(b"GCOL") + 16
    data[place + 8 : place + 16] = (2**64 - 16).to_bytes(8, "little")
    path.write_bytes(data)


def put(data, place, number, width=8):
    data[place : place + width] = number.to_bytes(width, "little")


def garbage_after_its_end(path):
    good(path)
    with open(path, "ab") as file:
        file.write(b"garbage!")


def header_in_a_circle(path):
    """Let the root's header go on at its own beginning."""
    good(path)
    data = bytearray(path.read_bytes())
    header = int.from_bytes(data[64:72], "little")
    length = int.from_bytes(data[header + 8 : header + 12], "little")
    put(data, header + 16, 0x10, 2)  # its first message
    put(data, header + 24, header + 16)
    put(data, header + 32, length)
    path.write_bytes(data)


def summed(block):
    return block + lookup3(block).to_bytes(4, "little")


def named_type(group, name):
    """Make a dataset whose type is an object of the file, as `h5py.Datatype` is."""
    group.file["float"] = np.dtype("f4")
    group.create_dataset(name, (12, 4), group.file["float"])


def text_of_a_named_type(file):
    file["text"] = h5py.string_dtype()
    config = file.attrs["model_config"]
    file.attrs.create("model_config", config, dtype=file["text"])


def image_of_the_cache(path):
    """Extend the superblock by a cache that is its own parent: HDF5 1.14.2 dies by a signal of it."""
    with h5py.File(path, "w", libver="latest") as file:
        file.attrs["model_config"] = "{}"
    data = bytearray(path.read_bytes())
    root, end = int.from_bytes(data[36:44], "little"), len(data)
    image = bytes(data[root : root + 64])
    entry = struct.pack("<BBBBHHHiQQQ", 6, 0, 1, 0, 0, 0, 1, 0, root, len(image), root) + image
    cache = summed(b"MDCI\0\0" + struct.pack("<QI", 22 + len(entry), 1) + entry)
    message = struct.pack("<BHBBQQ", 0x18, 17, 0, 0, end + 64, len(cache))
    header = summed(b"OHDR\2\0" + bytes([len(message)]) + message)
    data += header.ljust(64, b"\0") + cache
    put(data, 20, end)
    put(data, 28, len(data))
    path.write_bytes(summed(bytes(data[:44])) + data[48:])
