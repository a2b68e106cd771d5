"""Write data/trajectories_keras.json and data/trajectories_torch.json: where real optimizers walk.

Needs keras (any backend) and torch, which the tests that read the files do not. Run it again only to add
a case: `python tests/support/make_trajectories.py`.
"""

import json
import pathlib

import numpy as np

DATA = pathlib.Path(__file__).parent / "data"
START = [1.0, -2.0, 3.0, -4.0]  # of two arrays of two weights each
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
IN_TORCH = tuple(CASES)  # PyTorch places epsilon elsewhere in the others
BETAS = {"beta_1": 0.875, "beta_2": 0.9990234375}
RMSPROP = {"learning_rate": 0.02, "rho": 0.875}
CASES |= {
    "adagrad": ("Adagrad", {"learning_rate": 0.1, "initial_accumulator_value": 0.125}),
    "adagrad, from 0": ("Adagrad", {"learning_rate": 0.1, "initial_accumulator_value": 0.0}),
    "rmsprop": ("RMSprop", RMSPROP),
    "rmsprop, momentum": ("RMSprop", {**RMSPROP, "momentum": 0.5}),
    "rmsprop, centered": ("RMSprop", {**RMSPROP, "centered": True}),
    "rmsprop, all": ("RMSprop", {**RMSPROP, "momentum": 0.5, "centered": True, "epsilon": 1e-3}),
    "adam, amsgrad": ("Adam", {"learning_rate": 0.02, **BETAS, "amsgrad": True}),
    "adamw": ("AdamW", {"learning_rate": 0.02, "weight_decay": 0.125, **BETAS}),
    "nadam": ("Nadam", {"learning_rate": 0.02, **BETAS}),
    "adamax": ("Adamax", {"learning_rate": 0.02, **BETAS}),
}
MOMENTUM = {"learning_rate": 0.05, "momentum": 0.875}
ROOTS = {  # every optimizer, to be combined with every option
    "sgd": ("SGD", MOMENTUM),
    "adadelta": ("Adadelta", {"learning_rate": 0.5}),
    **{name: CASES[name] for name in ("adagrad", "rmsprop", "adam", "nadam", "adamax")},
}
OPTIONS = {
    "decay": {"weight_decay": 0.25},
    "clipnorm": {"clipnorm": 0.5},
    "clipvalue": {"clipvalue": 0.5},
    "global clipnorm": {"global_clipnorm": 0.5},
    "averages": {"use_ema": True, "ema_momentum": 0.75, "ema_overwrite_frequency": 4},
}
CASES |= {
    f"{name}, {option}": (root, {**config, **more})
    for name, (root, config) in ROOTS.items()
    for option, more in OPTIONS.items()
}
RATE = {"initial_learning_rate": 0.25}
SCHEDULES = {
    "exponential": ("ExponentialDecay", {**RATE, "decay_steps": 4, "decay_rate": 0.5}),
    "staircase": (
        "ExponentialDecay",
        {**RATE, "decay_steps": 4, "decay_rate": 0.5, "staircase": True},
    ),
    "inverse": ("InverseTimeDecay", {**RATE, "decay_steps": 2, "decay_rate": 0.5}),
    "cosine": ("CosineDecay", {**RATE, "decay_steps": 8, "alpha": 0.125}),
    "warm-up": (
        "CosineDecay",
        {
            "initial_learning_rate": 0.0,
            "decay_steps": 5,
            "warmup_target": 0.5,
            "warmup_steps": 4,
        },
    ),
    "restarts": (
        "CosineDecayRestarts",
        {**RATE, "first_decay_steps": 3, "t_mul": 2.0, "m_mul": 0.5, "alpha": 0.125},
    ),
    "polynomial": (
        "PolynomialDecay",
        {**RATE, "decay_steps": 6, "end_learning_rate": 0.125, "power": 2.0},
    ),
    "cycle": ("PolynomialDecay", {**RATE, "decay_steps": 4, "cycle": True}),
    "piecewise": (
        "PiecewiseConstantDecay",
        {"boundaries": [2, 5], "values": [0.5, 0.25, 0.125]},
    ),
}
CASES |= {
    f"sgd, {name}": (
        "SGD",
        {"learning_rate": {"class_name": cls, "config": config}, "momentum": 0.5},
    )
    for name, (cls, config) in SCHEDULES.items()
}


def gradients():
    """Return (10, 4) gradients of mixed size and sign; the last weight's first two are 0."""
    grads = np.random.default_rng(12).normal(size=(STEPS, 4)) * [1.0, 10.0, 0.01, 1.0]
    grads[:2, 3] = 0.0
    return grads.round(4).tolist()


def keras_optimizer(keras, name, config):
    """Return a Keras optimizer; its learning rate may be a schedule's {"class_name", "config"}."""
    rate = config["learning_rate"]
    if isinstance(rate, dict):
        rate = getattr(keras.optimizers.schedules, rate["class_name"])(**rate["config"])
    return getattr(keras.optimizers, name)(**{**config, "learning_rate": rate})


def keras_positions(name, config, grads, dtype="float64"):
    """Return the weights after each step of a Keras optimizer."""
    import keras

    keras.config.set_floatx(dtype)
    variables = [
        keras.Variable(np.array(half), dtype=dtype) for half in np.split(np.array(START), 2)
    ]
    optimizer = keras_optimizer(keras, name, config)
    positions = []
    for grad in grads:
        halves = np.split(np.array(grad), 2)
        optimizer.apply([keras.ops.convert_to_tensor(h, dtype=dtype) for h in halves], variables)
        positions.append(np.concatenate([v.numpy() for v in variables]).tolist())
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


def write(peer, version, positions_of, chosen):
    """Write one peer's file, with the chosen cases."""
    grads = gradients()
    cases = {
        case: {"class_name": name, "config": config, "positions": positions_of(name, config, grads)}
        for case, (name, config) in ((case, CASES[case]) for case in chosen)
    }
    content = {"peer": f"{peer} {version}", "start": START, "gradients": grads, "cases": cases}
    (DATA / f"trajectories_{peer}.json").write_text(json.dumps(content, indent=1) + "\n")


def main():
    """Write both files."""
    import keras
    import torch

    write("keras", keras.__version__, keras_positions, CASES)
    write("torch", torch.__version__.split("+")[0], torch_positions, IN_TORCH)


if __name__ == "__main__":
    main()
