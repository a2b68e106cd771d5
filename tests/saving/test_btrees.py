"""B-trees built by hand: every leaf is found, at any depth, and damage is named."""

import io
import struct

import pytest

from tinycnn.saving.btrees import group_leaves, records
from tinycnn.saving.file_bytes import FileBytes
from tinycnn.saving.lookup3 import lookup3


def file_of(nodes):
    """Return a file with a block at each address."""
    content = bytearray(4096)
    for address, block in nodes.items():
        content[address : address + len(block)] = block
    return FileBytes(io.BytesIO(bytes(content)), len(content))


def group_node(level, *children):
    pairs = b"".join(struct.pack("<QQ", 0, child) for child in children)
    return b"TREE\0" + struct.pack("<BHQQ", level, len(children), 0, 0) + pairs


def test_the_leaves_of_a_group_in_order():
    nodes = {0: group_node(1, 500, 900), 500: group_node(0, 7, 8), 900: group_node(0, 9)}
    assert list(group_leaves(file_of(nodes), 0)) == [7, 8, 9]
    assert list(group_leaves(file_of({64: group_node(0)}), 64)) == []


@pytest.mark.parametrize(
    "nodes",
    [
        {0: group_node(1, 500), 500: group_node(1, 900)},
        {0: group_node(1, 0)},
        {0: group_node(17, 500)},
    ],
    ids=["levels that do not fall", "a circle", "too deep"],
)
def test_damaged_trees_of_groups(nodes):
    with pytest.raises(ValueError, match="a tree in it is damaged"):
        list(group_leaves(file_of(nodes), 0))


def summed(block):
    return block + lookup3(block).to_bytes(4, "little")


def header(root, count, total, depth, size=4, kind=5):
    fields = struct.pack("<IHHBBQHQ", 512, size, depth, 100, 40, root, count, total)
    return summed(b"BTHD\0" + bytes([kind]) + fields)


def leaf(*values):
    return summed(b"BTLF\0\5" + b"".join(value.to_bytes(4, "little") for value in values))


def inner(values, children, total_width=0):
    """Return a node with a pointer before, between and behind its records."""
    block = b"BTIN\0\5" + b"".join(value.to_bytes(4, "little") for value in values)
    for address, count, total in children:
        block += struct.pack("<QB", address, count) + total.to_bytes(total_width, "little")
    return summed(block)


def values_of(nodes):
    return sorted(int.from_bytes(record, "little") for record in records(file_of(nodes), 0, 5))


def test_records_of_leaves_and_of_the_nodes_above_them():
    leaves = {1000: leaf(1, 2), 1100: leaf(4), 1200: leaf(6, 7, 8)}
    assert values_of({0: header(1000, 2, 2, 0), **leaves}) == [1, 2]
    one = inner([3, 5], [(1000, 2, 0), (1100, 1, 0), (1200, 3, 0)])
    assert values_of({0: header(500, 2, 8, 1), 500: one, **leaves}) == [*range(1, 9)]
    # Of a node above nodes each pointer says the records below it, too, in as many bytes as they may take.
    two = inner([9], [(500, 2, 8), (700, 0, 2)], total_width=2)
    side = inner([], [(1000, 2, 0)])
    nodes = {0: header(300, 1, 11, 2), 300: two, 500: one, 700: side, **leaves}
    assert values_of(nodes) == [1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9]
    assert values_of({0: header(2**64 - 1, 0, 0, 0)}) == []


def test_damaged_trees_of_records():
    with pytest.raises(ValueError, match="is where"):
        records(file_of({0: header(0, 0, 0, 0, kind=8)}), 0, 5)
    with pytest.raises(ValueError, match="a tree in it is too deep"):
        records(file_of({0: header(500, 1, 1, 17)}), 0, 5)
    for size in (0, 512):
        with pytest.raises(ValueError, match="records of no possible size"):
            records(file_of({0: header(500, 1, 1, 0, size=size)}), 0, 5)
    with pytest.raises(ValueError, match="a checksum in it is wrong"):
        records(file_of({0: header(1000, 1, 1, 0), 1000: leaf(3)[:-1] + b"\0"}), 0, 5)
