"""Checks before anything is timed that all contenders compute the same as the judge, plain NumPy.

A disagreement raises `Disagreement`. For Trainer, Pass and "way" see `benchmarks.contenders`.
"""

import numpy as np

from benchmarks.contenders import HALF, OURS
from benchmarks.nets import STATE

PREDICTIONS = 1e-4  # largest difference of probabilities
ROUGHER = {HALF: 1e-3}  # the same, of contenders that do not compute in float32
LOSS = 1e-4  # largest difference of losses
CHANGE = 2e-3  # of weights in a step: largest difference / largest change of that array
ARRAY = 1e-4  # of a convolution's arrays: largest difference / largest number of that array


class Disagreement(ValueError):
    """A contender's results differ from the judge's, so that its time would mean nothing."""


def check_difference(what, name, way, difference, limit):
    """Raise `Disagreement` if a difference is above its limit, or NaN.

    Args:
        what: was compared, for the message.
        name, way: of the contender.
        difference, limit: numbers.
    """
    if not difference <= limit:
        raise Disagreement(
            f"{what}: {name} ({way}) differs by {difference:.1e}, more than {limit:.0e}; "
            "nothing more was timed."
        )


def relative(out, expected):
    """Return max |out - expected| / max |expected|; NaN if the shapes differ."""
    if out.shape != expected.shape:
        return float("nan")
    return float(np.abs(out - expected).max() / max(np.abs(expected).max(), 1e-30))


def check_predictions(what, judge, contenders):
    """Compare the contenders' probabilities with the judge's.

    Args:
        what: the row, for the message.
        judge: the right probabilities, (n, 10).
        contenders: {name: {way: function without arguments that returns probabilities}}.
    """
    for name, ways in contenders.items():
        limit = ROUGHER.get(name, PREDICTIONS)
        for way, predict in ways.items():
            check_difference(what, name, way, float(np.abs(predict() - judge).max()), limit)


def check_passes(what, judge, contenders):
    """Compare the contenders' y, dx, dkernel and dbias of a convolution with the judge's.

    Args:
        what: the row, for the message.
        judge: the Pass that is right.
        contenders: {name: {way: Pass}}.
    """
    expected = judge.results()
    for name, ways in contenders.items():
        for way, pass_ in ways.items():
            for label, array, right in zip(
                ("y", "dx", "dkernel", "dbias"), pass_.results(), expected, strict=True
            ):
                check_difference(f"{what}, {label}", name, way, relative(array, right), ARRAY)


def check_training(net, weights, batches, judge, modules):
    """Let every contender take one training step from the same weights, without dropout, and compare.

    Compared are the loss, the change of each weight array that is learned and, for tinycnn, the
    predictions. What is rounded otherwise can lie on the other side of a ReLU's kink, and changes a step
    visibly: each contender has to agree on one batch, and is not right by chance on any.

    Args:
        net: a `nets.Net`; `Net.comparable` of it is compared.
        weights: where to start.
        batches: list of `digits.Data`, each of one batch.
        judge: the contender's module that is right.
        modules: {name: module} of the contenders.
    """
    for name, module in modules.items():
        disagreements = []
        for batch in batches:
            try:
                _check_step(net.comparable(), weights, batch, judge, name, module)
                break
            except Disagreement as error:
                disagreements.append(error)
        else:
            raise disagreements[0]


def _check_step(net, weights, batch, judge, name, module):
    """Compare one contender with the judge as `check_training` does, on one batch."""
    labels = [label for names in net.weight_names() for label in names]
    expected = one_step(judge.trainers(net, batch, len(batch.x)), weights, batch)
    ((right_loss, right_change),) = expected.values()
    results = one_step(module.trainers(net, batch, len(batch.x)), weights, batch)
    for way, (loss, change) in results.items():
        check_difference(f"{net.name}, loss", name, way, abs(loss - right_loss), LOSS)
        differences = [
            relative(*pair)
            for label, *pair in zip(labels, change, right_change, strict=True)
            if label not in STATE  # PyTorch's variance is another one: it divides by n - 1
        ]
        check_difference(f"{net.name}, change of weights", name, way, max(differences), CHANGE)
    if name == OURS:
        right = next(iter(judge.predictors(net, weights, batch.x).values()))()
        check_predictions(net.name, right, {name: module.predictors(net, weights, batch.x)})


def one_step(trainers, weights, batch):
    """Take one step with each Trainer; return {way: (loss, [change of each weight array])}."""
    results = {}
    for way, trainer in trainers.items():
        trainer.set_weights(weights)
        loss = trainer.learn(batch.x, batch.one_hot)
        moved = zip(trainer.weights(), weights, strict=True)
        results[way] = loss, [after - before for after, before in moved]
    return results
