"""The colours of the window, light and dark, as plain values."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Theme:
    """Colours as Tk writes them."""

    window: str
    canvas: str
    line: str
    text: str
    faint: str
    button: str
    trough: str
    accent: str
    other: str
    error: str


LIGHT = Theme(
    window="#eef0f3",
    canvas="#ffffff",
    line="#15181c",
    text="#15181c",
    faint="#5c6670",
    button="#dfe3e8",
    trough="#d5dae0",
    accent="#1f5fd0",
    other="#8fa3bd",
    error="#b3261e",
)
DARK = Theme(
    window="#1d2025",
    canvas="#0e1013",
    line="#f4f6f8",
    text="#e9ecef",
    faint="#a3abb4",
    button="#31363e",
    trough="#343a43",
    accent="#79aefc",
    other="#566c8c",
    error="#ff9088",
)
