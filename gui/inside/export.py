"""The net's inside as one picture for a page or a lesson: drawn from numbers, without a screen. No Tk."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gui.drawing.drawing import Items
from gui.inside import kernels, layout, passes, why
from gui.inside.colours import brief, extent, legend, palette, rgb
from gui.inside.kernel_messages import STRONGEST, KernelInfo
from gui.inside.layout import Column, LayerInfo, Lengths
from gui.inside.mosaic import legend_strip, picture
from gui.inside.why_messages import Question, asked_of
from gui.recognition.top_guesses import NO_DIGIT
from gui.recognition.writing import Written
from gui.widgets.theme_colours import LIGHT
from tinycnn import models
from tinycnn.pretrained.digit_input import USUAL, DigitInput
from tinycnn.pretrained.digit_model import probabilities
from tinycnn.pretrained.reading import Digit
from tinycnn.utils.heat_map import heat_map

WIDTH, MARGIN, GAP = 1600, 30, 26  # pixels
TEXT, LINE, HEADING = 13, 18, 19  # sizes of letters, and of a line
ZOOM = 8  # of 28 × 28 pixels
LEAST, MOST = 420, 6000  # height of the columns: as much as it takes to hide no map, from and to
LENGTHS = Lengths(
    tile=56, unit=9, bar=18, gap=3, between=12, folded=22, bars=160, name=22, number=60,
    head=3 * LINE + 4, foot=LINE + 12,
)  # fmt: skip
PALETTE = dataclasses.replace(palette(LIGHT), between=rgb(LIGHT.button))
NARROW = 70  # pixels: no room for a number at both ends of a legend
PLAIN = {"×": "x", "−": "-", "–": "-", "Σ": "sum of ", "…": "..."}  # what Pillow's font lacks


def view(
    model: models.Sequential,
    name: str,
    items: Items,
    label: int | None = None,
    taken: DigitInput = USUAL,
    digit: Digit | Written | None = None,
) -> Image.Image:
    """Draw what a net makes of a drawing: guesses, why, every layer, the way back, and the kernels.

    Args:
        model: of digits.
        name: of the model.
        items: what is drawn; something is.
        label: the digit for the way back; None: without one.
        taken: how the model wants its digits.
        digit: see `why.place`.

    Returns:
        RGB, 1600 pixels wide, in light colours.

    Raises:
        ValueError: there is no foreground in the drawing.
        ModelFileError: the model's predictions are no probabilities.
    """
    image, _ = why.place(items, digit)
    there = passes.forward(model, taken.prepare(image[None], model.dtype))
    shares = probabilities(model, name, there.x)[0]
    order = np.argsort(-shares, kind="stable")
    first, second = order[:2].tolist()
    is_digit = bool(shares[first] >= NO_DIGIT)
    reads = "a" if is_digit else "no digit, most like"
    guess = f"{first} ({shares[first]:.1%}), then {second} ({shares[second]:.1%})"
    parts = [heading(f"Inside {name}: it reads {reads} {guess}", HEADING)]
    why_first = f"{asked_of(first, is_digit)} pixel · gradient"
    pictures = reasons(model, there.x, (first, second), taken, why_first)
    parts.append(row([pixels_of(image), *pictures, bars(shares)]))
    parts.append(captioned("What every layer makes of it", columns(model, there.shown)))
    if label is not None:
        back = passes.with_way_back(there, label)
        words = f"The way back, if this is a {label}: dL/dy. {back.loss}"
        parts.append(captioned(words, columns(model, back.shown)))
    parts += [
        captioned(f"Kernels of {info.name}: {info.what}", tiles(model, info))
        for info in kernels.kernel_infos(model)
    ]
    return stacked(parts)


def font(size: int = TEXT) -> ImageFont.FreeTypeFont:
    """Return Pillow's own letters, the same on every machine."""
    return ImageFont.load_default(size)


def plain(text: str) -> str:
    """Return a text with letters that Pillow's font has.

    Example:
        >>> plain("3×3, −1 – é")
        '3x3, -1 - ?'
    """
    for letter, instead in PLAIN.items():
        text = text.replace(letter, instead)
    return "".join(each if each < "\x7f" or each in "·±" else "?" for each in text)


def write(picture_: Image.Image, at: tuple[float, float], text: str, **how: object) -> None:
    """Write a line onto a picture."""
    how = {"fill": LIGHT.text, "font": font(), **how}
    ImageDraw.Draw(picture_).text(at, plain(text), **how)


def blank(width: int, height: int) -> Image.Image:
    """Return a white picture."""
    return Image.new("RGB", (max(1, width), max(1, height)), "white")


def heading(text: str, size: int) -> Image.Image:
    """Return a line of large letters, cut where the picture ends."""
    text = plain(text)
    while font(size).getlength(text) > WIDTH - 2 * MARGIN:
        text = f"{text.removesuffix('...')[:-1]}..."
    line = blank(WIDTH - 2 * MARGIN, size + 8)
    write(line, (0, 0), text, font=font(size))
    return line


def captioned(text: str, below: Image.Image) -> Image.Image:
    """Return a picture with a line above it."""
    head = heading(text, 15)
    whole = blank(max(head.width, below.width), head.height + below.height + 4)
    whole.paste(head, (0, 0))
    whole.paste(below, (0, head.height + 4))
    return whole


def row(pictures: Sequence[Image.Image]) -> Image.Image:
    """Return pictures beside each other."""
    whole = blank(WIDTH - 2 * MARGIN, max(each.height for each in pictures))
    left = 0
    for each in pictures:
        whole.paste(each, (left, 0))
        left += each.width + 2 * GAP
    return whole


def stacked(parts: Sequence[Image.Image]) -> Image.Image:
    """Return pictures below each other, with a margin around all."""
    height = sum(each.height + GAP for each in parts) - GAP + 2 * MARGIN
    whole, top = blank(WIDTH, height), MARGIN
    for each in parts:
        whole.paste(each, (MARGIN, top))
        top += each.height + GAP
    return whole


def pixels_of(image: np.ndarray) -> Image.Image:
    """Return what the net sees, enlarged."""
    grey = Image.fromarray(255 - image).convert("RGB")
    large = grey.resize((28 * ZOOM, 28 * ZOOM), Image.Resampling.NEAREST)
    framed = blank(large.width + 2, large.height + 2)
    ImageDraw.Draw(framed).rectangle(
        (0, 0, framed.width - 1, framed.height - 1), outline=LIGHT.trough
    )
    framed.paste(large, (1, 1))
    return titled("What the net sees", framed)


def titled(text: str, below: Image.Image) -> Image.Image:
    """Return a picture with a short line above it, as wide as the wider of both."""
    wide = int(font().getlength(plain(text))) + 1
    whole = blank(max(wide, below.width), LINE + 4 + below.height)
    write(whole, (0, 0), text)
    whole.paste(below, (0, LINE + 4))
    return whole


def reasons(
    model: models.Sequential,
    x: np.ndarray,
    guesses: tuple[int, int],
    taken: DigitInput,
    why_first: str,
) -> list[Image.Image]:
    """Return the pictures of which pixels speak for the first guess, and what makes it the second."""
    titles = why_first, f"What would make it a {guesses[1]}?"
    pictures = []
    for towards_second, title in enumerate(titles):
        question = Question(bool(towards_second))
        values = why.attribution(model, x, guesses, question, taken)
        words = [text.partition(" here")[0] for text in question.meaning(*guesses)]
        pictures.append(titled(title, heat_map(values, *words, ZOOM, why.full_colour(values))))
    return pictures


def bars(shares: np.ndarray) -> Image.Image:
    """Return ten bars of probabilities."""
    width, height = 300, 22
    whole = blank(width + 90, 10 * height)
    draw = ImageDraw.Draw(whole)
    for digit, share in enumerate(shares.tolist()):
        top, end = digit * height, 20 + round(share * width)
        write(whole, (0, top + 2), str(digit))
        draw.rectangle((20, top + 2, 20 + width, top + height - 6), fill=LIGHT.button)
        colour = LIGHT.accent if share == shares.max() else LIGHT.other
        draw.rectangle((20, top + 2, max(20, end), top + height - 6), fill=colour)
        write(whole, (26 + width, top + 2), f"{share:.1%}")
    return titled("Probabilities", whole)


def columns(model: models.Sequential, values: list[np.ndarray]) -> Image.Image:
    """Return every layer's numbers, as the pane shows them, no map hidden as far as that goes."""
    infos = passes.layer_infos(model)
    return drawn(infos, places_of(infos), values)


def places_of(infos: Sequence[LayerInfo]) -> tuple[Column, ...]:
    """Return where the layers lie: as high as it takes for no map to be hidden, within reason."""
    titles = [
        max((font().getlength(plain(text)) for text in heads(info)), default=0) for info in infos
    ]
    height = LEAST
    while True:
        area = WIDTH - 2 * MARGIN, height
        places = layout.arrange(infos, [int(title) + 1 for title in titles], area, LENGTHS)
        if height >= MOST or not any(column.hidden for column in places):
            return places
        height = round(height * 1.15)


def heads(info: LayerInfo) -> tuple[str, str, str]:
    """Return the lines over a column; none over one that changes nothing."""
    return (
        ("", "", "") if info.same else (info.name[:24], "×".join(map(str, info.shape)), info.facts)
    )


def drawn(
    infos: Sequence[LayerInfo], placed: Sequence[Column], values: list[np.ndarray]
) -> Image.Image:
    """Draw columns, and what stands around them."""
    bottom = max(column.top + column.size[1] for column in placed if column.kind != layout.FOLDED)
    height = bottom + LENGTHS.foot + LINE
    whole = blank(layout.total(placed, LENGTHS.between), height)
    for info, column, numbers in zip(infos, placed, values, strict=True):
        if column.kind == layout.FOLDED:
            draw_folded(whole, column, f"{info.name}: {info.same}", bottom)
            continue
        for line, text in enumerate(heads(info)):
            fill = LIGHT.faint if line else LIGHT.text
            write(whole, (column.left, line * LINE), text, fill=fill)
        draw_tiles(whole, column, numbers)
    return whole


def draw_folded(whole: Image.Image, column: Column, text: str, bottom: int) -> None:
    """Draw the narrow column of a layer that changes nothing, its name from bottom to top."""
    strip = Image.new("RGB", (max(1, bottom), column.width), LIGHT.button)
    while font().getlength(plain(text)) > bottom - 8:
        text = text[:-1]
    write(strip, (bottom / 2, column.width / 2), text, fill=LIGHT.faint, anchor="mm")
    whole.paste(strip.rotate(90, expand=True), (column.left, 0))


def draw_tiles(whole: Image.Image, column: Column, values: np.ndarray) -> None:
    """Draw the tiles of a column with their legend."""
    scale = extent(values)
    left, below = column.left + column.inset, column.top + column.size[1] + 4
    whole.paste(Image.fromarray(picture(values, scale[1], column, PALETTE)), (left, column.top))
    strip = legend_strip(scale[0] < 0, (column.size[0], 5), PALETTE)
    whole.paste(Image.fromarray(strip), (left, below))
    low, high = legend(scale)
    narrow = f"{low} to {high}" if column.size[0] < NARROW else low
    write(whole, (left, below + 8), f"±{high}" if scale[0] < 0 else narrow, fill=LIGHT.faint)
    if scale[0] == 0 and column.size[0] >= NARROW:
        end = left + column.size[0], below + 8
        write(whole, end, high, fill=LIGHT.faint, anchor="ra")
    if column.kind == layout.BARS:
        for place, value in enumerate(values.tolist()):
            _, top, right, _ = column.tile_box(place)
            write(whole, (column.left, top), str(place))
            write(whole, (right + 4, top), brief(value))


def tiles(model: models.Sequential, info: KernelInfo) -> Image.Image:
    """Return the kernels of a layer as tiles, each filter's strongest input map, with their legend."""
    values, _ = kernels.tiles(kernels.kernel_of(model, info.layer), STRONGEST)
    column = kernels.grid(values.shape, (WIDTH - 2 * MARGIN, 150), 4)
    column = dataclasses.replace(column, rows=column.all_rows)
    scale = extent(values)
    width, height = column.size
    low, high = legend(scale)
    shown = ", of each its strongest input map" if info.shape[2] > 1 else ""
    text = f"{low} to {high}{shown}"
    needed = 128 + math.ceil(font().getlength(plain(text)))  # for the legend
    whole = blank(max(width, needed), height + LINE + 16)
    whole.paste(Image.fromarray(picture(values, scale[1], column, PALETTE)), (0, 0))
    whole.paste(Image.fromarray(legend_strip(scale[0] < 0, (120, 8), PALETTE)), (0, height + 10))
    write(whole, (128, height + 5), text, fill=LIGHT.faint)
    return whole
