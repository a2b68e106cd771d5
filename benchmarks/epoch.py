"""One epoch of the classic net, tinycnn and Keras (TensorFlow) in turns: `python -m benchmarks.epoch`.

Both start from the same weights, and must predict the same before anything is timed. What counts is the
ratio: machines differ, and so does one machine from minute to minute.
"""

import argparse
import importlib
import os
import statistics
import sys
import time

import numpy as np

from tinycnn.console import run, whole_number


def classic_net(framework):
    """Build the classic net out of either framework: the names are the same."""
    layers = importlib.import_module(f"{framework}.layers")
    models = importlib.import_module(f"{framework}.models")
    optimizers = importlib.import_module(f"{framework}.optimizers")
    model = models.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(32, (3, 3), activation="relu"),
            layers.Conv2D(64, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(256, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    adadelta = optimizers.Adadelta(learning_rate=1.0)
    model.compile(loss="categorical_crossentropy", optimizer=adadelta, metrics=["accuracy"])
    return model


def validate(ours, theirs, x):
    """Give both nets the same weights and compare their predictions."""
    theirs.set_weights(ours.get_weights())
    difference = np.abs(ours.predict(x, verbose=0) - theirs.predict(x, verbose=0)).max()
    if difference > 1e-5:
        sys.exit(f"error: the predictions differ by {difference:.1e}; nothing was timed")
    return difference


def seconds(model, x, y):
    """Time one epoch with batches of 128."""
    start = time.perf_counter()
    model.fit(x, y, batch_size=128, epochs=1, verbose=0)
    return time.perf_counter() - start


def main():
    """Print seconds for each round and the median ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="auto", help="as in scripts/train.py")
    parser.add_argument("--rounds", type=whole_number(), default=3, help="default: 3")
    parser.add_argument("--samples", type=whole_number(), help="fewer digits than there are")
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        import keras
        import tensorflow
    except ImportError:
        sys.exit("error: Keras is not installed: pip install keras tensorflow-cpu")
    from tinycnn import datasets, utils
    from tinycnn.kernels.threads import available_threads

    digits = datasets.load(options.data)
    x = digits.x_train[: options.samples, ..., None] / np.float32(255)
    y = utils.to_categorical(digits.y_train[: options.samples], 10).astype(np.float32)
    nets = {"tinycnn": classic_net("tinycnn"), "keras": classic_net("keras")}
    difference = validate(*nets.values(), x[:1000])
    for net in nets.values():
        net.fit(x[:512], y[:512], batch_size=128, epochs=1, verbose=0)  # compiles

    print(f"{digits.name}, {len(x):,} digits, batch 128, {available_threads()} threads")
    print(f"Keras {keras.__version__} on TensorFlow {tensorflow.__version__}")
    print(f"largest difference of predictions {difference:.1e}")
    times = {name: [] for name in nets}
    for round_number in range(options.rounds):
        for name, net in nets.items():
            times[name].append(seconds(net, x, y))
        row = ", ".join(f"{name} {found[-1]:.1f} s" for name, found in times.items())
        print(f"round {round_number + 1}: {row}", flush=True)
    ratios = [ours / theirs for ours, theirs in zip(*times.values(), strict=True)]
    middle, low, high = statistics.median(ratios), min(ratios), max(ratios)
    print(f"tinycnn / Keras: median {middle:.2f}, from {low:.2f} to {high:.2f}")


if __name__ == "__main__":
    run(main)
