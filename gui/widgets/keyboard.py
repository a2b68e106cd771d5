"""The keys of the window, each bound to what it asks for; and how they reach one of several buttons."""

import tkinter as tk
from collections.abc import Callable
from functools import partial
from tkinter import ttk

from gui.widgets.commands import COMMANDS, modifiers, sequences


def listen(root: tk.Tk, window: object, system: str) -> None:
    """Let every key of every command call the method of the command's name.

    Args:
        root: the Tk window.
        window: has a method for every command.
        system: as `tk windowingsystem` tells it.
    """
    mac = system == "aqua"
    if mac:  # the Quit of its menu would end the program without asking
        root.createcommand("tk::mac::Quit", window.close)
    for command in COMMANDS:
        for key in command.keys:
            held = 0 if "-" in key else modifiers(system)
            for sequence in sequences(key, mac=mac):
                root.bind(sequence, partial(_press, getattr(window, command.name), held))


def _press(action: Callable[[], None], held: int, event: tk.Event) -> None:
    """Do what a key asks for; to Tk a "c" is a "c" with Ctrl, too, which means something else."""
    if not int(event.state) & held:
        action()


def make_one_stop(choices: dict[str, ttk.Radiobutton], variable: tk.Variable) -> None:
    """Let Tab stop once at buttons of which one is pressed; from there arrows lead to the others.

    Args:
        choices: beside each other, each by its value.
        variable: takes on the value.
    """

    def stop(*_: str) -> None:
        for value, choice in choices.items():
            choice.configure(takefocus=int(value == variable.get()))

    for choice in choices.values():
        for key, step in (("Left", -1), ("Right", 1)):  # Tk has Up and Down
            way = partial(choice.tk.call, "ttk::button::RadioTraverse", choice, step)
            choice.bind(f"<{key}>", lambda event, way=way: way())
    variable.trace_add("write", stop)
    stop()
