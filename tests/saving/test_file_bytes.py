"""Pieces of a file that nobody trusts: inside it, short, and not without end."""

import io

import pytest

from tinycnn.saving import file_bytes
from tinycnn.saving.file_bytes import FileBytes, begins_with, unsigned

DATA = bytes(range(200)) + b"#" * 56


def opened(base=0):
    return FileBytes(io.BytesIO(DATA), len(DATA), base)


def test_pieces_count_from_where_the_file_begins():
    assert opened().read(3, 4) == DATA[3:7]
    assert opened(100).read(3, 4) == DATA[103:107]
    assert opened(100).size == len(DATA) - 100
    buffer = bytearray(5)
    opened(100).read_into(7, memoryview(buffer))
    assert buffer == DATA[107:112]


def test_a_long_piece_comes_in_blocks(monkeypatch):
    monkeypatch.setattr(file_bytes, "LONGEST_BLOCK", 64)
    blocks = [bytes(block) for block in opened(10).blocks(5, 150)]
    assert [len(block) for block in blocks] == [64, 64, 22]
    assert b"".join(blocks) == DATA[15:165]


@pytest.mark.parametrize("use", ["read", "blocks", "check_inside"])
def test_what_is_not_inside_is_refused(use):
    file = opened(56)
    for address, length in ((0, 201), (200, 1), (2**63, 1)):
        with pytest.raises(ValueError, match=f"it names {length} bytes at {address}, beyond"):
            list(getattr(file, use)(address, length) or ())


def test_a_file_that_became_shorter_and_a_piece_that_is_too_long():
    file = FileBytes(io.BytesIO(b"abc"), 9)
    with pytest.raises(ValueError, match="it ends at byte 3"):
        file.read(1, 5)
    with pytest.raises(ValueError, match="it ends amid its numbers"):
        file.read_into(1, memoryview(bytearray(5)))
    with pytest.raises(ValueError, match="4194304 are the most"):
        FileBytes(io.BytesIO(), 2**30).read(0, 2**22 + 1)


def test_all_work_comes_to_an_end(monkeypatch):
    monkeypatch.setattr(file_bytes, "MOST_STEPS", 20)
    file = opened()
    for _ in range(4):
        file.read(0, 256)  # 4 for a piece, 1 for each 256 bytes
    with pytest.raises(ValueError, match="more than 20 steps to read"):
        file.count(1)


def test_numbers_and_signatures():
    assert unsigned(DATA, 1, 3) == 0x030201
    assert unsigned(b"\xff" * 8, 0) == 2**64 - 1
    with pytest.raises(ValueError, match="cut short"):
        unsigned(DATA, len(DATA) - 3, 4)
    assert begins_with(DATA, b"\0\1") is DATA
    with pytest.raises(ValueError, match="is where b'TREE' is needed"):
        begins_with(DATA, b"TREE")
