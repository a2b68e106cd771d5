"""The heaps of older files: names, texts of variable length, and bytes that only look like a heap."""

import io
import struct

import pytest

from tests.support import hostile_files
from tinycnn import saving
from tinycnn.models.files import weight_specs
from tinycnn.saving import heaps
from tinycnn.saving.file_bytes import FileBytes


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


def test_names_of_a_local_heap():
    content = (
        b"HEAP\0\0\0\0" + struct.pack("<QQQ", 15, 0, 40) + bytes(8) + b"\0dense\0gr\xc3\xbc\0pad"
    )
    file = FileBytes(io.BytesIO(content), len(content))
    assert heaps.local_names(file, 0, [1, 7]) == ["dense", "grü"]
    with pytest.raises(ValueError, match="does not end within 1024 bytes"):
        heaps.local_names(file, 0, [13])


def test_texts_of_a_global_heap():
    texts = {1: b"abc", 2: b"a longer text", 7: b"cut\0here"}
    heap = b""
    for index, text in texts.items():
        heap += struct.pack("<HHIQ", index, 1, 0, len(text)) + text.ljust(-(-len(text) // 8) * 8)
    heap += struct.pack("<HHIQ", 0, 0, 0, 24) + bytes(8)  # free space, of 24 bytes
    content = bytes(8) + b"GCOL\1\0\0\0" + struct.pack("<Q", 16 + len(heap)) + heap
    found = heaps.GlobalHeaps(FileBytes(io.BytesIO(content), len(content)))
    for index, text in texts.items():
        reference = struct.pack("<IQI", len(text), 8, index)
        assert found.text(reference) == text.partition(b"\0")[0]
    assert found.text(struct.pack("<IQI", 0, 999, 1)) == b""
    for length, index in ((4, 1), (3, 5)):
        with pytest.raises(ValueError, match=f"and {length} are promised"):
            found.text(struct.pack("<IQI", length, 8, index))
