"""The heaps of older files: names, texts of variable length, and bytes that only look like a heap."""

from tests.support import hostile_files
from tinycnn import saving
from tinycnn.models.files import weight_specs
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
