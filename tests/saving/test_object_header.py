"""Object headers of both versions, built by hand: continued elsewhere, with gaps, and damaged."""

import io
import struct

import pytest

from tinycnn.saving.file_bytes import FileBytes
from tinycnn.saving.lookup3 import lookup3
from tinycnn.saving.messages import NamedDatatypeError
from tinycnn.saving.object_header import CONTINUATION, DATATYPE, LAYOUT, Message, read_messages

AT, ELSEWHERE = 8, 400


def summed(block):
    return block + lookup3(block).to_bytes(4, "little")


def old(*messages):
    """Return a header of version 1: its messages follow 16 bytes."""
    chunk = b"".join(struct.pack("<HHB3x", k, len(b), f) + b for k, f, b in messages)
    return struct.pack("<BBHIII", 1, 0, len(messages), 1, len(chunk), 0) + chunk


def new(*messages, gap=b""):
    """Return a header of version 2: a checksum behind its messages, perhaps a gap before that."""
    chunk = b"".join(struct.pack("<BHB", k, len(b), f) + b for k, f, b in messages) + gap
    return summed(b"OHDR\2\0" + bytes([len(chunk)]) + chunk)


def read(header, elsewhere=b""):
    content = bytes(AT) + header.ljust(ELSEWHERE - AT, b"\0") + elsewhere
    return read_messages(FileBytes(io.BytesIO(content), len(content)), AT)


@pytest.mark.parametrize("make", [old, new])
def test_messages_in_order_also_those_elsewhere(make):
    more = struct.pack("<HHB3x", 3, 1, 0) + b"z"
    if make is new:
        more = summed(b"OCHK" + struct.pack("<BHB", 3, 1, 0) + b"z")
    place = struct.pack("<QQ", ELSEWHERE, len(more))
    header = make((LAYOUT, 0, b"xy"), (CONTINUATION, 0, place), (99, 0, b""))
    wanted = [Message(LAYOUT, b"xy"), Message(99, b""), Message(3, b"z")]
    assert read(header, more) == wanted


def test_less_than_a_message_is_a_gap():
    assert read(new((LAYOUT, 0, b"xy"), gap=b"\1\2\3")) == [Message(LAYOUT, b"xy")]


@pytest.mark.parametrize("make", [old, new])
def test_what_is_not_read_here(make):
    with pytest.raises(NamedDatatypeError):
        read(make((DATATYPE, 2, bytes(8))))
    with pytest.raises(ValueError, match="shares a part of its description"):
        read(make((LAYOUT, 2, bytes(8))))
    with pytest.raises(ValueError, match="a message of the unknown kind 99"):
        read(make((99, 0x80, b"")))


def test_damage():
    with pytest.raises(ValueError, match="a message in it is cut short"):
        read(old((LAYOUT, 0, b""))[:-8] + struct.pack("<HHB3x", LAYOUT, 1, 0))
    with pytest.raises(ValueError, match="a checksum in it is wrong"):
        read(new((LAYOUT, 0, b"xy"))[:-1] + b"\0")
    with pytest.raises(ValueError, match="is where"):
        read(b"\3" + bytes(20))
    circle = old((CONTINUATION, 0, struct.pack("<QQ", AT + 16, 24)))
    with pytest.raises(ValueError, match="steps to read"):
        read(circle)
