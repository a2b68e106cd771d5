"""Write the files of this folder with real Keras: `python make.py keras`, `python make.py tf_keras`.

`keras` is Keras 3 (any backend), `tf_keras` the Keras 2 that TensorFlow had. Beside each model lies a
.npz with a batch `x`, Keras's own predictions `predicted`, and its weights and optimizer variables in
the order in which Keras lists them. The stored ones were made with Keras 3.15.1 and tf_keras 2.21.0.
"""

import importlib
import sys
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent
ARCHIVES = FOLDER / "archives"


def make(keras, name, optimizer, loss):
    layers = keras.layers
    keras.utils.set_random_seed(5)
    keras.backend.clear_session()
    model = keras.Sequential(
        [
            layers.InputLayer((8, 8, 1)),
            layers.Conv2D(3, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.AveragePooling2D(2, padding="same"),
            layers.ReLU(),
            layers.Dropout(0.25, seed=3),
            layers.Flatten(),
            layers.Dense(4),
            layers.Activation("tanh"),
            layers.Dense(3),
            layers.Softmax(),
        ]
    )
    model.compile(optimizer, loss, metrics=["accuracy"])
    x = np.random.default_rng(0).random((20, 8, 8, 1), dtype=np.float32)
    model.fit(x, np.eye(3)[np.arange(20) % 3], epochs=2, batch_size=10, verbose=0)
    model.save(FOLDER / f"{name}.h5")
    variables = model.optimizer.variables
    variables = variables() if callable(variables) else variables
    np.savez(
        FOLDER / f"{name}.npz",
        x=x,
        predicted=model.predict(x, verbose=0),
        **{f"weight{place}": array for place, array in enumerate(model.get_weights())},
        **{f"state{place}": np.array(v.numpy()) for place, v in enumerate(variables)},
    )


def archives(keras, package):
    """Write .keras files and files of weights, each of a tiny model, with .npz files as above."""
    layers = keras.layers
    inner = [layers.Flatten(), layers.Dense(4, activation="relu"), layers.Dense(3)]
    kinds = {
        "flat": [*_first(layers), layers.Flatten(), layers.Dense(3, activation="softmax")],
        "nested": [*_first(layers), keras.Sequential(inner), layers.Softmax()],
    }
    x = np.random.default_rng(0).random((12, 6, 6, 1), dtype=np.float32)
    for kind, stack in kinds.items():
        _train_and_save(keras, f"{package}_{kind}", keras.Sequential(stack), x)
    image = output = layers.Input((6, 6, 1))
    chain = [*_first(layers)[1:], layers.Flatten(), layers.Dense(3, activation="softmax")]
    for layer in chain:
        output = layer(output)
    _train_and_save(keras, f"{package}_functional", keras.Model(image, output), x)


def _first(layers):
    """Return the first layers of each model, one with running means, one with chance."""
    convolution = layers.Conv2D(2, 3, name="first")
    return [
        layers.InputLayer((6, 6, 1)),
        convolution,
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Dropout(0.25, seed=3),
    ]


def _train_and_save(keras, name, model, x):
    model.compile(keras.optimizers.Adam(), "categorical_crossentropy", metrics=["accuracy"])
    y = np.eye(3, dtype=np.float32)[np.arange(len(x)) % 3]
    model.fit(x, y, epochs=2, batch_size=6, verbose=0)
    model.save(ARCHIVES / f"{name}.keras")
    if name.endswith("flat"):
        model.save_weights(ARCHIVES / f"{name}.weights.h5")
    if name == "keras2_flat":  # the older layout, which Keras 3 reads, but does not write
        model.save_weights(ARCHIVES / f"{name}.h5")
    predicted, evaluated = model.predict(x, verbose=0), model.evaluate(x, y, verbose=0)
    weights = {f"weight{place}": array for place, array in enumerate(model.get_weights())}
    dropout = next(layer for layer in model.layers if "Dropout" in type(layer).__name__)
    dropout.rate = 0.0  # chance is each one's own; one step from here, as Keras takes it
    model.compile(model.optimizer, "categorical_crossentropy", metrics=["accuracy"])
    model.train_on_batch(x, y)
    stepped = {f"stepped{place}": array for place, array in enumerate(model.get_weights())}
    np.savez(
        ARCHIVES / f"{name}.npz",
        x=x,
        predicted=predicted,
        evaluated=evaluated,
        **weights,
        **stepped,
    )


def main(package):
    keras = importlib.import_module(package)
    smoothed = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
    if package == "keras":
        make(keras, "keras3_adadelta", keras.optimizers.Adadelta(1.0), "categorical_crossentropy")
        make(keras, "keras3_sgd", keras.optimizers.SGD(0.1, momentum=0.9), smoothed)
        archives(keras, "keras3")
    else:
        legacy = keras.optimizers.legacy
        make(keras, "keras2_adam", keras.optimizers.Adam(), smoothed)
        make(keras, "keras2_old_adadelta", legacy.Adadelta(1.0), "categorical_crossentropy")
        archives(keras, "keras2")


if __name__ == "__main__":
    main(sys.argv[1])
