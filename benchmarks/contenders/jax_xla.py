"""The contender JAX, compiled by XLA: see `benchmarks.contenders` for the functions.

A net is a function of its weights, which are in Keras's order and layout. A step gathers its batch, and
returns new weights and slots in the memory of the old ones.
"""

import functools

import jax
import numpy as np
from jax import lax, nn
from jax import numpy as jnp

from benchmarks.nets import STATE


def set_threads(count):
    """Do nothing: NPROC, which `machine.thread_environment` has set, is the number of XLA's threads."""


def convolve(x, kernel, options):
    """Return the output (n, oh, ow, f) of a Conv2D without bias and activation."""
    strides = (options["strides"],) * 2
    names = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(
        x, kernel, strides, options["padding"].upper(), dimension_numbers=names
    )


def pool(x, options, maximum):
    """Return the output (n, oh, ow, c) of a pooling."""
    size = options["pool_size"]
    window = (1, size, size, 1)
    if maximum:
        return lax.reduce_window(x, -jnp.inf, lax.max, window, window, "VALID")
    return lax.reduce_window(x, 0.0, lax.add, window, window, "VALID") / size**2


def normalize(x, arrays, options):
    """Return the output of a BatchNormalization, and its weights with new running means."""
    gamma, beta, *moving = arrays
    axes = tuple(range(x.ndim - 1))
    now = x.mean(axes), x.var(axes)
    keep = options["momentum"]
    moved = [keep * m + (1 - keep) * lax.stop_gradient(v) for m, v in zip(moving, now, strict=True)]
    normal = (x - now[0]) * lax.rsqrt(now[1] + options["epsilon"])
    return gamma * normal + beta, [gamma, beta, *moved]


def drop(x, rate, key):
    """Return x with a random share `rate` of it set to 0, the rest divided by what is left."""
    kept = jax.random.bernoulli(key, 1 - rate, x.shape)
    return jnp.where(kept, x / (1 - rate), 0)


def layer(entry, arrays, x, key):
    """Return a layer's output while training, before its activation, and its weights after.

    Args:
        entry: of `nets.Net.layers`.
        arrays: its weights.
        x: its input.
        key: random numbers for it.
    """
    kind, options = entry
    if kind == "BatchNormalization":
        return normalize(x, arrays, options)
    if kind in ("Conv2D", "Dense"):
        product = x @ arrays[0] if kind == "Dense" else convolve(x, arrays[0], options)
        return sum(arrays[1:], product), arrays
    if "Pooling" in kind:
        return pool(x, options, kind == "MaxPooling2D"), arrays
    if kind == "Flatten":
        return x.reshape(len(x), -1), arrays
    return drop(x, options["rate"], key) if kind == "Dropout" else x, arrays


def loss(net, weights, x, labels, key):
    """Return the loss of a batch, and (all weights with new running means, how many were right)."""
    activations, after = {"relu": nn.relu, "tanh": jnp.tanh}, []
    for place, (entry, arrays) in enumerate(zip(net.layers, net.by_layer(weights), strict=True)):
        x, arrays = layer(entry, arrays, x, jax.random.fold_in(key, place))
        after += arrays
        x = activations.get(entry[1].get("activation"), lambda x: x)(x)
    right = (x.argmax(axis=1) == labels).sum()
    chosen = jnp.take_along_axis(nn.log_softmax(x), labels[:, None], axis=1)
    return -chosen.mean(), (after, right)


def adadelta(o, count, grad, squares, steps):
    """Return what to subtract from a weight, and its two slots; o: the optimizer's arguments."""
    squares = o["rho"] * squares + (1 - o["rho"]) * grad * grad
    step = jnp.sqrt((steps + o["epsilon"]) / (squares + o["epsilon"])) * grad
    steps = o["rho"] * steps + (1 - o["rho"]) * step * step
    return o["learning_rate"] * step, squares, steps


def adam(o, count, grad, mean, squares):
    """Return what to subtract from a weight, and its two slots; o: the optimizer's arguments."""
    mean = o["beta_1"] * mean + (1 - o["beta_1"]) * grad
    squares = o["beta_2"] * squares + (1 - o["beta_2"]) * grad * grad
    rate = jnp.sqrt(1 - o["beta_2"] ** count) / (1 - o["beta_1"] ** count)
    step = o["learning_rate"] * rate * mean / (jnp.sqrt(squares) + o["epsilon"])
    return step, mean, squares


def step(net, state, data, chosen, key):
    """Take one step; return the new state, the loss and how many were right.

    Args:
        net: a `nets.Net`.
        state: (weights, two lists of slots, count of steps).
        data: all images and labels.
        chosen: indices of those of the batch.
        key: random numbers.
    """
    weights, *slots, count = state
    kind, options = net.optimizer
    rule = {"Adadelta": adadelta, "Adam": adam}[kind]
    x, labels = (array[chosen] for array in data)
    learn = jax.value_and_grad(functools.partial(loss, net), has_aux=True)
    (value, (after, right)), grads = learn(weights, x, labels, key)
    names = [name for names in net.weight_names() for name in names]
    moved = [rule(options, count + 1.0, *each) for each in zip(grads, *slots, strict=True)]
    new = [
        old if name in STATE else old - change
        for name, old, (change, *_) in zip(names, after, moved, strict=True)
    ]
    return (new, *([m[place] for m in moved] for place in (1, 2)), count + 1), value, right


class Trainer:
    """A Trainer (see `benchmarks.contenders`) that calls a jitted step."""

    def __init__(self, net, data, batch):
        self.batch, self.count = batch, len(data.x)
        self.data = jnp.asarray(data.x), jnp.asarray(data.labels, jnp.int32)
        self.jitted = jax.jit(functools.partial(step, net), donate_argnums=0)
        self.rng, self.key = np.random.default_rng(0), jax.random.key(0, impl="rbg")

    def set_weights(self, weights):
        """Copy weights, a list in Keras's order; the optimizer begins anew."""
        slots = ([jnp.zeros_like(array) for array in weights] for _ in range(2))
        self.state = ([jnp.array(array) for array in weights], *slots, jnp.zeros(()))

    def weights(self):
        """Return copies of the weights, in Keras's order."""
        return [np.array(array) for array in self.state[0]]

    def learn(self, x, one_hot):
        """Take one step on this batch; return the loss before it."""
        given = jnp.asarray(x), jnp.asarray(one_hot.argmax(axis=1), jnp.int32)
        self.state, value, _ = self.jitted(self.state, given, jnp.arange(len(x)), self.key)
        return float(value)

    def steps(self, count):
        """Take `count` steps on shuffled batches of the data; return the mean loss and the accuracy."""
        order, done = self.rng.permutation(self.count).astype(np.int32), []
        keys = jax.random.split(self.key, count + 1)
        self.key = keys[count]
        for number in range(count):
            chosen = order[number * self.batch :][: self.batch]
            self.state, *results = self.jitted(self.state, self.data, chosen, keys[number])
            done.append(results)
        losses, right = np.array(jax.device_get(done), float).T
        return losses.mean(), right.sum() / (count * self.batch)


def trainers(net, data, batch):
    """Return {"jit": Trainer}: there is only one way."""
    return {"jit": Trainer(net, data, batch)}
