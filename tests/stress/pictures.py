"""Damaged and odd pictures through the entry of scripts/predict.py: `python -m tests.stress.pictures`.

Each must be read right or be refused with a PictureError: no other error, no crash of the process, no more
than 5 seconds of computing, no more than 512 MB of memory.
"""

import argparse
import io
import json
import pathlib
import runpy
import signal
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy as np
from PIL import Image

from tinycnn.utils.errors import PictureError

ROOT = pathlib.Path(__file__).parents[2]
LONGEST = 5.0  # seconds of processor time a picture
MOST_MEMORY = 512 * 2**20  # bytes of a process that has read them all
KINDS = ("png", "jpeg", "gif", "bmp", "tiff", "webp", "ppm")
MODES = {
    "png": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "jpeg": ("L", "RGB", "CMYK"),
    "gif": ("L", "P", "RGB"),
    "bmp": ("1", "L", "P", "RGB", "RGBA"),
    "tiff": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F"),
    "webp": ("RGB", "RGBA"),
    "ppm": ("1", "L", "RGB"),
}
SEVEN = np.full((120, 90), 255, np.uint8)  # a dark 7 of two bars
SEVEN[20:34, 15:75] = SEVEN[20:104, 61:75] = 0


def encoded(kind, mode, image=None, **options):
    """Return the bytes of a picture file of the 7."""
    image = Image.fromarray(SEVEN) if image is None else image
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    else:
        image = image.convert("RGB").convert(mode) if mode == "CMYK" else image.convert(mode)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def readable():
    """Return {name: bytes} of files that all show the 7."""
    files = {f"{k}-{m.replace(';', '')}": encoded(k, m) for k in KINDS for m in MODES[k]}
    blank = Image.new("L", SEVEN.shape[::-1], 255)
    for kind in ("gif", "png", "tiff", "webp"):
        mode = "RGB" if kind == "webp" else "L"
        frames = {"save_all": True, "append_images": [blank.convert(mode)] * 3}
        files[f"{kind}-animated"] = encoded(kind, mode, **frames)
    rotated = Image.fromarray(SEVEN).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    for kind in ("jpeg", "png", "tiff", "webp"):
        mode = "RGB" if kind == "webp" else "L"
        files[f"{kind}-turned"] = encoded(kind, mode, rotated, exif=exif, quality=95)
    sixteen_bits = (SEVEN.astype(">u2") * 257).tobytes()
    files["ppm-I16"] = b"P5 90 120 65535\n" + sixteen_bits  # Pillow writes none before 10.3
    files["jpeg-progressive"] = encoded("jpeg", "RGB", progressive=True)
    for compression in ("tiff_lzw", "tiff_deflate", "packbits", "jpeg"):
        files[f"tiff-{compression}"] = encoded("tiff", "L", compression=compression)
    return files


def large():
    """Return {name: bytes} of files that hold as many pixels as are read, in the modes that cost most."""
    image = Image.fromarray(SEVEN).resize((6000, 8000), Image.Resampling.NEAREST)
    rotated = image.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    files = {
        "large-jpeg-turned": encoded("jpeg", "RGB", rotated, exif=exif),
        "large-cmyk": encoded("jpeg", "CMYK", rotated, exif=exif),
        "large-progressive": encoded("jpeg", "RGB", image, progressive=True),
        "large-gif": encoded("gif", "P", image),
        "large-png-rgba": encoded("png", "RGBA", rotated, compress_level=1, exif=exif),
        "large-png-la": encoded("png", "LA", image, compress_level=1),
        "large-png-16": encoded("png", "I;16", rotated, compress_level=1, exif=exif),
        "large-tiff-float": encoded("tiff", "F", image, compression="tiff_lzw"),
        "large-webp": encoded("webp", "RGBA", image.reduce(2), method=0, quality=20),
    }
    return files


def bombs(rng):
    """Return {name: bytes} of files that claim more than they hold."""
    files = {}
    file = io.BytesIO()
    Image.new("RGBA", (64, 64), (9, 9, 9)).save(file, "ico", sizes=[(64, 64)])
    inner = encoded("png", "RGBA", Image.new("1", (13_000, 13_000)), compress_level=1)
    entry = file.getvalue()[:14] + struct.pack("<II", len(inner), 22)
    files["bomb-icon.ico"] = entry + inner
    for number in range(40):
        width, height = (int(2 ** rng.uniform(0, 31)) for _ in range(2))
        depth, colour = ((1, 0), (8, 0), (16, 0), (8, 2), (16, 2), (8, 3), (8, 6), (16, 6))[
            rng.integers(8)
        ]
        header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, number % 2)
        data = zlib.compress(bytes(int(10 ** rng.uniform(1, 7))), 9)
        chunks = ((b"IHDR", header), (b"PLTE", bytes(30)), (b"IDAT", data), (b"IEND", b""))
        files[f"bomb-{number}.png"] = b"\x89PNG\r\n\x1a\n" + b"".join(map(chunk, chunks))
        files[f"bomb-{number}.ppm"] = b"P%d %d %d 255\n" % (4 + number % 3, width, height)
    return files


def chunk(named):
    """Return a chunk of a PNG file, with its length and checksum."""
    kind, data = named
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def reordered(data, rng):
    """Return a PNG file with a chunk left out, repeated, moved or with another content, checksums right."""
    chunks, offset = [], 8
    while offset < len(data):
        length = struct.unpack(">I", data[offset : offset + 4])[0]
        chunks.append((data[offset + 4 : offset + 8], data[offset + 8 : offset + 8 + length]))
        offset += 12 + length
    here, there = rng.integers(len(chunks), size=2)
    how = rng.integers(4)
    if how == 0:
        del chunks[here]
    elif how == 1:
        chunks.insert(there, chunks[here])
    elif how == 2:
        chunks[here], chunks[there] = chunks[there], chunks[here]
    else:
        chunks[here] = chunks[here][0], damaged(chunks[here][1], rng)
    return data[:8] + b"".join(map(chunk, chunks))


def damaged(data, rng):
    """Return a file with some bytes, mostly of its header, changed, left out or put in; or cut short."""
    out = bytearray(data)
    how = rng.integers(6)
    if how == 0:
        return bytes(out[: rng.integers(len(out) + 1)])
    for _ in range(rng.integers(1, 6)):
        end = len(out) if rng.random() < 0.4 else min(len(out), 120)
        offset = int(rng.integers(end + 1))
        width = int(rng.choice([1, 2, 4]))
        if how == 1:
            out[offset : offset + width] = b""
        elif how == 2:
            out[offset:offset] = rng.bytes(width)
        elif how == 3:
            out[offset : offset + width] = (b"\xff" if rng.random() < 0.5 else b"\0") * width
        elif how == 4:
            out[offset : offset + width] = int(2 ** rng.uniform(0, 8 * width - 0.01)).to_bytes(
                width, rng.choice(["little", "big"])
            )
        else:
            out[offset : offset + width] = rng.bytes(width)
    return bytes(out)


def write_files(folder, count, seed, with_large=False):
    """Write so many files, and return their names; those that begin with "good" show the 7."""
    rng = np.random.default_rng(seed)
    good = readable()
    files = {f"good-{name}": data for name, data in good.items()} | bombs(rng)
    if with_large:
        files |= {f"good-{name}": data for name, data in large().items()}
    names = list(good)
    for number in range(max(count - len(files), 0)):
        name = names[number % len(names)]
        change = reordered if name.startswith("png") and rng.random() < 0.5 else damaged
        files[f"{number}-{name}"] = change(good[name], rng)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return list(files)


IMAGE = (28, 28), np.dtype(np.uint8), 255  # shape, dtype and brightest pixel


def sure_of_a_7(images):
    """Return probabilities (n, 10) of images as a net would: here each is a 7."""
    return np.eye(10)[np.full(len(images), 7)]


def read_all(folder):
    """Read the files that standard input names; print for each a line with what came of it."""
    predict = runpy.run_path(str(ROOT / "scripts" / "predict.py"))
    from tinycnn.preprocessing import to_mnist

    expected = to_mnist(SEVEN).astype(int)
    for line in sys.stdin:
        name = line.rstrip("\n")
        signal.setitimer(signal.ITIMER_PROF, LONGEST)  # ends the process, compiled code or not
        try:
            rows = predict["read"](str(folder / name), sure_of_a_7, None)
            images = [digit.image for row in rows for digit in row]  # damage may leave several
            fine = {(image.shape, image.dtype, image.max()) for image in images} == {IMAGE}
            if name.startswith("good"):
                near = np.abs(images[0] - expected).sum() < 0.2 * expected.sum()
                fine = fine and len(images) == 1 and near
            result = "read" if fine else "WRONG"
        except PictureError as error:
            result = "WRONGLY REFUSED: " + str(error) if name.startswith("good") else "refused"
        except BaseException as error:
            result = f"ESCAPED: {error!r}"
        print(json.dumps([name, result, peak_memory()]), flush=True)


def peak_memory():
    """Return the most bytes that this process ever had, 0 where the system does not say."""
    # Not getrusage: on Linux it begins with what the parent had.
    status = pathlib.Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def examine(folder, names):
    """Read files in processes of their own; return {outcome: count}, what went wrong, and peak memory."""
    counts, faults, peak = {"read": 0, "refused": 0}, [], 0
    command = [sys.executable, "-m", "tests.stress.pictures", "--read", str(folder)]
    while names:
        done = subprocess.run(
            command, input="\n".join(names), capture_output=True, text=True, cwd=ROOT
        )
        results = [json.loads(line) for line in done.stdout.splitlines()]
        for name, result, memory in results:
            if result in counts:
                counts[result] += 1
            else:
                faults.append(f"{name}: {result}")
            if memory > MOST_MEMORY >= peak:
                faults.append(f"{name}: {memory / 2**20:.0f} MB")
            peak = max(peak, memory)
        names = names[len(results) :]
        if names:
            faults.append(f"{names[0]}: ended with {done.returncode} {done.stderr[-300:]}")
            names = names[1:]
    return counts, faults, peak


def main():
    """Make the files, read them, and say what came of it; return 1 if anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2000, help="files; default: 2000")
    parser.add_argument("--seed", type=int, default=0, help="of the damage; default: 0")
    parser.add_argument("--read", type=pathlib.Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        read_all(options.read)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        names = write_files(folder, options.count, options.seed, with_large=True)
        counts, faults, peak = examine(folder, names)
    print(
        f"Pillow {Image.__version__}: {len(names)} files, {counts}, {peak / 2**20:.0f} MB at most"
    )
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
