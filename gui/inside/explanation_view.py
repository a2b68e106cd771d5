"""How one number came about: its arithmetic in words, and small pictures with the numbers in them."""

import tkinter as tk
from collections.abc import Sequence

from gui.inside.colours import Palette, cell_text, largest, power_of, times_ten
from gui.inside.messages import Figure, Table, Told
from gui.widgets.canvas_items import CanvasItems
from gui.widgets.seen import Seen
from gui.widgets.theme import Look, Theme

CELL = 34  # pixels a side of a cell at most, on a screen of 96 dots an inch
LEAST_CELL = 22  # of one with its number in it
LETTERS = 0.4  # height of these numbers, as a share of the cell's
WORDS, MOST_WORDS = 300, 420  # width of the text, if there are pictures beside it
FIGURES = 400  # width that these take at most
HINT = (
    "Point at a number to see where it comes from; click to keep it. Then the arrow keys go on within"
    " its map, page up and down to other maps, Ctrl+Left and Ctrl+Right to other layers, and Escape"
    " lets go."
)


class ExplanationView(tk.Canvas):
    """Shows where one number comes from.

    Args:
        parent: where it lies.
        look: fonts and lengths.
    """

    def __init__(self, parent: tk.Misc, look: Look) -> None:
        super().__init__(parent, width=1, height=1, highlightthickness=0)
        self._look = look
        self._told: Told | None = None
        self._palette: Palette | None = None
        self._hint = HINT
        self._items, self._seen = CanvasItems(self), Seen()
        self._images: list[tuple[tk.PhotoImage, tk.PhotoImage]] = []  # as they are, and enlarged
        self._tiny = look.small.copy()
        self._line = look.small.metrics("linespace")
        self.bind("<Configure>", lambda event: self._draw())
        for sequence, lines in (("<Button-4>", -1), ("<Button-5>", 1)):
            self.bind(sequence, lambda event, lines=lines: self._scroll(lines))
        self.bind("<MouseWheel>", lambda event: self._scroll(-1 if event.delta > 0 else 1))

    def show(self, told: Told | None, palette: Palette, hint: str = HINT) -> None:
        """Show an explanation; None: a hint in its place."""
        self._told, self._palette, self._hint = told, palette, hint
        if self._seen.changes("number", told and (told.layer, told.position)):
            self.yview_moveto(0)
        self._draw()

    def colour(self, theme: Theme) -> None:
        """Take on the colours of a theme."""
        self.configure(background=theme.canvas)
        self._draw()

    @property
    def words(self) -> str:
        """All that is written, for who cannot see it."""
        texts = [item for item in self.find_all() if self.type(item) == "text"]
        return "\n".join(self.itemcget(item, "text") for item in texts)

    def _scroll(self, lines: int) -> None:
        self.yview_scroll(lines, "units")

    def _draw(self) -> None:
        self._items.begin()
        gap, width, told = self._look.pixels(8), self.winfo_width(), self._told
        if told is None:
            self._text(gap, gap, self._hint, width - 2 * gap, faint=True)
        else:
            self._draw_told(told, gap, width)
        self._items.end()
        self._let_scroll(gap, width)

    def _draw_told(self, told: Told, gap: int, width: int) -> None:
        pictures = bool(told.figures or told.tables)
        words = self._width_of_words(width - 3 * gap) if pictures else width - 2 * gap
        y = self._text(gap, gap // 2, told.head, words, strong=True)
        for line in told.lines:
            y = self._text(gap, y, line, words)
        left = gap + words + gap
        if told.figures:
            self._draw_figures(told.figures, left, width - gap - left)
        elif told.tables:
            self._draw_tables(told.tables, left, width - gap - left)

    def _let_scroll(self, gap: int, width: int) -> None:
        box = self.bbox("all") or (0, 0, 1, 1)
        region = 0, 0, width, max(box[3] + gap // 2, self.winfo_height())
        if self._seen.changes("region", region):
            self.configure(scrollregion=region, yscrollincrement=self._line)

    def _width_of_words(self, room: int) -> int:
        """Return how wide the text is that has pictures beside it."""
        least, most, figures = map(self._look.pixels, (WORDS, MOST_WORDS, FIGURES))
        return min(max(least, min(most, room - figures)), room * 11 // 20)

    def _text(self, x: int, y: int, text: str, width: int, **how: bool) -> int:
        """Write a line, wrapped; return where the next one begins."""
        theme = self._look.theme
        item = self._items.put(
            "text", (x, y), anchor="nw", text=text, width=max(1, width),
            font=self._look.strong if how.get("strong") else self._look.small,
            fill=theme.faint if how.get("faint") else theme.text,
        )  # fmt: skip
        return self.bbox(item)[3]

    def _draw_figures(self, rows: Sequence[Sequence[Figure]], left: int, width: int) -> None:
        """Draw rows of figures below each other, as many as there is room for."""
        gap, line = self._look.pixels(8), self._line
        joint = self._look.pixels(16)
        first = rows[0]
        across = sum(len(figure.cells[0]) for figure in first)
        room = width - joint * (len(first) - 1)
        high = max(len(figure.cells) for figure in first)
        height = max(1, self.winfo_height() - gap - line)
        cell = max(3, min(self._look.pixels(CELL), room // across, height // high))
        size = -min(self._look.pixels(12), round(LETTERS * cell))
        if self._seen.changes("size", size):  # every widget asks for its letters anew then
            self._tiny.configure(size=size)
        scales = [
            largest([figure.cells for figure in column]) for column in zip(*rows, strict=True)
        ]
        y, count = gap // 2, 0
        for row in rows:
            tall = line + cell * max(len(figure.cells) for figure in row)
            if y > gap // 2 and y + tall > self.winfo_height():
                break
            x = left
            for figure, most in zip(row, scales, strict=True):
                if figure.joint:
                    middle = y + line + (tall - line) // 2
                    self._items.put(
                        "text", (x + joint // 2, middle), text=figure.joint,
                        font=self._look.text, fill=self._look.theme.text,
                    )  # fmt: skip
                    x += joint
                title = self._draw_figure(figure, (x, y, cell), most, count)
                count += 1
                x += max(cell * len(figure.cells[0]), title + self._look.pixels(2))
            y += tall + gap // 2

    def _draw_figure(
        self, figure: Figure, place: tuple[int, int, int], most: float, count: int
    ) -> int:
        """Draw a grid as one picture, with its numbers if they fit into the cells; return its title's width.

        Args:
            figure: the grid.
            place: left, top, and pixels a cell.
            most: the number of the strongest colour.
            count: of the figures before this one.
        """
        (x, y, cell), small = place, self._look.small
        faint, put = self._look.theme.faint, self._items.put
        written = cell >= self._look.pixels(LEAST_CELL)
        power = power_of(most) if written else 0
        title = figure.title + times_ten(power)
        put("text", (x, y), anchor="nw", text=title, font=small, fill=faint)
        y += self._line
        shares = [[each / most for each in row] for row in figure.cells]
        put("image", (x, y), anchor="nw", image=self._enlarged(shares, cell, count))
        box = x, y, x + cell * len(shares[0]), y + cell * len(shares)
        put("rectangle", box, outline=faint, width=1)
        if written:
            for row, numbers in enumerate(figure.cells):
                for column, value in enumerate(numbers):
                    if value == value:
                        number = value / 10.0**power, shares[row][column]
                        self._number(x, y, (row, column, cell), number)
        if figure.mark is not None:
            row, column = figure.mark
            left, top = x + column * cell, y + row * cell
            box, width = (left, top, left + cell, top + cell), self._look.pixels(2)
            put("rectangle", box, outline=self._look.theme.text, width=width)
        return small.measure(title)

    def _enlarged(self, shares: list[list[float]], cell: int, count: int) -> tk.PhotoImage:
        """Return the picture of so many figures before, with these colours now."""
        if count == len(self._images):
            self._images.append((tk.PhotoImage(master=self), tk.PhotoImage(master=self)))
        tiny, image = self._images[count]
        pixels = bytes(part for row in shares for one in row for part in self._palette.shade(one))
        data = b"P6 %d %d 255\n" % (len(shares[0]), len(shares)) + pixels
        if self._seen.changes(f"figure {count}", (data, cell)):
            tiny.configure(data=data)
            image.tk.call(image, "copy", tiny, "-shrink", "-zoom", cell)
        return image

    def _number(self, x: int, y: int, place: tuple[int, int, int], number: tuple) -> None:
        """Write a number into its cell, in a colour that can be read on the cell's own."""
        row, column, cell = place
        value, share = number
        red, green, blue = self._palette.shade(share)
        bright = 0.299 * red + 0.587 * green + 0.114 * blue > 140
        self._items.put(
            "text", (x + (column + 0.5) * cell, y + (row + 0.5) * cell), text=cell_text(value),
            font=self._tiny, fill="#15181c" if bright else "#f4f6f8",
        )  # fmt: skip

    def _draw_tables(self, tables: Sequence[Table], left: int, width: int) -> None:
        """Write tables beside each other as far as there is room, the others below."""
        gap = self._look.pixels(8)
        x, top, below = left, gap // 2, gap // 2
        for table in tables:
            wide = max(map(self._look.small.measure, (table.title, *table.lines)))
            if x > left and x + wide > left + width:
                x, top = left, below
            y = self._text(x, top, table.title, wide, faint=True)
            for line in table.lines:
                y = self._text(x, y, line, wide)
            x, below = x + wide + 2 * gap, max(below, y)
