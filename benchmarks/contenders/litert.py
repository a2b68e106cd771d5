"""The contender LiteRT (TensorFlow Lite), on XNNPACK: see `engine` for the functions.

TensorFlow, and Keras on it, convert the net.
"""

from ai_edge_litert.interpreter import Interpreter

from benchmarks.contenders import face
from benchmarks.contenders.engine import Engine
from benchmarks.contenders.keras_tensorflow import tf
from benchmarks.nets import INPUT


def converted(net, weights, batch):
    """Return the bytes of a net in LiteRT's format."""
    model = face.built("keras", net)
    model.set_weights(weights)
    function = tf.function(lambda x: model(x, training=False))
    shaped = function.get_concrete_function(tf.TensorSpec((batch, *INPUT), tf.float32))
    return tf.lite.TFLiteConverter.from_concrete_functions([shaped], function).convert()


def runner(converted, batch, threads):
    """Return a runner, see `engine`."""
    interpreter = Interpreter(model_content=converted, num_threads=threads)
    interpreter.allocate_tensors()
    (given,), (returned,) = interpreter.get_input_details(), interpreter.get_output_details()

    def predict(x):
        interpreter.set_tensor(given["index"], x)
        interpreter.invoke()
        return interpreter.get_tensor(returned["index"])

    return predict


engine = Engine(converted, runner)
set_threads, predictors = engine.set_threads, engine.predictors
