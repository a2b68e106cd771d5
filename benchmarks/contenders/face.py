"""The code for tinycnn and Keras alike, whose public interface is the same: nets, and a Trainer."""

import importlib

import numpy as np

from benchmarks.nets import INPUT


def built(framework, net):
    """Return a `nets.Net` as a model of "tinycnn" or "keras", compiled with its optimizer."""
    layers, models, optimizers = (
        importlib.import_module(f"{framework}.{name}")
        for name in ("layers", "models", "optimizers")
    )
    described = [getattr(layers, kind)(**options) for kind, options in net.layers]
    model = models.Sequential([layers.Input(INPUT), *described])
    kind, options = net.optimizer
    optimizer = getattr(optimizers, kind)(**options)
    model.compile(optimizer, "categorical_crossentropy", metrics=["accuracy"])
    return model


class Trainer:
    """A Trainer (see `benchmarks.contenders`) that trains by `fit` or by `train_on_batch`.

    Args:
        framework: "tinycnn" or "keras".
        net: a `nets.Net`.
        data: a `digits.Data`.
        batch: samples in a batch.
        way: "fit" or "train_on_batch", what `steps` calls.
    """

    def __init__(self, framework, net, data, batch, way):
        self.model = built(framework, net)
        self.x, self.y, self.batch, self.way = data.x, data.one_hot, batch, way
        self.rng = np.random.default_rng(0)

    def set_weights(self, weights):
        """Copy weights into the model: a list of arrays in Keras's order."""
        self.model.set_weights(weights)

    def weights(self):
        """Return copies of the weights, a list of arrays."""
        return self.model.get_weights()

    def learn(self, x, one_hot):
        """Take one step on this batch; return the loss before it."""
        return float(self.model.train_on_batch(x, one_hot)[0])

    def steps(self, count):
        """Take `count` steps on shuffled batches of the data."""
        if self.way == "fit":
            part = slice(count * self.batch)
            self.model.fit(self.x[part], self.y[part], batch_size=self.batch, verbose=0)
            return
        order = self.rng.permutation(len(self.x))
        for start in range(0, count * self.batch, self.batch):
            chosen = order[start : start + self.batch]
            self.model.train_on_batch(self.x[chosen], self.y[chosen])


def trainers(framework, net, data, batch):
    """Return {"fit": Trainer, "train_on_batch": Trainer}."""
    ways = ("fit", "train_on_batch")
    return {way: Trainer(framework, net, data, batch, way) for way in ways}
