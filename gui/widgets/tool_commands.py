"""The commands that set a tool, its width or the threshold: what the sliders and choices do, by key."""

from gui.widgets.controls import LEAST, MOST, THICKEST, THINNEST
from gui.widgets.view import View


class ToolCommands:
    """The part of a window's commands that only sets values of its view."""

    view: View

    def take_pen(self) -> None:
        """Draw with the left mouse button."""
        self.view.tool.set("take_pen")

    def take_eraser(self) -> None:
        """Erase with the left mouse button."""
        self.view.tool.set("take_eraser")

    def thinner(self) -> None:
        """Make the pen thinner."""
        self.view.pen.set(max(THINNEST, self.view.pen.get() / 1.2))

    def thicker(self) -> None:
        """Make the pen thicker."""
        self.view.pen.set(min(THICKEST, self.view.pen.get() * 1.2))

    def lower_threshold(self) -> None:
        """Call a guess sure sooner."""
        self.view.threshold.set(max(LEAST, self.view.threshold.get() - 0.05))

    def raise_threshold(self) -> None:
        """Call a guess sure later."""
        self.view.threshold.set(min(MOST, self.view.threshold.get() + 0.05))
