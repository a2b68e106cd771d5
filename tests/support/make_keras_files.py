"""Write the model files of `keras_files/kinds/` that show what Keras's users bring, with what Keras says of each.

    python -m tests.support.make_keras_files keras       # Keras 3, any backend
    python -m tests.support.make_keras_files tf_keras    # the Keras 2 that TensorFlow had

Each maker writes `<maker>_<kind>.h5` for the kinds of `KINDS` that it has, and `tf_keras` also the layout
of Keras 2.0 to 2.2, its own file rewritten by hand. Beside each lies a .npz: samples `x` and labels `y`, the
maker's predictions, `names` and `values` of its evaluation, its weights `before`, and `after` one more
`train_on_batch(x, y)`, in the order of the file's layers. Those stored were made with Keras 3.15.1 and
tf_keras 2.21.0.
"""

import importlib
import json
import sys
from pathlib import Path

import h5py
import numpy as np

FOLDER = Path(__file__).parent / "keras_files" / "kinds"
CLASSES, SAMPLES = 3, 6


def data(shape):
    """Return samples of this shape, and the number of the class of each."""
    rng = np.random.default_rng(3)
    return rng.random((SAMPLES, *shape), dtype=np.float32), np.arange(SAMPLES) % CLASSES


class Kind:
    """Functions of a Keras that return a model that is not compiled, by kind."""

    def dense(self, k):
        return k.Sequential([k.Input((4,)), k.layers.Dense(3), *self.end(k)])

    def end(self, k):
        return [k.layers.Dense(CLASSES, activation="softmax")]

    def fixed_batch(self, k):
        start = k.layers.Input(batch_size=SAMPLES, shape=(4,))
        return k.Sequential([start, k.layers.Dense(3, activation="relu"), *self.end(k)])

    def shape_again(self, k):
        layers = [k.layers.Dense(3, activation="tanh", input_shape=(4,))]
        return k.Sequential([*layers, k.layers.Dense(5, input_shape=(3,)), *self.end(k)])

    def chain(self, k):
        x = inputs = k.Input((6, 6, 1))
        for layer in (
            k.layers.Conv2D(2, 3, activation="relu"),
            k.layers.MaxPooling2D(),
            k.layers.Flatten(),
            *self.end(k),
        ):
            x = layer(x)
        return k.Model(inputs, x, name="chain")

    def inner(self, k):
        """A model with running means between its weights, and a frozen layer."""
        layers = [k.layers.Dense(4, name="hidden"), k.layers.BatchNormalization(name="norm")]
        layers += [k.layers.Dense(3, name="frozen", trainable=False), k.layers.ReLU()]
        return k.Sequential([k.Input((5,)), *layers], name="inner")

    def nested(self, k):
        layers = [k.layers.Dense(5), self.inner(k), k.layers.Dense(4)]
        return k.Sequential([k.Input((4,)), *layers, *self.end(k)], name="outer")

    def chain_in_sequential(self, k):
        return k.Sequential([self.chain(k), k.layers.Dense(4), *self.end(k)])

    def sequential_in_chain(self, k):
        inputs = k.Input((4,))
        x = self.inner(k)(k.layers.Dense(5)(inputs))
        return k.Model(inputs, k.layers.Dense(CLASSES, activation="softmax")(x))

    def frozen_inner(self, k):
        model = self.nested(k)
        model.layers[1].trainable = False
        return model

    def reshape(self, k):
        layers = [k.layers.Reshape((4, 4, 1)), k.layers.ZeroPadding2D(), k.layers.Conv2D(2, 3)]
        layers += [k.layers.BatchNormalization(axis=3, momentum=0.9), k.layers.LeakyReLU()]
        layers += [k.layers.GlobalAveragePooling2D(), *self.end(k)]
        return k.Sequential([k.Input((16,)), *layers])

    def built_by_data(self, k):
        model = k.Sequential([k.layers.Dense(3, activation="sigmoid"), *self.end(k)])
        model(np.zeros((SAMPLES, 4), np.float32))
        return model

    def varied(self, k):
        layers = [k.layers.Rescaling(0.5, offset=-0.25), k.layers.RandomFlip("horizontal")]
        layers += [k.layers.RandomRotation(0.1), k.layers.RandomZoom(0.1)]
        layers += [k.layers.RandomTranslation(0.1, 0.1), k.layers.RandomContrast(0.1)]
        layers += [k.layers.Flatten(), *self.end(k)]
        return k.Sequential([k.Input((4, 4, 1)), *layers])

    def noisy(self, k):
        layers = [k.layers.GaussianNoise(0.1), k.layers.Conv2D(2, 3)]
        layers += [k.layers.SpatialDropout2D(0.2), k.layers.GaussianDropout(0.1)]
        layers += [k.layers.ActivityRegularization(l2=0.1), k.layers.Flatten()]
        return k.Sequential([k.Input((4, 4, 1)), *layers, *self.end(k)])

    def options(self, k):
        """Initializers of every sort, constraints that hold anyway, bytes as input."""
        layers = [
            k.layers.Dense(
                4, kernel_initializer="orthogonal", kernel_constraint=k.constraints.MaxNorm(99)
            ),
            k.layers.Dense(4, kernel_initializer=k.initializers.RandomNormal(stddev=0.5)),
            k.layers.Dense(4, bias_initializer=k.initializers.Constant(0.5), activation="swish"),
            k.layers.Dense(4, kernel_initializer="lecun_uniform", bias_constraint="max_norm"),
        ]
        return k.Sequential([k.Input((4,), dtype="uint8"), *layers, *self.end(k)])

    def regularized(self, k):
        layer = k.layers.Dense(
            3, kernel_regularizer=k.regularizers.L2(0.01), bias_regularizer=k.regularizers.L1(0.1)
        )
        last = k.layers.Dense(CLASSES, kernel_regularizer=k.regularizers.L1L2(0.01, 0.02))
        return k.Sequential([k.Input((4,)), layer, last, k.layers.Softmax()])

    def own(self, k):
        """A layer of a user's own class, registered as mine>Doubling."""

        @k.utils.register_keras_serializable("mine")
        class Doubling(k.layers.Layer):
            def __init__(self, factor=2.0, **options):
                super().__init__(**options)
                self.factor = factor

            def build(self, shape):
                self.gamma = self.add_weight(name="gamma", shape=shape[-1:], initializer="ones")

            def call(self, x):
                return x * self.gamma * self.factor

            def get_config(self):
                return {**super().get_config(), "factor": self.factor}

        return k.Sequential([k.Input((4,)), k.layers.Dense(3), Doubling(2.5), *self.end(k)])


def by_steps(k):
    return {"optimizer": k.optimizers.SGD(0.1), "loss": "categorical_crossentropy"}


def by_momentum(k):
    """An optimizer with an array for each weight, in the order of the layers."""
    optimizer = k.optimizers.SGD(0.05, momentum=0.9)
    return {"optimizer": optimizer, "loss": "categorical_crossentropy"}


def by_adam(k):
    return {"optimizer": k.optimizers.Adam(0.01), "loss": "categorical_crossentropy"}


def sparse_by_class(k):
    """The loss and the metric as objects, the metric under a name of its own."""
    metric = k.metrics.SparseCategoricalAccuracy(name="accuracy")
    loss = k.losses.SparseCategoricalCrossentropy()
    return {"optimizer": k.optimizers.SGD(0.1), "loss": loss, "metrics": [metric]}


def of_squares(k):
    return {"optimizer": k.optimizers.SGD(0.1), "loss": "mse", "metrics": ["mae", "accuracy"]}


def by_rmsprop(k):
    return {"optimizer": k.optimizers.RMSprop(0.01), "loss": "categorical_crossentropy"}


COMPILED = {
    "nested": by_momentum,
    "old": by_adam,
    "loss_by_class": sparse_by_class,
    "mse": of_squares,
    "rmsprop": by_rmsprop,
}
SHAPES = {"chain": (6, 6, 1), "chain_in_sequential": (6, 6, 1), "reshape": (16,)}
SHAPES |= {"varied": (4, 4, 1), "noisy": (4, 4, 1)}
ONLY = {"shape_again": "tf_keras"}  # Keras 3 does not keep it
KINDS = [*[name for name in vars(Kind) if name[0] != "_" and name not in ("end", "inner", "dense")]]
KINDS += ["loss_by_class", "mse", "rmsprop"]


def make(k, maker, kind):
    """Write the file of one kind, and what its maker says of it."""
    k.backend.clear_session()
    k.utils.set_random_seed(5)
    model = getattr(Kind(), kind, Kind().dense)(k)
    model.compile(**{"metrics": ["accuracy"]} | COMPILED.get(kind, by_steps)(k))
    x, y = data(SHAPES.get(kind, (4,)))
    x = np.floor(x * 4) if kind == "options" else x
    y = y if kind == "loss_by_class" else np.eye(CLASSES, dtype=np.float32)[y]
    for _ in range(2):
        model.train_on_batch(x, y)
    path = FOLDER / f"{maker}_{kind}.h5"
    model.save(path)
    write_facts(k, path, model, x, y)
    return path


def write_facts(k, path, model, x, y):
    """Write the .npz beside a file: see the top of this module."""
    predicted = model.predict(x, batch_size=len(x), verbose=0)
    values = model.evaluate(x, y, batch_size=len(x), verbose=0, return_dict=True)
    before = weights_of(model)
    model.train_on_batch(x, y)
    np.savez(
        path.with_suffix(".npz"),
        **{"x": x, "y": y, "predicted": predicted},
        **{"names": np.array(list(values)), "values": np.array(list(values.values()))},
        **{f"before{place}": array for place, array in enumerate(before)},
        **{f"after{place}": array for place, array in enumerate(weights_of(model))},
    )


def weights_of(model):
    """Return the weights layer by layer, each layer's own order kept, those of models within among them."""
    arrays = []
    for layer in model.layers:
        is_random = "eed" in "".join(weight.name for weight in layer.weights)
        arrays += (
            weights_of(layer)
            if hasattr(layer, "layers")
            else []
            if is_random
            else layer.get_weights()
        )
    return arrays


def rewrite_as_keras_2_0(path, old):
    """Make of a tf_keras file with Adam one as Keras 2.0 to 2.2 wrote it.

    Its configuration is a list of layers, without an InputLayer; weights are counted from 1; the optimizer's
    arrays have names that say nothing: all of a slot together, first the number of steps.
    """
    with h5py.File(path) as file, h5py.File(old, "w") as target:
        target.attrs.update({"keras_version": b"2.1.3", "backend": b"tensorflow"})
        layers = json.loads(file.attrs["model_config"])["config"]["layers"]
        layers[1]["config"]["batch_input_shape"] = layers[0]["config"]["batch_input_shape"]
        for layer in layers[1:]:
            for unknown in ("module", "registered_name", "build_config"):
                layer.pop(unknown, None)
            scaling = {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform", "seed": None}
            described = {"class_name": "VarianceScaling", "config": scaling}
            layer["config"]["kernel_initializer"] = described
        target.attrs["model_config"] = json.dumps(
            {"class_name": "Sequential", "config": layers[1:]}
        ).encode()
        adam = {"lr": 0.01, "beta_1": 0.9, "beta_2": 0.999, "decay": 0.0, "epsilon": 1e-07}
        training = {"optimizer_config": {"class_name": "Adam", "config": adam | {"amsgrad": False}}}
        training |= {"loss": "categorical_crossentropy", "metrics": ["accuracy"]}
        training |= {"sample_weight_mode": None, "loss_weights": None}
        target.attrs["training_config"] = json.dumps(training).encode()
        file.copy("model_weights", target)
        target["model_weights"].attrs.pop("keras_version", None)
        optimizer = file["optimizer_weights"]
        names = [str(name) for name in optimizer.attrs["weight_names"]]
        arrays = [name for name in names if "iteration" not in name and "learning_rate" not in name]
        order = [name for name in names if "iteration" in name]
        order += [n for n in arrays if "/m/" in n] + [n for n in arrays if "/v/" in n]
        group = target.create_group("optimizer_weights")
        new = ["Adam/iterations:0"]
        new += [f"training/Adam/Variable{'_' * bool(n)}{n or ''}:0" for n in range(len(order) - 1)]
        group.attrs["weight_names"] = [name.encode() for name in new]
        for name, source in zip(new, order, strict=True):
            group[name] = optimizer[source][()]


def main(maker, *kinds):
    """Write the files of one maker, of these kinds or of all."""
    k = importlib.import_module(maker)
    for kind in kinds or KINDS:
        if ONLY.get(kind, maker) == maker:
            print(make(k, maker, kind))
    if maker == "tf_keras" and not kinds:
        path = FOLDER / "tf_keras_old.h5"
        make(k, maker, "old")
        rewrite_as_keras_2_0(path, FOLDER / "keras2_0_adam.h5")
        path.unlink()
        path.with_suffix(".npz").rename(FOLDER / "keras2_0_adam.npz")


if __name__ == "__main__":
    main(*sys.argv[1:])
