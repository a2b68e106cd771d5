"""Keras on TensorFlow: compiled models for nets, compiled functions for single convolutions."""

import os
import warnings

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import keras
    import tensorflow as tf

from benchmarks.contenders import face

BATCHES = (128, 1000)


def version():
    """Return what is measured."""
    return f"Keras {keras.__version__} on {keras.backend.backend()} {tf.__version__}"


def set_threads(count):
    """Use so many threads; TensorFlow allows it only before the first operation."""
    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(count)


def trainers(net, data, batch):
    """Return a Trainer for each way."""
    return face.trainers("keras", net, data, batch)


def predictors(net, weights, x):
    """Return a function for each way to predict: in batches, at once, and for few images by calling."""
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
    """A convolution there and back, as graphs."""

    def __init__(self, case, x, kernel, bias, dy):
        self.arrays = [tf.constant(array) for array in (x, kernel, bias)]
        self.dy = tf.constant(dy)

        def convolve(x, kernel, bias):
            return tf.nn.bias_add(tf.nn.conv2d(x, kernel, case.stride, "VALID"), bias)

        def there_and_back(x, kernel, bias, dy):
            with tf.GradientTape() as tape:
                tape.watch((x, kernel, bias))
                y = convolve(x, kernel, bias)
            return y, *tape.gradient(y, (x, kernel, bias), output_gradients=dy)

        self.convolve, self.there_and_back = tf.function(convolve), tf.function(there_and_back)

    def forward(self):
        """Return y."""
        return self.convolve(*self.arrays)

    def both(self):
        """Return y, dx, dkernel, dbias."""
        return self.there_and_back(*self.arrays, self.dy)

    def results(self):
        """Return all four as NumPy arrays."""
        return [tensor.numpy() for tensor in self.both()]


def convolutions(case, arrays):
    """Return the one way there is."""
    return {"tf.function": Pass(case, *arrays)}
