"""What the window remembers from one day to the next: a small JSON file in the user's own folder."""

import contextlib
import dataclasses
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

from gui.recognition.top_guesses import SURE
from gui.widgets.controls import MOST, THICKEST, THINNEST
from tinycnn.utils.atomic import replacing
from tinycnn.utils.errors import FileError

LARGEST = 10_000  # bytes of a file that can be one of ours
LONGEST_SIDE = 100_000  # pixels of a window


@dataclasses.dataclass(frozen=True)
class Settings:
    """What a person chose.

    dark: whether the theme is dark.
    pen: diameter of the pen, as a share of the canvas's side.
    threshold: a guess below this probability is "not sure".
    folder: of the last file that was opened or saved; "": none yet.
    size: width and height of the window in pixels; None: as the screen has room.
    """

    dark: bool = False
    pen: float = 0.07
    threshold: float = SURE
    folder: str = ""
    size: tuple[int, int] | None = None


USUAL = Settings()


def settings_file() -> Path:
    """Return the settings' file: in $TINYCNN_HOME, else where the operating system keeps settings.

    That is ~/.config/tinycnn on Linux, ~/Library/Application Support/tinycnn on macOS and
    %LOCALAPPDATA%\\tinycnn\\tinycnn on Windows.
    """
    home = os.environ.get("TINYCNN_HOME", "")
    if home:
        return Path(os.path.expanduser(home)) / "window.json"
    import platformdirs

    return platformdirs.user_config_path("tinycnn") / "window.json"


def read(path: Path) -> Settings:
    """Return what a file remembers; the usual instead of whatever cannot be read or makes no sense."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # never open a pipe
            return USUAL
        with open(path, "rb") as file:
            found = json.loads(file.read(LARGEST))
    except (OSError, ValueError, RecursionError):
        return USUAL
    if not isinstance(found, dict):
        return USUAL
    known = {name: value for name, value in found.items() if _SENSE.get(name, _never)(value)}
    if known.get("size"):
        known["size"] = tuple(known["size"])
    return Settings(**known)


def write(path: Path, settings: Settings) -> None:
    """Remember settings, whole or not at all; where nothing can be written, nothing is remembered."""
    data = json.dumps(dataclasses.asdict(settings), indent=1).encode()
    with contextlib.suppress(OSError, FileError):
        os.makedirs(path.parent, exist_ok=True)
        with replacing(path) as file:
            file.write(data)


def _between(least: float, most: float) -> Callable[[object], bool]:
    return lambda value: type(value) in (int, float) and least <= value <= most


def _is_size(value: object) -> bool:
    side = _between(1, LONGEST_SIDE)
    pair = isinstance(value, list) and len(value) == 2
    return value is None or (pair and all(type(one) is int and side(one) for one in value))


def _never(value: object) -> bool:
    return False


_SENSE: dict[str, Callable[[object], bool]] = {
    "dark": lambda value: isinstance(value, bool),
    "pen": _between(THINNEST, THICKEST),
    "threshold": _between(0.0, MOST),
    "folder": lambda value: isinstance(value, str) and "\0" not in value,
    "size": _is_size,
}
