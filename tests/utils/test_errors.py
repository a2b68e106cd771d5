"""Errors that name a file: the path as it is, the message harmless."""

from tinycnn.utils.errors import FileError

EVIL = "a\x1b]0;gone\x07\x9b2J\r\u202eb"
SEEN = r"a\x1b]0;gone\x07\x9b2J\r\u202eb"


def test_errors_keep_the_path_and_show_what_is_harmless():
    error = FileError(f"{EVIL}.h5", f"no folder {EVIL}", f"Make {EVIL}.")
    assert error.path == f"{EVIL}.h5"
    assert str(error) == f"{SEEN}.h5: no folder {SEEN}. Make {SEEN}."
    assert (error.cause, error.remedy) == (f"no folder {SEEN}", f"Make {SEEN}.")
    assert str(FileError(b"a\x1b.h5", "it is empty")) == r"a\x1b.h5: it is empty."
