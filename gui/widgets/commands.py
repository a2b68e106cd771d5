"""Everything that the window can be told to do: its name, its keys, and what it is for."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Command:
    """One thing to do.

    name: of the window's method that does it.
    label: on its button.
    tip: one line that says what it does.
    keys: as Tk writes them, without angle brackets; "Mod" is Control, or Command on a Mac.
    """

    name: str
    label: str
    tip: str
    keys: tuple[str, ...]


COMMANDS = (
    Command("open_picture", "Open picture…", "Open a picture of one digit, to be read", ("Mod-o",)),
    Command("save_drawing", "Save picture…", "Save the drawing as a PNG picture", ("Mod-s",)),
    Command(
        "open_model", "Open model…", "Read with another model, Keras's .h5 files too", ("Mod-m",)
    ),
    Command(
        "use_bundled_model", "Bundled model", "Read with the model that comes along", ("Mod-b",)
    ),
    Command(
        "use_other_model",
        "Other model",
        "Change between your own model and the bundled one",
        ("m",),
    ),
    Command("paste", "Paste", "Read the picture on the clipboard", ("Mod-v",)),
    Command("take_test_digit", "Test digit", "Show a random digit of MNIST's test set", ("r",)),
    Command("change_theme", "Dark", "Change between light and dark", ("t",)),
    Command("show_keys", "Keys", "Show all keys", ("F1",)),
    Command("take_pen", "Pen", "Draw with the left mouse button", ("p",)),
    Command("take_eraser", "Eraser", "Rub out; the right mouse button always does", ("e",)),
    Command("thinner", "Thinner", "Make the pen thinner", ("bracketleft", "minus")),
    Command("thicker", "Thicker", "Make the pen thicker", ("bracketright", "plus")),
    Command("undo", "Undo", "Take the last step back", ("Mod-z", "u")),
    Command("redo", "Redo", "Take the undone step again", ("Mod-y", "Mod-Shift-z")),
    Command("clear", "Clear", "Empty the paper", ("Delete", "c")),
    Command("lower_threshold", "Lower threshold", "Call a guess sure sooner", ("comma",)),
    Command("raise_threshold", "Higher threshold", "Call a guess sure later", ("period",)),
    Command("show_inside", "Inside", "See what every layer makes of the drawing", ("i",)),
    Command("show_kernels", "Kernels", "See the kernels, and the digits that excite them", ("k",)),
    Command("show_why", "Why?", "See which pixels the guess hangs on", ("w",)),
    Command(
        "save_view", "Save view…", "Save a picture of the net's inside as PNG", ("Mod-Shift-s",)
    ),
    Command("show_learning", "Learn", "Let a net learn before your eyes", ("l",)),
    Command("close", "Quit", "Close the window", ("Mod-q",)),
)
BY_NAME = {command.name: command for command in COMMANDS}

_NAMES = {"bracketleft": "[", "bracketright": "]", "minus": "-", "plus": "+"}
_NAMES |= {"comma": "Comma", "period": "Full stop"}


def sequences(key: str, *, mac: bool) -> list[str]:
    """Return what Tk must listen to for a key; letters count with Caps Lock, too.

    Example:
        >>> sequences("Mod-z", mac=False)
        ['<Control-z>', '<Control-Z>']
    """
    *modifiers, last = key.replace("Mod", "Command" if mac else "Control").split("-")
    both = [last, last.upper()] if len(last) == 1 else [last]
    return [f"<{'-'.join([*modifiers, one])}>" if modifiers else f"<Key-{one}>" for one in both]


def modifiers(system: str) -> int:
    """Return the bits of an event's state that Control, Alt and Command set.

    Args:
        system: as `tk windowingsystem` tells it: "x11", "win32" or "aqua".

    Example:
        >>> shift, control = 1, 4
        >>> shift & modifiers("x11"), control & modifiers("x11")
        (0, 4)
    """
    others = {"x11": 0x8, "win32": 0x20000, "aqua": 0x8 | 0x10}  # 0x8 is Num Lock on Windows
    return 0x4 | others[system]


def spelled(key: str, *, mac: bool) -> str:
    """Write a key as people read it.

    Example:
        >>> spelled("Mod-Shift-z", mac=False), spelled("bracketleft", mac=False)
        ('Ctrl+Shift+Z', '[')
    """
    parts = key.replace("Mod", "⌘" if mac else "Ctrl").split("-")
    last = _NAMES.get(parts[-1], parts[-1])
    parts[-1] = last.upper() if len(last) == 1 else last
    return "+".join(parts)


def keys_of(command: Command, *, mac: bool) -> str:
    """Write the keys of a command as people read them, commonest first."""
    return " or ".join(spelled(key, mac=mac) for key in command.keys)
