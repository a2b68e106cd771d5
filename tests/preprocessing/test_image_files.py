"""Every kind of picture file must be read alike, and what is none must be named in one sentence."""

import contextlib
import io
import os
import signal
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from tests.stress import pictures
from tinycnn.preprocessing import to_mnist
from tinycnn.preprocessing.image_files import MAX_SIDE, read_picture
from tinycnn.utils.errors import PictureError


@pytest.fixture
def drawing():
    """A dark 7 of two bars on white, uint8 (120, 90)."""
    picture = np.full((120, 90), 255, np.uint8)
    picture[20:34, 15:75] = 0
    picture[20:104, 61:75] = 0
    return picture


def same(path, drawing, tolerance=0.0):
    """Tell whether the file gives the same digit as the drawing, up to a share of its foreground."""
    out, expected = to_mnist(read_picture(path)).astype(float), to_mnist(drawing)
    return np.abs(out - expected).sum() <= tolerance * expected.sum()


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16", "I", "F", "CMYK"])
def test_modes(tmp_path, drawing, mode):
    path = tmp_path / "a.tif"
    if mode == "I;16":
        image = Image.fromarray(drawing.astype(np.uint16) * 257)
    elif mode in "IF":
        image = Image.fromarray(drawing.astype({"I": np.int32, "F": np.float32}[mode]) * 16)
    else:
        image = Image.fromarray(drawing).convert("RGB" if mode == "CMYK" else "L").convert(mode)
    image.save(path)
    with Image.open(path) as image:
        assert image.mode == mode
    assert same(path, drawing)
    light = read_picture(path)
    assert (light.dtype, light.min(), light.max()) == (np.float32, 0, pytest.approx(1))


@pytest.mark.parametrize("ending", ["png", "jpg", "gif", "bmp", "webp", "ppm", "tga", "pcx", "tif"])
def test_kinds(tmp_path, drawing, ending):
    path = tmp_path / f"a.{ending}"
    Image.fromarray(drawing).save(path, quality=95)
    assert same(path, drawing, tolerance=0.2 if ending in ("jpg", "webp") else 0)


def test_16_bit_png_in_both_polarities(tmp_path, drawing):
    pixels = drawing.astype(int)
    for number, values in enumerate([pixels * 257, 65535 - pixels * 257, pixels * 16]):
        path = tmp_path / f"{number}.png"
        Image.fromarray(values.astype(np.uint16)).save(path)
        assert same(path, drawing)


def test_big_endian_16_bit_tiff(tmp_path, drawing):
    pixels = (drawing.astype(">u2") * 257).astype(">u2").tobytes()
    entries = [
        (256, 90),
        (257, 120),
        (258, 16),
        (259, 1),
        (262, 1),
        (273, 200),
        (277, 1),
        (278, 120),
    ]
    header = b"MM\0*" + struct.pack(">IH", 8, len(entries) + 1)
    for tag, value in entries:
        header += struct.pack(">HHIHH", tag, 3, 1, value, 0)
    header += struct.pack(">HHII", 279, 4, 1, len(pixels)) + struct.pack(">I", 0)
    path = tmp_path / "a.tif"
    path.write_bytes(header.ljust(200, b"\0") + pixels)
    assert same(path, drawing)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "png", "tif"])
def test_exif_rotation(tmp_path, drawing, orientation, ending):
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,  # the camera's picture lies on its side
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = Image.fromarray(drawing)
    if orientation in undo:
        image = image.transpose(undo[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"a.{ending}"
    image.save(path, exif=exif, quality=95)
    assert read_picture(path).shape == drawing.shape
    assert same(path, drawing, tolerance=0.2 if ending == "jpg" else 0)


@pytest.mark.parametrize("exif", [b"garbage, no TIFF", b"MM\0*", b"II*\0\xff\xff\xff\xff"])
def test_damaged_exif_is_no_reason_to_refuse_a_picture(tmp_path, drawing, exif):
    path = tmp_path / "a.png"
    Image.fromarray(drawing).save(path, exif=exif)
    assert same(path, drawing)


@pytest.mark.parametrize("colour", [0, 255])
@pytest.mark.parametrize("ending", ["png", "webp", "tif"])
def test_strokes_on_nothing(tmp_path, drawing, colour, ending):
    path = tmp_path / f"a.{ending}"
    alpha = 255 - drawing
    options = {"lossless": True} if ending == "webp" else {}
    Image.fromarray(np.dstack([np.full((120, 90, 3), colour, np.uint8), alpha])).save(
        path, **options
    )
    assert same(path, drawing)


def test_palette_with_a_transparent_colour(tmp_path, drawing):
    image = Image.frombytes("P", (90, 120), (drawing == 0).astype(np.uint8).tobytes())
    image.putpalette([255, 255, 255, 255, 255, 255])  # white on transparent white
    image.save(tmp_path / "a.png", transparency=0)
    image.save(tmp_path / "a.gif", transparency=0)
    assert same(tmp_path / "a.png", drawing)
    assert same(tmp_path / "a.gif", drawing)


def test_first_frame_of_an_animation(tmp_path, drawing):
    path = tmp_path / "a.gif"
    blank = Image.new("L", (90, 120), 255)
    Image.fromarray(drawing).save(path, save_all=True, append_images=[blank, blank])
    assert same(path, drawing)


def test_large_pictures_are_averaged_down(tmp_path, drawing):
    path = tmp_path / "a.png"
    large = np.kron(drawing, np.ones((25, 25), np.uint8))
    Image.fromarray(large).convert("1").save(path)
    light = read_picture(path)
    assert max(light.shape) <= MAX_SIDE
    assert light.shape == (1000, 750)
    assert same(path, drawing, tolerance=0.03)


def png_claiming(width, height):
    """A PNG whose header claims a size, and whose data are a few bytes."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    out = b"\x89PNG\r\n\x1a\n"
    for kind, data in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 99)), (b"IEND", b"")):
        out += (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )
    return out


@pytest.mark.parametrize(
    "size", [(7100, 7100), (10_000, 10_000), (100_000, 100_000), (50_000_001, 1)]
)
def test_bombs_are_refused_unread(tmp_path, size):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_claiming(*size))
    with pytest.raises(PictureError, match=r"bomb\.png: .*more than 50 megapixels.*smaller"):
        read_picture(path)


def png_of(drawing):
    file = io.BytesIO()
    Image.fromarray(drawing).save(file, "png")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (lambda data: b"", "empty"),
        (lambda data: b"seven\n" * 50, "not a picture"),
        (lambda data: data[: len(data) // 2], "cannot be read"),
        (lambda data: data[:40], "cannot be read|not a picture"),
        (lambda data: data[:60] + bytes(30) + data[90:], "cannot be read"),
        (lambda data: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
    ],
    ids=["empty", "text", "half", "header only", "damaged", "eps"],
)
def test_what_is_no_picture(tmp_path, drawing, content, cause):
    path = tmp_path / "a.png"
    path.write_bytes(content(png_of(drawing)))
    with pytest.raises(PictureError, match=cause) as caught:
        read_picture(path)
    assert caught.value.path == str(path)
    assert caught.value.remedy


def test_damage_anywhere_never_escapes_as_another_error(tmp_path, drawing):
    rng = np.random.default_rng(0)
    path = tmp_path / "a.bin"
    for kind in ("png", "gif", "jpeg", "tiff", "bmp"):
        file = io.BytesIO()
        Image.fromarray(drawing[::3, ::3]).save(file, kind)
        for _ in range(40):
            damaged = np.frombuffer(file.getvalue(), np.uint8).copy()
            damaged[rng.integers(0, len(damaged), 5)] = rng.integers(0, 256, 5)
            path.write_bytes(damaged.tobytes())
            with contextlib.suppress(PictureError):
                assert read_picture(path).ndim == 2


def test_folders_missing_files_and_pipes(tmp_path):
    with pytest.raises(PictureError, match="no such file"):
        read_picture(tmp_path / "missing.png")
    with pytest.raises(PictureError, match="a folder"):
        read_picture(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(PictureError, match="file"):
        read_picture(tmp_path / "file" / "below.png")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(PictureError, match="not a regular file"):
        read_picture(tmp_path / "pipe.png")


def test_values_that_are_not_finite(tmp_path):
    path = tmp_path / "a.tif"
    Image.fromarray(np.array([[0, np.nan]], np.float32)).save(path)
    with pytest.raises(PictureError, match="not finite"):
        read_picture(path)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no such timer")
def test_damaged_and_odd_pictures_in_a_process_of_their_own(tmp_path):
    names = pictures.write_files(tmp_path, 200, seed=1)
    counts, faults, peak = pictures.examine(tmp_path, names)
    assert faults == []
    assert 0 < peak <= pictures.MOST_MEMORY
    assert min(counts.values()) > 20
    assert sum(counts.values()) == len(names)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no such timer")
def test_a_large_picture_is_not_held_twice(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.fromarray(pictures.SEVEN).transpose(Image.Transpose.ROTATE_90)
    image = image.resize((8000, 6000), Image.Resampling.NEAREST).convert("RGB")
    image.save(tmp_path / "good.jpg", exif=exif)
    assert pictures.examine(tmp_path, ["good.jpg"])[:2] == ({"read": 1, "refused": 0}, [])


def test_a_webp_file_has_fewer_pixels(tmp_path):
    path = tmp_path / "a.webp"
    Image.new("L", (5000, 4001), 255).convert("RGB").save(path, method=0)
    with pytest.raises(PictureError, match="more than 20 megapixels"):
        read_picture(path)
