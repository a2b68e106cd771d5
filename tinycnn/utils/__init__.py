"""What every room may use: Keras's helpers by their Keras names, and a file each for checks and output.

A command imports `cli` from here before anything heavy, so the helpers come when they are first named.
"""

import importlib

_HELPERS = {"next_rng": "rng", "set_random_seed": "rng", "to_categorical": "numerical"}

__all__ = ["set_random_seed", "to_categorical"]


def __getattr__(name: str) -> object:
    if name not in _HELPERS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HELPERS[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
