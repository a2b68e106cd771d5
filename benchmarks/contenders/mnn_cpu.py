"""The contender MNN: see `engine` for the functions. It computes in float32 ("precision": "high")."""

import pathlib
import subprocess
import sys
import tempfile

import MNN
import numpy as np

from benchmarks.contenders import onnx_file
from benchmarks.contenders.engine import Engine

# MNN's converter, in a process of its own, because its Protocol Buffers quarrel with TensorFlow's; without
# its command `mnnconvert`, which would report to its makers, too.
CONVERT = [sys.executable, "-c", "import sys, _tools; _tools.mnnconvert(sys.argv)"]
OPTIONS = ["-f", "ONNX", "--bizCode", "net"]


def converted(net, weights, batch):
    """Return the bytes of a net in MNN's format."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = pathlib.Path(folder, "net.onnx"), pathlib.Path(folder, "net.mnn")
        source.write_bytes(onnx_file.model(net, weights, batch))
        command = [*CONVERT, *OPTIONS, "--modelFile", source, "--MNNModel", target]
        subprocess.run(command, check=True, capture_output=True)
        return target.read_bytes()


def interpreter_of(converted):
    """Return an `MNN.Interpreter` for the bytes of a net."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "net.mnn")
        file.write_bytes(converted)
        return MNN.Interpreter(str(file))


def tensor(array):
    """Return an `MNN.Tensor` with an array's numbers, in its layout, channels first for images."""
    layout = MNN.Tensor_DimensionType_Caffe
    return MNN.Tensor(array.shape, MNN.Halide_Type_Float, array, layout)


def runner(converted, batch, threads):
    """Return a runner, see `engine`."""
    interpreter = interpreter_of(converted)
    options = {"backend": "CPU", "precision": "high", "numThread": threads}
    session = interpreter.createSession(options)
    given, returned = interpreter.getSessionInput(session), interpreter.getSessionOutput(session)
    result = tensor(np.empty((batch, 10), np.float32))

    def predict(x):
        given.copyFrom(tensor(x.reshape(batch, 1, 28, 28)))
        interpreter.runSession(session)
        returned.copyToHostTensor(result)
        return result.getNumpyData()

    return predict


engine = Engine(converted, runner)
set_threads, predictors = engine.set_threads, engine.predictors
