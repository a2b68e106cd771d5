"""Which kinds of files hold models, by their names and by their first bytes, and what others are."""

import os

from tinycnn.utils.errors import ModelFileError

ARCHIVE, WEIGHTS = ".keras", ".weights.h5"
HDF5 = (".h5", ".hdf5")
MODELS = (ARCHIVE, *HDF5)  # endings of files that `write_model` writes
ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")  # the second: a zip without members
START = 64  # bytes of a file that `unknown` wants

AGAIN = "Save the model again, or take another copy of the file."
OTHER = "They are the weights of another model: load those of the same layers."
AS_KERAS = "Load it where it was made, and save it with `model.save` as a .keras or .h5 file."
AS_WEIGHTS = "Build its model and call `model.load_weights`, or save the whole with `model.save`."
DOWNLOAD = "Download the file itself: git lfs pull, or the page's button for the raw file."
# For other files that hold models: where a mark stands, the mark, what it is, what to do.
OTHERS = (
    (4, b"TFL3", "a TensorFlow Lite model", AS_KERAS),
    (0, b"\x80\x02", "a pickled object, perhaps of PyTorch", AS_KERAS),
    *((0, bytes([0x80, protocol]), "a pickled Python object", AS_KERAS) for protocol in (3, 4, 5)),
    (0, b"\x93NUMPY", "an array of NumPy", "Build the model and call `model.set_weights`."),
    (0, b"version https://git-lfs", "not the model but a pointer to it, of Git LFS", DOWNLOAD),
    *((0, mark, "a web page", DOWNLOAD) for mark in (b"<!DOCTYPE", b"<!doctype", b"<html")),
    (0, b"\x1f\x8b", "packed by gzip", "Unpack it."),
    (0, b"{", "text, perhaps a model's configuration without weights", AS_KERAS),
)
# For zips without a configuration: how one of its members ends, what the zip is, what to do.
ZIPS = (
    ("data.pkl", "a file of PyTorch", AS_KERAS),
    (".npy", "an archive of NumPy", "Build the model and call `model.set_weights`."),
    ("/config.json", "a .keras file packed with its folder", "Pack the files without the folder."),
    ("model.weights.h5", "a .keras file without its config.json", AGAIN),
    ((".keras", ".h5", ".hdf5", ".zip"), "a zip around another file", "Unpack it first."),
    ("saved_model.pb", "a packed SavedModel folder", AS_KERAS),
)
FOLDERS = {  # a file in a folder, and what the folder is
    "saved_model.pb": ("it is a SavedModel folder of TensorFlow", AS_KERAS),
    "config.json": ("it is the folder of an unpacked .keras file", "Pack its files as a zip."),
}


def file_name(path: str | bytes | os.PathLike) -> str:
    """Return a file's name as text; TypeError if it is none, such as an open file.

    Example:
        >>> file_name(b"a.h5")
        'a.h5'
    """
    try:
        return os.fsdecode(path)
    except TypeError:
        raise TypeError(f"A file's name must be a text or a path. Received: {path!r}") from None


def is_weights(path: str) -> bool:
    """Return whether a name is that of a file of weights alone in Keras 3's layout.

    Example:
        >>> is_weights("a.weights.h5"), is_weights("a.h5")
        (True, False)
    """
    return path.lower().endswith(WEIGHTS)


def check_suffix(
    path: str | os.PathLike, weights_only: bool = False, error: type = ModelFileError
) -> None:
    """Return if files of this name can be written: the one place that knows.

    Args:
        path: of a model; with `weights_only` of its weights alone.
        weights_only: whether `save_weights` will write it.
        error: the class of the error to raise, a FileError.

    Raises:
        ModelFileError: or `error`, if the name has another ending.

    Example:
        >>> check_suffix("mnist.keras")
        >>> check_suffix("mnist.onnx")
        Traceback (most recent call last):
        tinycnn.utils.errors.ModelFileError: mnist.onnx: models are kept in .keras, .h5 and .hdf5 \
files. Choose such a name.
    """
    name = file_name(path).lower()
    if weights_only and not name.endswith(HDF5):
        raise error(
            path, "weights are kept in .weights.h5 and .h5 files", "Choose a name that ends so."
        )
    if not weights_only and is_weights(name):
        raise error(
            path,
            "files of that ending hold weights alone",
            "Call `model.save_weights`, or choose a name that ends in .keras or .h5.",
        )
    if not weights_only and not name.endswith(MODELS):
        raise error(path, "models are kept in .keras, .h5 and .hdf5 files", "Choose such a name.")


def unknown(path: str, start: bytes) -> ModelFileError:
    """Return an error that says what a file is, which is neither HDF5 nor a zip.

    Args:
        path: for the message.
        start: its first bytes, up to START.
    """
    if not start:
        return ModelFileError(path, "it is empty", AGAIN)
    for place, mark, what, remedy in OTHERS:
        if start[place:].startswith(mark):
            return ModelFileError(path, f"it is {what}", remedy)
    cause = f"it is no .keras archive and no HDF5 file, it begins with {start[:8]!r}"
    return ModelFileError(path, cause, "Name a .keras or .h5 file.")


def unknown_zip(path: str, names: list[str]) -> ModelFileError:
    """Return an error that says what a zip without a configuration is, by the names of its members."""
    for ending, what, remedy in ZIPS:
        if any(name.endswith(ending) for name in names):
            return ModelFileError(path, f"it is {what}", remedy)
    return ModelFileError(path, "it is a zip without config.json, so no .keras file", AGAIN)


def folder(path: str) -> tuple[str, str]:
    """Return the cause and the remedy to name for a folder that was to be a model file."""
    for name, told in FOLDERS.items():
        if os.path.exists(os.path.join(path, name)):
            return told
    return "it is a folder", "Name the file in it."
