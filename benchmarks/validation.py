"""Before anything is timed: does everybody compute the same? NumPy's plain definitions are the judge."""

import numpy as np

from benchmarks.contenders import OURS

PREDICTIONS = 1e-4  # largest difference of probabilities
LOSS = 1e-4
CHANGE = 2e-3  # of a step: largest difference over the largest change of an array of weights
ARRAY = 1e-4  # of a convolution: largest difference over the largest number of an array


class Disagreement(ValueError):
    """A contender computes something else; its time would mean nothing."""


def check_difference(what, name, way, difference, limit):
    """Raise if a difference is above its limit, or no number."""
    if not difference <= limit:
        raise Disagreement(
            f"{what}: {name} ({way}) differs by {difference:.1e}, more than {limit:.0e}; "
            "nothing more was timed."
        )


def relative(out, wanted):
    """Return the largest difference over the largest number wanted."""
    if out.shape != wanted.shape:
        return float("nan")
    return float(np.abs(out - wanted).max() / max(np.abs(wanted).max(), 1e-30))


def check_predictions(what, judge, contenders):
    """Compare probabilities.

    Args:
        what: the row, for the message.
        judge: the right ones (n, 10).
        contenders: {name: {way: function that returns some}}.
    """
    for name, ways in contenders.items():
        for way, predict in ways.items():
            check_difference(what, name, way, float(np.abs(predict() - judge).max()), PREDICTIONS)


def check_passes(what, judge, contenders):
    """Compare y, dx, dkernel and dbias of a convolution.

    Args:
        what, contenders: as above, with a Pass for each way.
        judge: the Pass that is right.
    """
    wanted = judge.results()
    for name, ways in contenders.items():
        for way, one in ways.items():
            for label, array, right in zip(
                ("y", "dx", "dkernel", "dbias"), one.results(), wanted, strict=True
            ):
                check_difference(f"{what}, {label}", name, way, relative(array, right), ARRAY)


def check_training(net, weights, batch, judge, modules):
    """Let every contender take one step from the same weights, without dropout, and compare.

    Args:
        net: with or without dropout.
        weights: where to start.
        batch: `Data` of one batch.
        judge: the module that is right.
        modules: of the contenders, by name; tinycnn's predictions are compared, too.
    """
    net = net.without_dropout()
    wanted = one_step(judge.trainers(net, batch, len(batch.x)), weights, batch)
    ((right_loss, right_change),) = wanted.values()
    for name, module in modules.items():
        results = one_step(module.trainers(net, batch, len(batch.x)), weights, batch)
        for way, (loss, change) in results.items():
            check_difference(f"{net.name}, loss", name, way, abs(loss - right_loss), LOSS)
            differences = list(map(relative, change, right_change))
            check_difference(f"{net.name}, change of weights", name, way, max(differences), CHANGE)
    probabilities = judge.predictors(net, weights, batch.x)
    right = next(iter(probabilities.values()))()
    mine = {OURS: modules[OURS].predictors(net, weights, batch.x)} if OURS in modules else {}
    check_predictions(net.name, right, mine)


def one_step(trainers, weights, batch):
    """Return for each way the loss, and by how much each array of weights moved."""
    results = {}
    for way, trainer in trainers.items():
        trainer.set_weights(weights)
        loss = trainer.learn(batch.x, batch.one_hot)
        moved = zip(trainer.weights(), weights, strict=True)
        results[way] = loss, [after - before for after, before in moved]
    return results
