"""A net with its weights as an ONNX model, which ONNX Runtime, OpenVINO and MNN read."""

from onnx import TensorProto, helper, numpy_helper

from benchmarks.contenders.channels_first import from_keras
from benchmarks.nets import INPUT

OPSET, FORMAT = 17, 9  # versions of the operators and of the file that all three engines know
ACTIVATIONS = {"relu": "Relu", "tanh": "Tanh", "softmax": "Softmax"}
POOLINGS = {"MaxPooling2D": "MaxPool", "AveragePooling2D": "AveragePool"}


def operator(kind, options):
    """Return (ONNX's name, attributes) of a layer without its activation, None if nothing is to be done.

    Args:
        kind, options: an entry of `nets.Net.layers`.
    """
    if kind == "Conv2D":
        window, strides = [options["kernel_size"]] * 2, [options["strides"]] * 2
        padding = "SAME_UPPER" if options["padding"] == "same" else "VALID"
        return "Conv", {"kernel_shape": window, "strides": strides, "auto_pad": padding}
    if kind in POOLINGS:
        window = [options["pool_size"]] * 2
        return POOLINGS[kind], {"kernel_shape": window, "strides": window}
    return {"Flatten": ("Flatten", {}), "Dense": ("Gemm", {"transB": 1}), "Dropout": None}[kind]


def nodes(net):
    """Return the nodes of a `nets.Net`, and the names of its weights in their order.

    The image is the value "x", the probabilities are "y".
    """
    found, named, value = [], [], "x"
    for place, ((kind, options), weights) in enumerate(
        zip(net.layers, net.weight_names(), strict=True)
    ):
        own = [f"{name}{place}" for name in weights]
        named += own
        steps = [operator(kind, options), (ACTIVATIONS.get(options.get("activation")), {})]
        for name, attributes in (step for step in steps if step and step[0]):
            inputs = [value, *own] if name in ("Conv", "Gemm") else [value]
            value = f"{name}{place}"
            found.append(helper.make_node(name, inputs, [value], **attributes))
    found[-1].output[0] = "y"
    return found, named


def model(net, weights, batch):
    """Return the bytes of an ONNX file with input "x" (batch, c, h, w) and output "y" (batch, 10).

    Args:
        net: a `nets.Net`; Dropout is left out.
        weights: list in Keras's order and layout.
        batch: images in a batch; a fixed number, so that an engine can plan for it.
    """
    found, named = nodes(net)
    arrays = zip(from_keras(net, weights), named, strict=True)
    height, width, channels = INPUT
    graph = helper.make_graph(
        found,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, channels, height, width])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, *net.shapes()[-1]])],
        [numpy_helper.from_array(array, name) for array, name in arrays],
    )
    opset = helper.make_opsetid("", OPSET)
    return helper.make_model(graph, opset_imports=[opset], ir_version=FORMAT).SerializeToString()
