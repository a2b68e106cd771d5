"""What all other folders may import: Keras's helpers by their Keras names, checks, files, output.

`set_random_seed` and `to_categorical` are imported from their modules when they are first used (`__getattr__`
below), because commands import `utils.cli` first, and that must not take as long as importing NumPy.
"""

import importlib

# Names that can be imported from here, and the module in this folder that each is in.
_HELPERS = {"next_rng": "rng", "set_random_seed": "rng", "to_categorical": "numerical"}
_OF_OWN_CLASSES = (
    *("CustomObjectScope", "custom_object_scope", "get_custom_objects"),
    *("get_registered_name", "get_registered_object", "register_keras_serializable"),
)
_HELPERS |= dict.fromkeys(("PyDataset", "Sequence"), "py_dataset")
_HELPERS |= dict.fromkeys(_OF_OWN_CLASSES, "registration")

__all__ = [*_OF_OWN_CLASSES, "PyDataset", "Sequence", "set_random_seed", "to_categorical"]


def __getattr__(name: str) -> object:
    """Return a helper of `_HELPERS`; Python calls this for names that the module does not have yet."""
    if name not in _HELPERS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HELPERS[name]}"), name)


def __dir__() -> list[str]:
    """Return the public names, for `dir(tinycnn.utils)`."""
    return sorted(__all__)
