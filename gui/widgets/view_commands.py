"""The commands that change what is shown, and nothing of the drawing."""

from gui.widgets.controls import LEAST, MOST, THICKEST, THINNEST
from gui.widgets.side import Side
from gui.widgets.theme import DARK, LIGHT
from gui.widgets.view import View


class ViewCommands:
    """Has a method for every command about tool, pen, threshold, colours, panes and the list of keys."""

    view: View
    side: Side

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

    def change_theme(self) -> None:
        """Change between light and dark."""
        self.view.paint(LIGHT if self.view.look.theme is DARK else DARK)
        self.side.colour(self.view.look.theme)

    def show_keys(self) -> None:
        """Show all keys, or put the list away."""
        self.view.keys.toggle(self.view.look.theme)
