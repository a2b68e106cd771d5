"""What is drawn anew with the items that are there looks as if nothing had been there."""

import random

import pytest

from gui.widgets.canvas_items import CanvasItems
from gui.widgets.seen import Seen


class Canvas:
    """Keeps items as Tk's canvas does, and counts its calls."""

    def __init__(self):
        self.items, self.calls, self.last = {}, 0, 0

    def _create(self, kind, place, options):
        self.calls, self.last = self.calls + 1, self.last + 1
        self.items[self.last] = [kind, place, options]
        return self.last

    def create_text(self, *place, **options):
        return self._create("text", place, options)

    def create_rectangle(self, *place, **options):
        return self._create("rectangle", place, options)

    def coords(self, item, *place):
        self.calls += 1
        self.items[item][1] = place

    def itemconfigure(self, item, **options):
        self.calls += 1
        self.items[item][2] = {**self.items[item][2], **options}

    def delete(self, *items):
        self.calls += 1
        for item in items:
            del self.items[item]


def drawn(items, drawing):
    items.begin()
    for kind, place, options in drawing:
        items.put(kind, place, **options)
    items.end()


def random_drawing(chance):
    drawing = []
    for _ in range(chance.randrange(8)):
        place = chance.randrange(3), chance.randrange(3)
        if chance.random() < 0.6:
            drawing.append(("text", place, {"text": chance.choice("ab")}))
        else:
            options = {"width": 1} if chance.random() < 0.5 else {"width": 2, "outline": "red"}
            drawing.append(("rectangle", (*place, 9, 9), options))
    return drawing


@pytest.mark.parametrize("seed", range(20))
def test_after_any_drawings_the_items_are_those_of_the_last_in_its_order(seed):
    chance, canvas = random.Random(seed), Canvas()
    items = CanvasItems(canvas)
    for _ in range(30):
        drawing = random_drawing(chance)
        drawn(items, drawing)
        assert [tuple(canvas.items[item]) for item in sorted(canvas.items)] == drawing


def test_the_same_drawing_again_costs_no_call():
    canvas = Canvas()
    items = CanvasItems(canvas)
    drawing = [("text", (0, 0), {"text": "a"}), ("rectangle", (0, 0, 9, 9), {"width": 1})]
    drawn(items, drawing)
    before = canvas.calls
    drawn(items, drawing)
    assert canvas.calls == before
    drawn(items, [("text", (0, 0), {"text": "b"}), drawing[1]])
    assert canvas.calls == before + 1


def test_what_was_forgotten_changes_again():
    seen = Seen()
    assert seen.changes("a", None)
    assert not seen.changes("a", None)
    seen.forget()
    assert seen.changes("a", None)
