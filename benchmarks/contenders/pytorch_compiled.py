"""The contender torch.compile: the loop of `pytorch` with a compiled net, loss and optimizer.

It needs a C++ compiler, and takes about a minute to compile a training step.
"""

import shutil
import warnings

from benchmarks.contenders import pytorch
from benchmarks.contenders.pytorch import functional, set_threads, torch

__all__ = ["set_threads", "trainers"]

if not any(map(shutil.which, ("g++", "c++", "clang++"))):
    raise ImportError("no C++ compiler")


class Trainer(pytorch.Trainer):
    """A Trainer (see `benchmarks.contenders`) with compiled steps; its arguments are `pytorch.Trainer`'s.

    Args:
        optimizer_too: True to compile the optimizer, too; False to run it as PyTorch does by itself.
    """

    def __init__(self, net, data, batch, layout, optimizer_too, **options):
        super().__init__(net, data, batch, layout, **options)
        self.forward = torch.compile(self.loss_and_scores, dynamic=False)
        update = self.optimizer.step
        self.update = torch.compile(update) if optimizer_too else update

    def loss_and_scores(self, x, y):
        """Return the loss of tensors x (n, c, h, w) and y (n,), and the scores (n, 10)."""
        scores = self.model(x)
        return functional.cross_entropy(scores, y), scores

    def step(self, x, y):
        """Take one step on tensors x (n, c, h, w) and y (n,); return the loss, and how many were right."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.optimizer.zero_grad()
            loss, scores = self.forward(x, y)
            loss.backward()
            self.update()
        return loss.item(), (scores.detach().argmax(1) == y).sum().item()


def trainers(net, data, batch):
    """Return {way: Trainer}, a way for each layout, with the optimizer compiled and not."""
    quickest = {"fused": True} if net.optimizer[0] == "Adam" else {"foreach": True}
    ways = {"optimizer compiled, too": (True, {"foreach": True})}
    ways[f"optimizer {next(iter(quickest))}"] = False, quickest
    return {
        f"{name}, {way}": Trainer(net, data, batch, layout, optimizer_too, **options)
        for name, layout in pytorch.LAYOUTS.items()
        for way, (optimizer_too, options) in ways.items()
    }
