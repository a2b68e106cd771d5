"""The contender Keras on TensorFlow: see `benchmarks.contenders` for the functions.

Nets are compiled models, single convolutions are functions compiled by `tf.function`.
"""

import os
import warnings

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import keras  # noqa: F401  `face` imports its parts; without it this contender is absent
    import tensorflow as tf

from benchmarks.contenders import face

BATCHES = (128, 1000)  # sizes to predict with


def set_threads(count):
    """Let TensorFlow use `count` threads; it allows this only before the first operation."""
    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(count)


def trainers(net, data, batch):
    """Return {way: Trainer}: see `benchmarks.contenders`."""
    return face.trainers("keras", net, data, batch)


def predictors(net, weights, x):
    """Return {way: function that returns the probabilities of x, (n, 10)}.

    The ways: `predict` with batches of several sizes, `predict_on_batch`, and the model as a `tf.function`.
    """
    model = face.built("keras", net)
    model.set_weights(weights)

    def in_batches(size):
        return lambda: model.predict(x, batch_size=size, verbose=0)

    ways = {f"predict, batches of {size}": in_batches(size) for size in BATCHES if size <= len(x)}
    called = tf.function(lambda given: model(given, training=False), reduce_retracing=True)
    return {
        **ways,
        "predict_on_batch": lambda: model.predict_on_batch(x),
        "tf.function": lambda: called(tf.constant(x)).numpy(),
    }


class Pass:
    """A convolution, forward and backward, compiled as TensorFlow graphs."""

    def __init__(self, case, x, kernel, bias, dy):
        self.arrays = [tf.constant(array) for array in (x, kernel, bias)]
        self.dy = tf.constant(dy)

        def convolve(x, kernel, bias):  # returns y
            return tf.nn.bias_add(tf.nn.conv2d(x, kernel, case.stride, "VALID"), bias)

        def forward_and_backward(x, kernel, bias, dy):  # returns y, dx, dkernel, dbias
            with tf.GradientTape() as tape:
                tape.watch((x, kernel, bias))
                y = convolve(x, kernel, bias)
            return y, *tape.gradient(y, (x, kernel, bias), output_gradients=dy)

        self.convolve, self.forward_and_backward = (
            tf.function(convolve),
            tf.function(forward_and_backward),
        )

    def forward(self):
        """Return y (n, oh, ow, f), a tensor."""
        return self.convolve(*self.arrays)

    def both(self):
        """Return y, dx, dkernel, dbias, as tensors."""
        return self.forward_and_backward(*self.arrays, self.dy)

    def results(self):
        """Return all four as NumPy arrays."""
        return [tensor.numpy() for tensor in self.both()]


def convolutions(case, arrays):
    """Return {"tf.function": Pass}: there is only one way."""
    return {"tf.function": Pass(case, *arrays)}
