"""`Archive`: the members of an untrusted zip, such as a .keras file, read in memory and within bounds.

Nothing is unpacked to the disk: members are looked up by their names. Python's `zipfile` reads them; before
it does, the directory at the zip's end is checked to be small, and each member to be a usual one.
Layout: PKWARE, APPNOTE.TXT, sections 4.3.12, "Central directory structure", and 4.3.16.
"""

import stat
import zipfile
import zlib
from typing import BinaryIO

from tinycnn.saving import kinds
from tinycnn.saving.file_bytes import unsigned
from tinycnn.utils.errors import ModelFileError

# Limits: what is larger is refused. Keras writes three members, and more only for layers with vocabularies.
MOST_MEMBERS = 32
LARGEST_DIRECTORY = 2**16  # bytes
LARGEST_ARCHIVE = 2**31 - 1  # bytes; larger ones have zip64's fields, and models are never so large
# A compressed member may take so many bytes, and so many times those of the archive, in memory.
INFLATED_BYTES, INFLATED_TIMES = 2**26, 4

END = b"PK\x05\x06"  # begins the record at the end
END_SIZE, LONGEST_COMMENT = 22, 2**16 - 1
ZIP64_LOCATOR, LOCATOR_SIZE = b"PK\x06\x07", 20  # before that record, if it is a zip64
ENCRYPTED = 1  # a flag of a member
COMPRESSION = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
METHODS = {zipfile.ZIP_BZIP2: "bzip2", zipfile.ZIP_LZMA: "LZMA"}  # others, for messages
PLAIN = (0, stat.S_IFREG, stat.S_IFDIR)  # types of members; 0: not said
# What `zipfile` raises.
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError)


class Archive:
    """A zip whose members can be read.

    Args:
        path: the file's name, for messages.
        stream: opened for reading in binary, seekable.
        size: of the file, in bytes.

    Raises:
        ModelFileError: by the constructor and all methods, if it is damaged or of an unusual kind.
    """

    def __init__(self, path: str, stream: BinaryIO, size: int):
        self.path, self.size = path, size
        self._check_end(stream)
        try:
            self._zip = zipfile.ZipFile(stream)
        except DAMAGE as error:
            raise self.error(f"it is damaged ({error})") from error
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in self._zip.infolist():
            self._check(member)
            self._members[member.orig_filename] = member

    @property
    def names(self) -> list[str]:
        """The names of all members."""
        return list(self._members)

    def length(self, name: str) -> int:
        """Return how many bytes a member has when it is unpacked, as the archive promises."""
        if name not in self._members:
            raise self.error(f"it has no {name}")
        return self._members[name].file_size

    def read(self, name: str, most: int) -> bytes:
        """Return the bytes of a member, unpacked; they agree with its checksum.

        Args:
            name: as in `names`.
            most: bytes that it may have.

        Raises:
            ModelFileError: if there is none of this name, it has more bytes, or it is damaged.
        """
        length = self.length(name)
        if length > most:
            raise self.error(f"its {name} takes {length} bytes, and {most} are the most")
        member = self._members[name]
        limit = INFLATED_BYTES + INFLATED_TIMES * self.size
        if length > limit:
            remedy = "If you trust it, unpack it and pack it again without compression."
            cause = f"its {name} would be {length} bytes when unpacked, and {limit} are the most"
            raise self.error(cause, remedy)
        try:
            with self._zip.open(member) as opened:
                # One byte more than promised: the end is reached, and there the checksum is compared.
                content = opened.read(length + 1)
        except DAMAGE as error:
            raise self.error(f"its {name} is damaged ({error})") from error
        if len(content) != length:
            raise self.error(f"its {name} has not the {length} bytes that it promises")
        return content

    def error(self, cause: str, remedy: str = kinds.AGAIN) -> ModelFileError:
        """Return, not raise, an error that names this file."""
        return ModelFileError(self.path, cause, remedy)

    def _check_end(self, stream: BinaryIO) -> None:
        """Raise ModelFileError unless the zip ends in a whole record of a small directory right before it."""
        if self.size > LARGEST_ARCHIVE:
            raise self.error(f"it has {self.size} bytes, and {LARGEST_ARCHIVE} are the most")
        tail_size = min(self.size, END_SIZE + LONGEST_COMMENT + LOCATOR_SIZE)
        stream.seek(self.size - tail_size)
        tail = stream.read(tail_size)
        place = tail.rfind(END)
        if place < 0 or place + END_SIZE > len(tail):
            raise self.error("it is cut short: the end of the zip is missing")
        record = tail[place:]
        if len(record) != END_SIZE + unsigned(record, 20, 2):
            raise self.error("something follows the end of its zip, or is missing there")
        if tail[max(place - LOCATOR_SIZE, 0) :].startswith(ZIP64_LOCATOR):
            raise self.error("it is a zip64, and of no model that is so large")
        disks, here, count = (unsigned(record, start, 2) for start in (4, 8, 10))
        length, start = unsigned(record, 12, 4), unsigned(record, 16, 4)
        if disks or unsigned(record, 6, 2) or here != count:
            raise self.error("it is a part of a zip in several parts")
        if count > MOST_MEMBERS or length > LARGEST_DIRECTORY:
            raise self.error(f"it has {count} members, and {MOST_MEMBERS} are the most")
        if start + length != self.size - len(record):
            raise self.error("the directory of its zip is not where it should be")

    def _check(self, member: zipfile.ZipInfo) -> None:
        """Raise ModelFileError if a member is of a kind that no model file has."""
        name = member.orig_filename
        parts = name.removesuffix("/").split("/")
        unusual = any(part in ("", ".", "..") for part in parts)
        if unusual or "\\" in name or ":" in parts[0] or not name.isprintable():
            raise self.error(f"it has a member of the name {name[:100]!r}, which leads out of it")
        if name in self._members:
            raise self.error(f"it has two members of the name {name!r}")
        if member.flag_bits & ENCRYPTED:
            raise self.error(f"its {name} is encrypted", "Save the model without a password.")
        if stat.S_IFMT(member.external_attr >> 16) not in PLAIN:
            raise self.error(f"its {name} is a link or a device, and no file")
        if member.compress_type not in COMPRESSION:
            remedy = "Pack it again without compression."
            kind = METHODS.get(member.compress_type, f"the unknown method {member.compress_type}")
            raise self.error(f"its {name} is compressed by {kind}", remedy)
