"""Models to be stored, as plain values: made without tinycnn.models, with layers of every kind."""

import numpy as np

from tinycnn.saving import SavedModel

GLOROT = {"class_name": "GlorotUniform", "config": {"seed": None}}
ZEROS = {"class_name": "Zeros", "config": {}}
ADADELTA = {
    "class_name": "Adadelta",
    "config": {"name": "adadelta", "learning_rate": 1.0, "rho": 0.95, "epsilon": 1e-7},
}
ADAM = {
    "class_name": "Adam",
    "config": {"learning_rate": 0.002, "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-7},
}
MOMENTUM = {
    "class_name": "SGD",
    "config": {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True},
}
SLOTS = {
    "Adadelta": ("accumulated_grad", "accumulated_delta_var"),
    "Adam": ("momentum", "velocity"),
    "SGD": ("momentum",),
}


def layer(class_name, name, **options):
    """Return a layer's plain form."""
    return {"class_name": class_name, "config": {"name": name, "dtype": "float32", **options}}


def affine(kernel=GLOROT, bias=ZEROS, activation="relu"):
    """Return the options that Conv2D and Dense share."""
    return {
        "activation": activation,
        "use_bias": True,
        "kernel_initializer": kernel,
        "bias_initializer": bias,
    }


def every_layer(name="sequential"):
    """Return the configuration of a model with layers of every kind, every activation and initializer."""
    he = {"class_name": "HeNormal", "config": {"seed": 7}}
    constant = {"class_name": "Constant", "config": {"value": 0.5}}
    ones = {"class_name": "Ones", "config": {}}
    convolution = {"filters": 3, "kernel_size": [3, 3], "strides": [1, 1], "padding": "same"}
    pooling = {"pool_size": [2, 2], "strides": [2, 2], "padding": "valid"}
    layers = [
        layer("InputLayer", "pixels", batch_shape=[None, 8, 8, 1]),
        layer("Conv2D", "conv2d", **convolution, **affine(he, constant)),
        layer("MaxPooling2D", "max_pooling2d", **pooling),
        layer("AveragePooling2D", "average_pooling2d", **pooling | {"padding": "same"}),
        layer("ReLU", "re_lu", max_value=None, negative_slope=0.0, threshold=0.0),
        layer("Dropout", "dropout", rate=0.25, seed=3),
        layer("Flatten", "flatten"),
        layer("Dense", "dense", units=4, **affine(activation="sigmoid")),
        layer("Activation", "activation", activation="tanh"),
        layer("Dense", "dense_1", units=3, **affine(bias=ones, activation="linear")),
        layer("Softmax", "softmax"),
    ]
    return {"name": name, "layers": layers}


SHAPES = [[(3, 3, 1, 3), (3,)], [], [], [], [], [], [(12, 4), (4,)], [], [(4, 3), (3,)], []]


def weights_of_every_layer(seed=1):
    """Return weights for `every_layer`, one list a layer."""
    rng = np.random.default_rng(seed)
    return [
        [rng.standard_normal(shape).astype(np.float32) for shape in shapes] for shapes in SHAPES
    ]


def state(optimizer, seed=2):
    """Return an optimizer's state for `every_layer`."""
    names = SLOTS[optimizer["class_name"]]
    slots = {
        name: [np.abs(array) for shapes in weights_of_every_layer(seed + place) for array in shapes]
        for place, name in enumerate(names)
    }
    return {"iterations": 12, "slots": slots}


def deep(names, optimizer=ADAM):
    """Return a trained model with a tiny Dense layer of each name."""
    inputs = layer("InputLayer", "pixels", batch_shape=[None, 2])
    layers = [inputs, *(layer("Dense", name, units=2, **affine()) for name in names)]
    rng = np.random.default_rng(3)
    weights = [[rng.random((2, 2), np.float32), rng.random(2, np.float32)] for _ in names]
    arrays = [array for pair in weights for array in pair]
    slots = {
        slot: [array + place for array in arrays]
        for place, slot in enumerate(SLOTS[optimizer["class_name"]])
    }
    config = {"name": "sequential", "layers": layers}
    return SavedModel(config, weights, training(optimizer), {"iterations": 5, "slots": slots})


def training(optimizer=ADADELTA, loss="categorical_crossentropy", metrics=("accuracy",)):
    """Return a plain training configuration."""
    return {"loss": loss, "metrics": list(metrics), "optimizer": optimizer}


def example(optimizer=ADADELTA, **told):
    """Return a compiled and trained model with every layer."""
    return SavedModel(
        every_layer(), weights_of_every_layer(), training(optimizer, **told), state(optimizer)
    )
