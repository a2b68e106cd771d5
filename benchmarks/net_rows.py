"""Rows of the table about whole nets: training steps and predictions.

Functions that measure take the `Setting` of this run and the row's name first, and return a list of rows.
"""

from benchmarks import validation
from benchmarks.contenders import COMPILERS, ENGINES, FRAMEWORKS, HALF, OURS
from benchmarks.results import Row
from benchmarks.setting import BATCH
from benchmarks.timing import Work

JUDGE = "NumPy"  # the contender whose results are taken as right


def training(setting, name, net, batch):
    """Time a training step of all contenders; return [row].

    It is timed with weights after little and after much training, because tinycnn's speed depends on how
    many activations are 0; the state in which tinycnn is slower is reported.

    Args:
        setting, name: see this module.
        net: a `nets.Net`.
        batch: samples in a batch.
    """
    row = Row(name, flops=batch * net.step_flops())
    modules = setting.modules(row, (*FRAMEWORKS, *COMPILERS))
    states = setting.weights(net)
    if net.name not in setting.validated:
        start = states["after 100 steps"]
        batches = setting.data.batches(BATCH, 4)
        validation.check_training(net, start, batches, modules[JUDGE], modules)
        setting.validated.add(net.name)
    trainers = {n: module.trainers(net, setting.data, batch) for n, module in modules.items()}
    results = {}
    for state, weights in states.items():
        setting.contest(row, training_ways(setting, trainers, weights, batch), with_sgemm=True)
        results[state] = row.summaries()[OURS].median, row.measurements, row.sgemm
    slower = max(results, key=lambda state: results[state][0])
    _, row.measurements, row.sgemm = results[slower]
    row.note = f"weights {slower}{live_share(modules[OURS], net, states[slower], setting.data)}"
    return [row]


def training_ways(setting, trainers, weights, batch):
    """Return {contender: {way: timing.Work}} for training steps; each turn begins with the same weights.

    Args:
        setting: its data limit how many steps a turn can have.
        trainers: {contender: {way: Trainer}}.
        weights: where each turn begins.
        batch: samples in a batch.
    """

    def work(trainer):
        limit = len(setting.data.x) // batch
        return Work(trainer.steps, limit, lambda: trainer.set_weights(weights))

    return {
        name: {way: work(trainer) for way, trainer in ways.items()}
        for name, ways in trainers.items()
    }


def live_share(ours, net, weights, data):
    """Return as text which share of the gradient after the max pooling is not 0; "" without max pooling.

    Args:
        ours: the module `contenders.ours`.
        net, weights: the net to look at.
        data: its first batch is used.
    """
    kinds = [kind for kind, _ in net.layers]
    if "MaxPooling2D" not in kinds:
        return ""
    place = kinds.index("MaxPooling2D")
    pooled = ours.trained(net, weights).activations(data.x[:BATCH])[place]
    kept = 1 - net.layers[place + 1][1]["rate"] if kinds[place + 1] == "Dropout" else 1
    return f"; {kept * (pooled > 0).mean():.0%} of the pooled gradient is not zero"


def prediction(setting, name, net, count):
    """Time the prediction of the first `count` digits by a `nets.Net`; return [row]."""
    row = Row(name)
    modules = setting.modules(row, (*FRAMEWORKS, *ENGINES, HALF))
    weights = setting.weights(net)["after one epoch"]
    x = setting.data.x[:count]
    ways = {n: module.predictors(net, weights, x) for n, module in modules.items()}
    judge = next(iter(ways[JUDGE].values()))()
    validation.check_predictions(name, judge, ways)
    works = {
        n: {way: repeated(predict) for way, predict in by_way.items()} for n, by_way in ways.items()
    }
    setting.contest(row, works)
    row.note = "probabilities; weights after one epoch"
    return [row]


def repeated(function):
    """Return `timing.Work` that calls a function without arguments over and over."""

    def run(count):
        for _ in range(count):
            function()

    return Work(run)
