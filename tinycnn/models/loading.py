"""`load_model`: make a model from a file."""

import os
from collections.abc import Mapping

import numpy as np

from tinycnn import saving
from tinycnn.layers import Layer, layers_from_config
from tinycnn.models.files import check_not_negative, compile_as, specs_of
from tinycnn.models.sequential import Sequential
from tinycnn.utils.errors import ModelFileError
from tinycnn.utils.registration import custom_object_scope
from tinycnn.utils.validation import check_supported


def load_model(
    filepath: str | os.PathLike,
    custom_objects: Mapping[str, object] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Sequential:
    """Read a whole model that `save`, or Keras, wrote.

    Nothing in the file can run code: it is data, read by one validating reader.

    Args:
        filepath: a .keras or HDF5 file, whatever its name.
        custom_objects: what names in the file mean that this library does not have: {name: class, activation
            or function of metrics}. What is registered (`register_keras_serializable`) need not be given.
        compile: restore loss, metrics and optimizer, too.
        safe_mode: only True.

    Raises:
        ModelFileError: if the file is no such model, with the cause.
        TypeError: if custom_objects is no such dict.
    """
    check_supported("load_model", {"safe_mode": safe_mode}, {"safe_mode": True})
    with custom_object_scope(custom_objects):
        return _load_model(saving.file_name(filepath), compile)


def _load_model(filepath: str, compile: bool) -> Sequential:
    """Read a model as `load_model` does, with the names of the present scope."""
    layers: list[Layer] = []

    def weight_specs(config: dict) -> saving.Specs:
        # read_model calls this with the file's configuration, to learn which arrays to read. The layers
        # made on the way are the model's.
        layers.extend(layers_from_config(config))
        return specs_of(layers)

    saved = saving.read_model(filepath, weight_specs, with_training=compile)
    try:
        # The weights that are drawn here are replaced at once.
        model = Sequential._of(layers, saved.config["name"], np.random.default_rng(0))
        model.set_weights([array for layer in saved.weights for array in layer])
    except (ValueError, TypeError) as error:
        raise ModelFileError(filepath, f"its configuration makes no model ({error})") from error
    check_not_negative(filepath, layers)
    if saved.training_config is not None:
        try:
            compile_as(model, saved.training_config)
        except (ValueError, TypeError) as error:
            cause = f"its training configuration is no good ({error})"
            remedy = "Load it with compile=False, and compile it."
            raise ModelFileError(filepath, cause, remedy) from error
        if saved.optimizer_state is not None:
            model.optimizer.iterations = saved.optimizer_state["iterations"]
            model.optimizer.slots = saved.optimizer_state["slots"]
            model.optimizer.params = model.trainable_weights
    return model
