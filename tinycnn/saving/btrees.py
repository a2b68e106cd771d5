"""The B-trees of an HDF5 file, in which it keeps lists. All entries are read, so keys are not compared.

Layout: HDF5 File Format Specification, sections III.A, "B-trees".
"""

from collections.abc import Iterator

from tinycnn.saving.file_bytes import FileBytes, begins_with, unsigned
from tinycnn.saving.lookup3 import without_checksum

DEEPEST = 16  # levels of a tree
# Bytes of a node of version 2 beside its records: signature, version, type, checksum.
NODE_OVERHEAD = 10


def group_leaves(file: FileBytes, address: int, level: int | None = None) -> Iterator[int]:
    """Yield the addresses of a group's symbol table nodes: the leaves of its B-tree of version 1.

    Args:
        file: the file.
        address: of the tree's root node.
        level: the level that the node must have, 0 above the leaves; None: any, for the root.

    Raises:
        ValueError: if the tree is damaged.
    """
    node = begins_with(file.read(address, 24), b"TREE\0")
    depth, count = node[5], unsigned(node, 6, 2)  # levels below this node, and its children
    if depth > DEEPEST or (level is not None and depth != level):
        raise ValueError("a tree in it is damaged")
    pairs = file.read(address + 24, 16 * count)
    for start in range(8, 16 * count, 16):  # a key, of 8 bytes, precedes each child
        child = unsigned(pairs, start)
        if depth:
            yield from group_leaves(file, child, depth - 1)
        else:
            yield child


def records(file: FileBytes, address: int, kind: int) -> list[bytes]:
    """Return all records of a B-tree of version 2.

    Args:
        file: the file.
        address: of the tree's header.
        kind: the type that its records must have, a number in the specification.

    Raises:
        ValueError: if the tree is damaged, or of another type.
    """
    header = begins_with(file.read(address, 38), b"BTHD\0" + bytes([kind]))
    header = without_checksum(file, header)
    tree = _Tree(file, kind, unsigned(header, 6, 4), unsigned(header, 10, 2))
    depth, count = unsigned(header, 12, 2), unsigned(header, 24, 2)
    if depth > DEEPEST:
        raise ValueError("a tree in it is too deep")
    return list(tree.below(unsigned(header, 16), count, depth)) if count else []


class _Tree:
    """One B-tree of version 2: the sizes that all its nodes have in common, and the reading of nodes.

    Args:
        file: the file.
        kind: the type of its records.
        node_size, record_size: in bytes.
    """

    def __init__(self, file: FileBytes, kind: int, node_size: int, record_size: int):
        if not 0 < record_size < node_size:
            raise ValueError("a tree in it has records of no possible size")
        self.file, self.kind = file, kind
        self.node_size, self.record_size = node_size, record_size
        most = (node_size - NODE_OVERHEAD) // record_size
        self.count_width = _width(most)
        # For each depth (0: a leaf), the most records of a node and all nodes below it.
        self.most_below = [most]

    def below(self, address: int, count: int, depth: int) -> Iterator[bytes]:
        """Yield the records of a node and of all nodes below it.

        Args:
            address: of the node.
            count: how many records the node itself has.
            depth: levels below it; 0: it is a leaf.
        """
        signature = b"BTIN" if depth else b"BTLF"
        total_width = _width(self._most(depth - 1)) if depth > 1 else 0
        pointer = 8 + self.count_width + total_width
        # 6 bytes, the records, for an inner node count + 1 pointers to children, 4 bytes of checksum.
        length = 6 + count * self.record_size + (pointer * (count + 1) if depth else 0)
        node = self.file.read(address, length + 4)
        node = without_checksum(self.file, begins_with(node, signature + bytes([0, self.kind])))
        end = 6 + count * self.record_size
        for start in range(6, end, self.record_size):
            self.file.count(1)
            yield node[start : start + self.record_size]
        for start in range(end, length, pointer):
            child = unsigned(node, start + 8, self.count_width)
            yield from self.below(unsigned(node, start), child, depth - 1)

    def _most(self, depth: int) -> int:
        """Return most_below[depth]; the number of bytes in which a pointer stores a count depends on it."""
        while len(self.most_below) <= depth:
            before = self.most_below[-1]
            total_width = _width(before) if len(self.most_below) > 1 else 0
            pointer = 8 + self.count_width + total_width
            most = (self.node_size - NODE_OVERHEAD - pointer) // (self.record_size + pointer)
            self.most_below.append((most + 1) * before + most)
        return self.most_below[depth]


def _width(most: int) -> int:
    """Return how many bytes a count from 0 to `most` takes in the file."""
    return max(1, (most.bit_length() + 7) // 8)
