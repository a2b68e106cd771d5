"""Recipes: a net for MNIST's digits, and how it is trained; each is plain data, in `recipes.json`.

Layers and optimizer stand there as their own `serialize` describes them, as in a model's file.
"""

import dataclasses
import functools
import importlib.resources
import json
import math
from typing import Any

import numpy as np

from tinycnn import losses, optimizers, utils
from tinycnn.models import Sequential
from tinycnn.optimizers.schedules import CosineDecay
from tinycnn.preprocessing.deformation import deform, shift
from tinycnn.utils.rng import current_seed, rng_at


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A net and its training. The same data and seed give the same weights, bit by bit.

    Args:
        about: what it is for, a sentence.
        parameters: how many numbers the net holds.
        layers: of the net, [{"class_name": ..., "config": {...}}, ...].
        optimizer: {"class_name": ..., "config": {...}}, without a learning rate.
        schedule: of the learning rate: it rises in a straight line from "start" to "highest" during the
            share "warmup" of all steps, and falls to 0 along half a cosine in the rest.
        label_smoothing: of the cross-entropy, 0 to 1.
        batch_size: samples a step.
        epochs: passes over the data; below 1, a part of one.
        strengths: of the deformation of the digits in the first and in the last epoch, 0 to 1, a straight
            line between them; None: they are not deformed.
        shift: the most pixels that digits are shifted by, in any direction.

    Example:
        >>> recipe = load("tiny")
        >>> recipe.model().count_params() == recipe.parameters
        True
    """

    about: str
    parameters: int
    layers: list[dict]
    optimizer: dict
    schedule: dict[str, float]
    label_smoothing: float
    batch_size: int
    epochs: float
    strengths: tuple[float, float] | None = None
    shift: int = 0

    def model(self) -> Sequential:
        """Return the net with new weights, not compiled yet."""
        return Sequential.from_config({"name": "sequential", "layers": self.layers})

    def prepare(
        self, model: Sequential, x: np.ndarray, y: np.ndarray, epochs: int | None = None
    ) -> dict:
        """Compile the model for these data, and return the arguments for its `fit`.

        Args:
            model: from `model`.
            x: digits, float32 (n, 28, 28, 1), 0 to 1.
            y: one-hot labels (n, 10).
            epochs: in place of the recipe's, the schedule stretched to them; None: the recipe's.

        Raises:
            ValueError: if digits without foreground are to be deformed.
        """
        passes = epochs or self.epochs
        steps = math.ceil(min(passes, 1) * len(x) / self.batch_size)  # in an epoch
        epochs = math.ceil(passes)
        rise = self.schedule["warmup"] * steps * epochs
        start, highest = self.schedule["start"], self.schedule["highest"]
        rate = CosineDecay(start, steps * epochs - rise, warmup_target=highest, warmup_steps=rise)
        config = self.optimizer["config"] | {"learning_rate": rate}
        loss = losses.CategoricalCrossentropy(label_smoothing=self.label_smoothing)
        model.compile(
            optimizers.get(self.optimizer | {"config": config}), loss, metrics=["accuracy"]
        )
        digits: dict[str, Any] = {"x": x, "y": y, "batch_size": self.batch_size}
        if self.strengths is not None or self.shift:
            strengths = np.linspace(*self.strengths or (0, 0), epochs).tolist()
            digits = {"x": VariedDigits(x, y, self.batch_size, strengths, self.shift)}
        return {**digits, "epochs": epochs, "steps_per_epoch": steps}


class VariedDigits(utils.PyDataset):
    """Batches of digits, each varied anew whenever it is shown; shuffled in every epoch.

    Args:
        x: digits, float32 (n, 28, 28, 1), 0 to 1, some foreground in each if they are deformed.
        y: labels, (n, ...).
        batch_size: samples in a batch; the last has what is left.
        strengths: of the deformation, for each epoch; 0: none.
        shift: the most pixels that a digit is shifted by, from 0.

    Raises:
        ValueError: if digits are to be deformed, and one has no foreground.
    """

    def __init__(
        self, x: np.ndarray, y: np.ndarray, batch_size: int, strengths: list[float], shift: int = 0
    ):
        super().__init__()
        blank = np.flatnonzero(~x.any(axis=(1, 2, 3))) if any(strengths) else ()
        if len(blank):
            raise ValueError(f"Only digits can be deformed, and image {blank[0]} is blank.")
        self.x, self.y, self.batch_size = x, y, batch_size
        self.strengths, self.shift = strengths, shift
        self.seed, self.epoch, self.order = current_seed(), -1, np.arange(len(x))

    def __len__(self) -> int:
        return math.ceil(len(self.x) / self.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return a batch, x (n, 28, 28, 1) and y."""
        chosen = self.order[index * self.batch_size :][: self.batch_size]
        x, rng = self.x[chosen, ..., 0], rng_at(self.seed, "vary", self.epoch, index)
        if strength := self.strengths[self.epoch]:
            x = deform(x, rng, strength)
        x = shift(x, rng, self.shift) if self.shift else x
        return x[..., None], self.y[chosen]

    def on_epoch_begin(self) -> None:
        """Shuffle the digits, and go on to the next strength."""
        self.epoch += 1
        self.order = rng_at(self.seed, "shuffle", self.epoch).permutation(len(self.x))


@functools.cache
def recipes() -> dict[str, Recipe]:
    """Return all recipes by name.

    Example:
        >>> list(recipes())
        ['fast', 'fast995', 'best', 'tiny']
    """
    text = (importlib.resources.files(__package__) / "recipes.json").read_text(encoding="utf-8")
    return {name: Recipe(**entries) for name, entries in json.loads(text).items()}


def load(name: str) -> Recipe:
    """Return the recipe of this name; ValueError if there is none."""
    if name not in recipes():
        raise ValueError(f"A recipe must be one of {', '.join(recipes())}. Received: {name!r}")
    return recipes()[name]
