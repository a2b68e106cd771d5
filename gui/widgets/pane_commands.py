"""The commands that open what lies beside or over the paper, and save a picture of it."""

from gui.widgets import file_dialogs


class PaneCommands:
    """The part of a window's commands that is about its panes."""

    def show_inside(self) -> None:
        """Show what every layer makes of the drawing, or put that away."""
        self.side.toggle("inside")

    def show_kernels(self) -> None:
        """Show the kernels and the digits that excite them, or put that away."""
        self.side.toggle("kernels")

    def show_why(self) -> None:
        """Show over the paper which pixels the guess hangs on, or put that away."""
        self.side.toggle_below("why")

    def show_learning(self) -> None:
        """Let a net learn beside the paper, or put that away."""
        self.side.toggle("learning")

    def save_view(self) -> None:
        """Ask for a name, and write a picture of the net's inside there."""
        items = self.drawing.items
        if not items:
            self.view.say("There is no view to save yet: draw a digit first.", wrong=True)
        elif path := self.dialogs.ask(file_dialogs.name_of_view):
            self.view.say("Drawing the view…")
            self.worker.submit("save_view", path, items, self.side.label)
