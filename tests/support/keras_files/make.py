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


def main(package):
    keras = importlib.import_module(package)
    smoothed = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
    if package == "keras":
        make(keras, "keras3_adadelta", keras.optimizers.Adadelta(1.0), "categorical_crossentropy")
        make(keras, "keras3_sgd", keras.optimizers.SGD(0.1, momentum=0.9), smoothed)
    else:
        legacy = keras.optimizers.legacy
        make(keras, "keras2_adam", keras.optimizers.Adam(), smoothed)
        make(keras, "keras2_old_adadelta", legacy.Adadelta(1.0), "categorical_crossentropy")


if __name__ == "__main__":
    main(sys.argv[1])
