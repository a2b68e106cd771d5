"""IDX files and gzip: whole and right, or a DataFileError that says what is wrong."""

import gzip
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fake_server import digits, idx
from tinycnn.datasets.idx import MAX_COUNT, parse_images, parse_labels, read_bytes, unpack
from tinycnn.utils.errors import DataFileError

IMAGES, LABELS = digits(3)
GOOD_IMAGES, GOOD_LABELS = idx(IMAGES), idx(LABELS)


def header(*axes, magic=None):
    return (magic or bytes([0, 0, 8, len(axes)])) + struct.pack(f">{len(axes)}I", *axes)


def test_images_come_back_as_they_were():
    parsed = parse_images(GOOD_IMAGES, "images")
    assert parsed.dtype == np.uint8
    assert parsed.flags.writeable
    np.testing.assert_array_equal(parsed, IMAGES)


def test_labels_come_back_as_they_were():
    parsed = parse_labels(GOOD_LABELS, "labels")
    assert parsed.dtype == np.uint8
    assert parsed.flags.writeable
    np.testing.assert_array_equal(parsed, LABELS)


def test_layout_is_the_published_one():
    pixels = bytes(783) + b"\xff"
    parsed = parse_images(
        b"\x00\x00\x08\x03\x00\x00\x00\x01\x00\x00\x00\x1c\x00\x00\x00\x1c" + pixels, ""
    )
    assert parsed[0, 27, 27] == 255
    assert parsed.sum() == 255


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        pytest.param(b"", "too short for an IDX file: 0 bytes", id="empty"),
        pytest.param(b"\0\0\x08", "too short for an IDX file: 3 bytes", id="three bytes"),
        pytest.param(GOOD_IMAGES[:10], "ends within its header, after 10 bytes", id="header only"),
        pytest.param(header(3, 28, 28, magic=b"\0\0\x0d\x03"), "0x0D, 32-bit float", id="float"),
        pytest.param(GOOD_LABELS, r"holds labels \(idx1\)", id="idx1 as idx3"),
        pytest.param(header(3, 28, magic=b"\0\0\x08\x02"), "holds an array of 2 axes", id="idx2"),
        pytest.param(b"\x03\x08\0\0" + GOOD_IMAGES[4:], "little-endian", id="little-endian"),
        pytest.param(b"<!DOCTYPE html>", "not an IDX file: it begins with 3c 21 44 4f", id="HTML"),
        pytest.param(b"\0\0\x07\x03" + GOOD_IMAGES[4:], "not an IDX file", id="unknown type"),
        pytest.param(header(3, 27, 28) + bytes(3 * 27 * 28), "are 27x28, not 28x28", id="27x28"),
        pytest.param(header(3, 14, 56) + bytes(3 * 784), "are 14x56, not 28x28", id="14x56"),
        pytest.param(header(3, 28, 0), "are 28x0, not 28x28", id="no columns"),
        pytest.param(header(0, 28, 28), "announces 0 digits", id="no images"),
        pytest.param(header(2**32 - 1, 28, 28), "announces 4,294,967,295 digits", id="2^32-1"),
        pytest.param(header(3, 2**32 - 1, 2**32 - 1), "4294967295x4294967295", id="overflow"),
        pytest.param(header(MAX_COUNT + 1, 28, 28), "announces 1,000,001 digits", id="too many"),
        pytest.param(GOOD_IMAGES[:-1], "has 2,367 bytes; its header announces 2,368", id="short"),
        pytest.param(GOOD_IMAGES + b"\0", "has 2,369 bytes; its header announces 2,368", id="long"),
    ],
)
def test_bad_images_are_refused(data, cause, tmp_path):
    with pytest.raises(DataFileError, match=cause) as caught:
        parse_images(data, tmp_path / "images")
    assert caught.value.path == str(tmp_path / "images")


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        pytest.param(GOOD_IMAGES, r"holds images \(idx3\)", id="idx3 as idx1"),
        pytest.param(header(3) + bytes([9, 3, 10]), "label 2 is 10, above 9", id="label 10"),
        pytest.param(header(3) + bytes([255, 3, 1]), "label 0 is 255, above 9", id="label 255"),
        pytest.param(GOOD_LABELS[:-1], "has 10 bytes; its header announces 11", id="short"),
        pytest.param(GOOD_LABELS + b"\0", "has 12 bytes; its header announces 11", id="long"),
        pytest.param(header(0), "announces 0 digits", id="no labels"),
    ],
)
def test_bad_labels_are_refused(data, cause):
    with pytest.raises(DataFileError, match=cause):
        parse_labels(data, "labels")


REMEDIES = {
    "once more, whole": [b"", GOOD_IMAGES[:10], GOOD_IMAGES[:-1], GOOD_IMAGES + b"\0"],
    "belongs to this name": [b"<!DOCTYPE html>", header(0, 28, 28)],
    "convert it": [header(3, 27, 28), header(3, 28, magic=b"\0\0\x0d\x02"), b"\x03\x08\0\0"],
    "names that say what they are": [GOOD_LABELS],
    "at most 1,000,000 digits": [header(MAX_COUNT + 1, 28, 28)],
}


@pytest.mark.parametrize(
    ("remedy", "data"), [(remedy, data) for remedy, cases in REMEDIES.items() for data in cases]
)
def test_each_cause_has_its_own_remedy(remedy, data):
    with pytest.raises(DataFileError) as caught:
        parse_images(data, "images")
    assert remedy in caught.value.remedy
    assert str(caught.value).endswith(caught.value.remedy)


def test_labels_of_letters_have_their_own_remedy():
    with pytest.raises(DataFileError, match="of EMNIST: digits or mnist"):
        parse_labels(header(1) + bytes([26]), "labels")


PACKED = gzip.compress(GOOD_IMAGES, mtime=0)
PACKINGS = {
    "one member": PACKED,
    "two members": gzip.compress(GOOD_IMAGES[:1000]) + gzip.compress(GOOD_IMAGES[1000:]),
    "members of a byte each": b"".join(gzip.compress(bytes([b])) for b in GOOD_IMAGES),
    "an empty member": gzip.compress(b"") + PACKED + gzip.compress(b""),
    "zero padding": PACKED + bytes(512),
    "padding between members": gzip.compress(GOOD_IMAGES[:9])
    + bytes(7)
    + gzip.compress(GOOD_IMAGES[9:]),
    "with a name": gzip.compress(GOOD_IMAGES)[:3] + b"\x08" + PACKED[4:10] + b"x\0" + PACKED[10:],
}


@pytest.mark.parametrize("packing", PACKINGS)
def test_gzip_is_read_whole(packing):
    assert unpack(PACKINGS[packing], "x.gz", 3) == GOOD_IMAGES


def test_unpack_leaves_unpacked_data_alone():
    assert unpack(GOOD_LABELS, "x.gz", 1) == GOOD_LABELS


def damage_crc(packed):
    return packed[:-8] + bytes([packed[-8] ^ 1]) + packed[-7:]


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        pytest.param(
            gzip.compress(GOOD_IMAGES + b"\0"), "more than the 2,368 bytes", id="too long"
        ),
        pytest.param(PACKED[:-1], "truncated", id="last byte missing"),
        pytest.param(PACKED[: len(PACKED) // 2], "truncated", id="half"),
        pytest.param(PACKED[:2], "truncated", id="two bytes"),
        pytest.param(damage_crc(PACKED), "damaged", id="bad CRC"),
        pytest.param(PACKED[:10] + b"\xff" + PACKED[11:], "damaged", id="bad stream"),
        pytest.param(PACKED + PACKED, "more than the 2,368 bytes", id="twice"),
        pytest.param(PACKED + b"PK", "something else follows", id="trailing garbage"),
        pytest.param(PACKED + PACKED[:5], "truncated", id="half of a second header"),
        pytest.param(gzip.compress(b"<html>"), "not an IDX file", id="HTML"),
        pytest.param(gzip.compress(GOOD_LABELS), "holds labels", id="labels"),
    ],
)
def test_bad_gzip_is_refused(data, cause):
    with pytest.raises(DataFileError, match=cause):
        unpack(data, "x.gz", 3)


@pytest.mark.parametrize(
    ("bomb", "cause"),
    [
        (bytes(50_000_000), "it is not an IDX file"),
        (
            header(1, 28, 28) + bytes(50_000_000),
            "more than the 800 bytes that its header announces",
        ),
        (header(MAX_COUNT + 1, 28, 28) + bytes(50_000_000), "1 to 1,000,000 are accepted"),
    ],
    ids=["no header", "small header", "header beyond the limit"],
)
def test_gzip_bomb_is_not_unpacked(bomb, cause):
    bomb = gzip.compress(bomb, 9)
    tracemalloc.start()
    try:
        with pytest.raises(DataFileError, match=cause):
            unpack(bomb, "bomb.gz", 3)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_overlong_file_is_refused(tmp_path):
    path = tmp_path / "long"
    path.write_bytes(bytes(11))
    assert read_bytes(path, 11) == bytes(11)
    with pytest.raises(DataFileError, match="longer than 10 bytes"):
        read_bytes(path, 10)


def test_unreadable_file_is_named(tmp_path):
    with pytest.raises(DataFileError, match="cannot be read") as caught:
        read_bytes(tmp_path)
    assert caught.value.path == str(tmp_path)


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"\0\0\x08\x03", b"\0\0\x08\x01", b"\x1f\x8b\x08"]),
)
def test_any_bytes_give_digits_or_our_own_error(data, beginning):
    for parse in (parse_images, parse_labels):
        try:
            parsed = parse(unpack(beginning + data, "any", 3), "any")
        except DataFileError:
            continue
        assert len(parsed) >= 1


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(PACKED) - 1), st.integers(1, 255))
def test_a_changed_byte_is_noticed_or_harmless(position, change):
    data = bytearray(PACKED)
    data[position] ^= change
    try:
        assert unpack(bytes(data), "x.gz", 3) in (GOOD_IMAGES, bytes(data))
    except DataFileError:
        return
