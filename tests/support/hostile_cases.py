"""Model files that must be refused: {name: (how to make it, what is to be said of it)}, in groups."""

import os

import h5py
import numpy as np

from tests.support.hostile_files import (
    BIAS,
    KERNEL,
    NAMED,
    amplified,
    amplified_in_parts,
    around,
    content,
    cycle,
    edited,
    external_link,
    external_link_to_pipe,
    external_storage,
    gap,
    garbage_after_its_end,
    header_in_a_circle,
    heap_without_end,
    image_of_the_cache,
    large_attribute,
    many_names,
    named_type,
    names_of,
    opened,
    option,
    replaced,
    soft_link,
    sparse,
    stored,
    text,
    text_of_a_named_type,
    trained,
    truncated,
    unknown_filter,
    virtual,
)


def own(class_name, **keys):
    return {"class_name": class_name, "config": {}, **keys}


FILES = {
    "empty": (content(b""), "it is empty"),
    "text": (content(b"keras"), "no HDF5 file"),
    "picture": (content(b"\x89PNG\r\n\x1a\n" + bytes(900)), "no HDF5 file"),
    "zip": (content(b"PK\3\4" + bytes(900)), "the end of the zip is missing"),
    "signature only": (content(b"\x89HDF\r\n\x1a\n"), "usual 64-bit kind"),
    **{f"truncated at {p} %": (truncated(p / 100), "damaged") for p in (1, 8, 50, 99)},
    "sparse": (sparse, "too many"),
    "heap without end": (heap_without_end, "beyond its place"),
    "garbage after its end": (garbage_after_its_end, "and its superblock says"),
    "header in a circle": (header_in_a_circle, "steps to read"),
    "image of the cache": (image_of_the_cache, "in several parts"),
    "no configuration": (opened(lambda file: file.attrs.pop("model_config")), "no model_config"),
    "no weights": (opened(lambda file: file.pop("model_weights")), "'model_weights' is missing"),
}
TEXTS = {
    "not JSON": (text("model_config", "{"), "model_config is no good"),
    "not UTF-8": (text("model_config", np.bytes_(b'{"a": "\xff"}')), "damaged"),
    "a list": (text("model_config", "[]"), "not an object"),
    "a number for text": (text("model_config", 7), "no text"),
    "several texts": (text("model_config", ["a", "b"]), "not one text"),
    "nothing for text": (text("model_config", h5py.Empty("S1")), "no text"),
    "nested 10 000 deep": (text("model_config", "[" * 10**4 + "]" * 10**4), "nested too deeply"),
    "a key twice": (text("model_config", '{"a": 1, "a": 2}'), "twice"),
    "NaN": (text("model_config", '{"a": NaN}'), "not a finite number"),
    "1e999": (text("model_config", '{"a": 1e999}'), "not a finite number"),
    "a huge number": (text("model_config", '{"a": ' + "9" * 5000 + "}"), "is too large"),
    "200 MiB": (opened(large_attribute), "too large"),
    "2 MiB": (text("model_config", " " * 2**21), "too large"),
    "training not JSON": (text("training_config", "{"), "training_config is no good"),
    "training a list": (text("training_config", "[1]"), "not an object"),
    "a named type of text": (opened(text_of_a_named_type), NAMED),
}
NAMES = {
    "a function": (
        around(1, class_name="Lambda", config={"function": ["4wEAAAAA", None, None]}),
        "'Lambda'",
    ),
    "a marked function": (option(1, "activation", own("__lambda__")), "activation"),
    "another module": (around(1, module="os"), "of the module 'os'"),
    "a command": (around(1, module="os", class_name="system"), "'system'"),
    "a registered name": (around(1, registered_name="os>system"), "'os>system'"),
    "a class of no text": (around(1, class_name=["Dense"]), "class"),
    "an activation": (option(1, "activation", "os.system"), "'os.system'"),
    "an activation of no text": (option(1, "activation", ["relu"]), "activation"),
    "an initializer of no object": (option(1, "kernel_initializer", 5), "kernel_initializer"),
    "a regularizer": (option(1, "kernel_regularizer", own("Own")), "kernel_regularizer"),
    "a regularizer from a module": (
        option(1, "kernel_regularizer", own("L2", module="os")),
        "kernel_regularizer",
    ),
    "a regularizer of no object": (option(1, "bias_regularizer", [5]), "bias_regularizer"),
    "a type": (option(1, "dtype", "float16"), "dtype"),
    "an unknown option": (option(1, "exec", "rm"), "unknown option 'exec'"),
    "a layer of no object": (
        edited("model_config", lambda model: model["config"].update(layers=[1])),
        "a layer is not an object",
    ),
    "no layers": (edited("model_config", lambda m: m["config"].update(layers=[])), "no layers"),
    "layers of no list": (
        edited("model_config", lambda m: m["config"].update(layers={})),
        "no layers",
    ),
}
WARNED = {  # only of training: so the model is given without it, and nothing is made of the names
    "a loss of no text": trained(loss=7),
    "a metric of no text": trained(metrics=5),
    "an optimizer of no object": trained(optimizer_config=[]),
    "a rate of text": trained(
        optimizer_config={"class_name": "SGD", "config": {"learning_rate": "1"}}
    ),
    "a loss": trained(loss={"class_name": "system", "module": "os", "config": {}}),
    "an optimizer": trained(
        optimizer_config={"class_name": "system", "module": "os", "config": {}}
    ),
}
LEFT_OUT = {  # well formed, of no effect on predictions: so the model is given, with a warning
    "a metric": trained(metrics=[{"class_name": "system", "module": "os", "config": {}}]),
    "an initializer": option(1, "kernel_initializer", own("Orthogonal")),
    "an initializer's module": option(1, "kernel_initializer", own("Zeros", module="os")),
    "a constraint": option(7, "bias_constraint", own("system", module="os")),
    "a shape in the midst": option(3, "batch_input_shape", [None, 2, 2, 3]),
}
POINTERS = {
    "soft link to a dataset": (replaced(KERNEL, soft_link("/" + BIAS)), "is a link"),
    "soft link to a group": (
        replaced("model_weights/dense", soft_link("/model_weights/conv2d")),
        "link",
    ),
    "soft link to the weights": (
        replaced("model_weights", soft_link("/optimizer_weights")),
        "link",
    ),
    "external link": (replaced(KERNEL, external_link), "is a link"),
    "external link for a group": (replaced("model_weights/dense", external_link), "is a link"),
    "external storage": (replaced(KERNEL, external_storage), "in another file"),
    "virtual": (replaced(KERNEL, virtual), "virtually"),
    "a circle of links": (
        replaced("model_weights/dense/sequential/dense", lambda group, name: cycle(group.file)),
        "is missing",
    ),
    "a group for a dataset": (
        replaced(KERNEL, lambda group, name: group.create_group(name)),
        "no Dataset",
    ),
    "a dataset for a group": (stored("model_weights/dense", data=1.0), "no Group"),
    "a link among the optimizer's": (
        replaced("optimizer_weights/adadelta/iteration", soft_link("/" + BIAS)),
        "is a link",
    ),
}
if hasattr(os, "mkfifo"):
    POINTERS["external link to a pipe"] = (replaced(KERNEL, external_link_to_pipe), "is a link")

NUMBERS = {
    "transposed": (stored(KERNEL, data=np.zeros((4, 12), "f4")), "shape (4, 12)"),
    "one dimension more": (stored(KERNEL, data=np.zeros((12, 4, 1), "f4")), "shape (12, 4, 1)"),
    "a scalar": (stored(KERNEL, data=np.float32(1)), "shape ()"),
    "no shape": (stored(KERNEL, data=h5py.Empty("f4")), "shape None"),
    "2**50 numbers": (
        stored(KERNEL, shape=(2**50,), dtype="f4", chunks=(1024,), compression="gzip", fillvalue=1),
        "shape (1125899906842624,)",
    ),
    "3.9 GiB": (stored(KERNEL, shape=(2**30 - 9,), dtype="f4"), "shape"),
    "not stored": (stored(KERNEL, shape=(12, 4), dtype="f4"), "does not hold them"),
    "compressed": (stored(KERNEL, data=np.zeros((12, 4), "f4"), compression="gzip"), "compressed"),
    "scaled": (stored(KERNEL, data=np.zeros((12, 4), "f4"), scaleoffset=2), "compressed"),
    "in chunks": (stored(KERNEL, data=np.zeros((12, 4), "f4"), chunks=(3, 4)), "chunks"),
    "an unknown filter": (replaced(KERNEL, unknown_filter), "compressed"),
    "NaN": (opened(lambda file: file[KERNEL].__setitem__((3, 2), np.nan)), "NaN or infinity"),
    "infinity": (opened(lambda file: file[BIAS].__setitem__(0, -np.inf)), "NaN or infinity"),
    "int64": (stored(KERNEL, data=np.zeros((12, 4), "i8")), "type int64"),
    "int32": (stored(KERNEL, data=np.zeros((12, 4), "i4")), "type int32"),
    "float16": (stored(KERNEL, data=np.zeros((12, 4), "f2")), "type float16"),
    "float64": (stored(KERNEL, data=np.zeros((12, 4), "f8")), "type float64"),
    "complex": (stored(KERNEL, data=np.zeros((12, 4), "c8")), "type compound"),
    "bool": (stored(KERNEL, data=np.zeros((12, 4), "?")), "type enumeration"),
    "fixed text": (stored(KERNEL, data=np.zeros((12, 4), "S4")), "type text"),
    "text": (stored(KERNEL, shape=(12, 4), dtype=h5py.string_dtype()), "type text"),
    "references": (stored(KERNEL, shape=(12, 4), dtype=h5py.ref_dtype), "type reference"),
    "lists": (stored(KERNEL, shape=(12, 4), dtype=h5py.vlen_dtype("f4")), "type list"),
    "an enumeration": (
        stored(KERNEL, shape=(12, 4), dtype=h5py.enum_dtype({"a": 1}, "i4")),
        "type enumeration",
    ),
    "an enumeration for a count": (
        stored(
            "optimizer_weights/adadelta/iteration", shape=(), dtype=h5py.enum_dtype({"a": 1}, "i8")
        ),
        "type enumeration",
    ),
    "pairs": (stored(KERNEL, data=np.zeros((12, 4), [("a", "f4"), ("b", "f4")])), "type compound"),
    "opaque": (stored(KERNEL, data=np.zeros((12, 4), "V4")), "type opaque"),
    "a named type": (replaced(KERNEL, named_type), NAMED),
}
SIZES = {
    f"{name}={value!r}": (option(layer, name, value), "")
    for layer, name, values in [
        (1, "filters", (-1, 0, 10**12, "10", 3.5, True, None, [3], 10**400)),
        (1, "kernel_size", (0, [3], [3, -1], [3, 3, 3], "3", [[3, 3], 3], 100)),
        (1, "strides", (0, [1, 0], None, 1.5, True)),
        (1, "padding", ("full", 3, None, ["same"])),
        (1, "dilation_rate", (2, [2, 2])),
        (1, "groups", (0, 2)),
        (1, "use_bias", ("no", 1)),
        (1, "data_format", ("channels_first",)),
        (1, "trainable", (2, "no", [True])),
        (2, "pool_size", (0, [100, 100], "2")),
        (5, "rate", (-0.5, 1.5, "0.1", True, None, [0.1])),
        (5, "noise_shape", ([1, 2],)),
        (7, "units", (-1, 0, 10**12, "10", 3.5, True, None, 250_000_000)),
        (4, "max_value", (-6.0, "6", [6.0])),
        (10, "axis", (1,)),
        (
            0,
            "batch_input_shape",
            (None, [], [None], [None, 8, 8], [None, -8, 8, 1], "8", [None, None]),
        ),
    ]
    for value in values
}
LISTS = {
    "missing": (
        opened(lambda file: file["model_weights/dense"].attrs.pop("weight_names")),
        "no attribute weight_names",
    ),
    "twice the same": (names_of("model_weights/dense", [b"sequential/dense/kernel"] * 2), "twice"),
    "a layer twice": (names_of("model_weights", [b"dense"] * 3, "layer_names"), "twice"),
    "upwards": (names_of("model_weights/dense", [b"../dense_1/kernel", b"x"]), "no path"),
    "from the root": (names_of("model_weights/dense", [b"/etc/passwd", b"x"]), "no path"),
    "very deep": (names_of("model_weights/dense", [b"a/" * 500 + b"a", b"x"]), "no path"),
    "64 KB": (names_of("model_weights/dense", [b"a" * 60_000, b"x"]), "no path"),
    "one too few": (names_of("model_weights/dense", [b"sequential/dense/kernel"]), "1 weights"),
    "one layer too few": (names_of("model_weights", [b"dense"], "layer_names"), "1 layers"),
    "numbers": (names_of("model_weights/dense", [1, 2]), "no text"),
    "with a gap": (opened(gap), "the weights of 1 layers"),
    "4 000 names": (opened(many_names), "twice"),
    "a long text, and many": (opened(amplified), "twice"),
    "many long texts": (opened(amplified_in_parts), "texts take more than"),
}
GROUPS = {
    "files": FILES,
    "texts": TEXTS,
    "names": NAMES,
    "pointers": POINTERS,
    "numbers": NUMBERS,
    "sizes": SIZES,
    "lists": LISTS,
}
