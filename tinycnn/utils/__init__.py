"""What all other folders may import: Keras's helpers by their Keras names, checks, files, output.

`set_random_seed` and `to_categorical` are imported from their modules when they are first used (`__getattr__`
below), because commands import `utils.cli` first, and that must not take as long as importing NumPy.
"""

import importlib
from typing import TYPE_CHECKING

# Names that can be imported from here, and the module in this folder that each is in.
_OF_OWN_CLASSES = (
    *("CustomObjectScope", "custom_object_scope", "get_custom_objects"),
    *("get_registered_name", "get_registered_object", "register_keras_serializable"),
)
_HELPERS = {
    "PyDataset": "py_dataset",
    "Sequence": "py_dataset",
    "clear_session": "backend",
    "next_rng": "rng",
    "normalize": "numerical",
    "set_random_seed": "rng",
    "to_categorical": "numerical",
    **dict.fromkeys(_OF_OWN_CLASSES, "registration"),
}

__all__ = [*_OF_OWN_CLASSES, "PyDataset", "Sequence", "clear_session", "normalize"]
__all__ += ["set_random_seed", "to_categorical"]

# The same names once more, for what reads types without running this; tests/test_typing.py compares them.
if TYPE_CHECKING:
    from tinycnn.utils import registration
    from tinycnn.utils.backend import clear_session as clear_session
    from tinycnn.utils.numerical import normalize as normalize
    from tinycnn.utils.numerical import to_categorical as to_categorical
    from tinycnn.utils.py_dataset import PyDataset as PyDataset
    from tinycnn.utils.py_dataset import Sequence as Sequence
    from tinycnn.utils.rng import next_rng as next_rng
    from tinycnn.utils.rng import set_random_seed as set_random_seed

    CustomObjectScope = registration.CustomObjectScope
    custom_object_scope = registration.custom_object_scope
    get_custom_objects = registration.get_custom_objects
    get_registered_name = registration.get_registered_name
    get_registered_object = registration.get_registered_object
    register_keras_serializable = registration.register_keras_serializable
else:

    def __getattr__(name: str) -> object:
        """Return a helper of `_HELPERS`; Python calls this for names that the module does not have yet."""
        if name not in _HELPERS:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{__name__}.{_HELPERS[name]}"), name)


def __dir__() -> list[str]:
    """Return the public names, for `dir(tinycnn.utils)`."""
    return sorted(__all__)
