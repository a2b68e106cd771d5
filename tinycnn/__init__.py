"""A convolutional network framework to read in an evening, with the public names of Keras.

Example:
    >>> import tinycnn
    >>> model = tinycnn.Sequential([tinycnn.layers.Dense(10, input_shape=(4,))])
    >>> model.count_params()
    50
"""

import importlib

__version__ = "0.1.0"

_MODULES = (
    "activations",
    "callbacks",
    "datasets",
    "gradcheck",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "preprocessing",
    "pretrained",
    "regularizers",
    "saving",
    "utils",
)
# `backend` is where Keras has it, the others are former names: each is a file that stands for another module,
# so that `import tinycnn.errors` works as `from tinycnn import errors` does.
_BY_ANOTHER_NAME = ("augmentation", "backend", "errors", "figures", "pictures")
_FROM_MODELS = ("Sequential", "load_model")

__all__ = ["Sequential", "__version__", "load_model", *_MODULES, *_BY_ANOTHER_NAME]


def __getattr__(name: str) -> object:
    """Return `tinycnn.name`, importing the module at its first use, so that `import tinycnn` is fast.

    Python calls this for attributes that a module does not have.
    """
    if name in _MODULES or name in _BY_ANOTHER_NAME:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _FROM_MODELS:
        return getattr(importlib.import_module(f"{__name__}.models"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
