"""A convolutional network framework to read in an evening, with the public names of Keras.

Example:
    >>> import tinycnn
    >>> model = tinycnn.Sequential([tinycnn.layers.Dense(10, input_shape=(4,))])
    >>> model.count_params()
    50
"""

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

# Classes and functions that Keras has here, too, and the module that each is from; `version` is below.
_CLASSES = {
    "Initializer": "initializers",
    "Input": "layers",
    "Layer": "layers",
    "Loss": "losses",
    "Metric": "metrics",
    "Model": "models",
    "Optimizer": "optimizers",
    "Regularizer": "regularizers",
    "Sequential": "models",
    "load_model": "models",
}
# `backend` and `config` are where Keras has them, `augmentation`, `errors`, `figures` and `pictures` are
# former names: each is a file that stands for another module, so that `import tinycnn.errors` works as
# `from tinycnn import errors` does.
_MODULES = (
    *("activations", "augmentation", "backend", "callbacks", "config", "datasets", "distribution"),
    *("errors", "figures", "gradcheck", "initializers", "layers", "losses", "metrics", "models"),
    *(
        "ops",
        "optimizers",
        "pictures",
        "preprocessing",
        "pretrained",
        "regularizers",
        "saving",
        "utils",
    ),
)

__all__ = ["__version__", "version", *_CLASSES, *_MODULES]

# The same names once more, for what reads types without running this; tests/test_typing.py compares them.
if TYPE_CHECKING:
    from tinycnn import activations as activations
    from tinycnn import augmentation as augmentation
    from tinycnn import backend as backend
    from tinycnn import callbacks as callbacks
    from tinycnn import config as config
    from tinycnn import datasets as datasets
    from tinycnn import distribution as distribution
    from tinycnn import errors as errors
    from tinycnn import figures as figures
    from tinycnn import gradcheck as gradcheck
    from tinycnn import initializers as initializers
    from tinycnn import layers as layers
    from tinycnn import losses as losses
    from tinycnn import metrics as metrics
    from tinycnn import models as models
    from tinycnn import ops as ops
    from tinycnn import optimizers as optimizers
    from tinycnn import pictures as pictures
    from tinycnn import preprocessing as preprocessing
    from tinycnn import pretrained as pretrained
    from tinycnn import regularizers as regularizers
    from tinycnn import saving as saving
    from tinycnn import utils as utils
    from tinycnn.initializers import Initializer as Initializer
    from tinycnn.layers import Input as Input
    from tinycnn.layers import Layer as Layer
    from tinycnn.losses import Loss as Loss
    from tinycnn.metrics import Metric as Metric
    from tinycnn.models import Model as Model
    from tinycnn.models import Sequential as Sequential
    from tinycnn.models import load_model as load_model
    from tinycnn.optimizers import Optimizer as Optimizer
    from tinycnn.regularizers import Regularizer as Regularizer
else:

    def __getattr__(name: str) -> object:
        """Return `tinycnn.name`, importing the module at its first use, so that `import tinycnn` is fast.

        Python calls this for attributes that a module does not have.
        """
        if name in _MODULES:
            return importlib.import_module(f"{__name__}.{name}")
        if name in _CLASSES:
            return getattr(importlib.import_module(f"{__name__}.{_CLASSES[name]}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def version() -> str:
    """Return the version of this library, a text such as "0.1.0"."""
    return __version__


def __dir__() -> list[str]:
    return sorted(__all__)
