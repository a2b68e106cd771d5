"""Write data/trajectories_keras.json and data/trajectories_torch.json: where real optimizers walk.

Needs keras (any backend) and torch, which the tests that read the files do not. Run it again only to add
a case: `python tests/support/make_trajectories.py`.
"""

import json
import pathlib

import numpy as np

DATA = pathlib.Path(__file__).parent / "data"
START = [1.0, -2.0, 3.0, -4.0]
STEPS = 10
# name -> class and arguments by Keras's names. Keras rounds momentum and betas to float32 on the way, so
# they are numbers that float32 holds exactly.
CASES = {
    "adadelta": ("Adadelta", {"learning_rate": 0.5, "rho": 0.95, "epsilon": 1e-7}),
    "adadelta, paper": ("Adadelta", {"learning_rate": 1.0, "rho": 0.9, "epsilon": 1e-6}),
    "sgd": ("SGD", {"learning_rate": 0.1}),
    "sgd, momentum": ("SGD", {"learning_rate": 0.05, "momentum": 0.875}),
    "sgd, nesterov": ("SGD", {"learning_rate": 0.05, "momentum": 0.875, "nesterov": True}),
    "adam": (
        "Adam",
        {"learning_rate": 0.02, "beta_1": 0.875, "beta_2": 0.9990234375, "epsilon": 1e-7},
    ),
    "adam, large epsilon": (
        "Adam",
        {"learning_rate": 0.3, "beta_1": 0.75, "beta_2": 0.9375, "epsilon": 0.5},
    ),
}


def gradients():
    """Return (10, 4) gradients of mixed size and sign; the last weight's first two are 0."""
    grads = np.random.default_rng(12).normal(size=(STEPS, 4)) * [1.0, 10.0, 0.01, 1.0]
    grads[:2, 3] = 0.0
    return grads.round(4).tolist()


def keras_positions(name, config, grads):
    """Return the weights after each step of a Keras optimizer, in float64."""
    import keras

    keras.config.set_floatx("float64")
    variable = keras.Variable(np.array(START), dtype="float64")
    optimizer = getattr(keras.optimizers, name)(**config)
    positions = []
    for grad in grads:
        optimizer.apply([keras.ops.convert_to_tensor(grad, dtype="float64")], [variable])
        positions.append(keras.ops.convert_to_numpy(variable).tolist())
    return positions


def torch_optimizer(name, config, tensor):
    """Return the PyTorch optimizer with the arguments of Keras."""
    import torch

    rate = config["learning_rate"]
    if name == "SGD":
        momentum = {key: config[key] for key in ("momentum", "nesterov") if key in config}
        return torch.optim.SGD([tensor], rate, **momentum)
    if name == "Adadelta":
        return torch.optim.Adadelta([tensor], rate, rho=config["rho"], eps=config["epsilon"])
    return torch.optim.Adam([tensor], rate, betas=(config["beta_1"], config["beta_2"]))


def torch_positions(name, config, grads):
    """Return the weights after each step of a PyTorch optimizer, in float64.

    PyTorch's Adam adds epsilon to √(velocity / (1 - beta_2**step)), Keras's to √velocity: dividing
    epsilon by √(1 - beta_2**step) turns the one into the other.
    """
    import torch

    tensor = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = torch_optimizer(name, config, tensor)
    positions = []
    for step, grad in enumerate(grads, start=1):
        if name == "Adam":
            optimizer.param_groups[0]["eps"] = (
                config["epsilon"] / (1 - config["beta_2"] ** step) ** 0.5
            )
        tensor.grad = torch.tensor(grad, dtype=torch.float64)
        optimizer.step()
        positions.append(tensor.detach().tolist())
    return positions


def write(peer, version, positions_of):
    """Write one peer's file."""
    grads = gradients()
    cases = {
        case: {"class_name": name, "config": config, "positions": positions_of(name, config, grads)}
        for case, (name, config) in CASES.items()
    }
    content = {"peer": f"{peer} {version}", "start": START, "gradients": grads, "cases": cases}
    (DATA / f"trajectories_{peer}.json").write_text(json.dumps(content, indent=1) + "\n")


def main():
    """Write both files."""
    import keras
    import torch

    write("keras", keras.__version__, keras_positions)
    write("torch", torch.__version__.split("+")[0], torch_positions)


if __name__ == "__main__":
    main()
