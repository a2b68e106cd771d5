"""`Compiled`: a `Network` with `compile`, and the steps that training and prediction run.

The classes build on each other: `Network` (layers, shapes, weights), `Compiled` (optimizer, loss, metrics,
steps), `Sequential` (fit, evaluate, predict, explain, save).
"""

from collections.abc import Sequence

import numpy as np

from tinycnn import activations, losses, optimizers
from tinycnn import metrics as metric_functions
from tinycnn.layers import Layer
from tinycnn.models.data import NOT_COMPILED
from tinycnn.models.network import Network
from tinycnn.models.objective import Objective
from tinycnn.models.penalty import penalties
from tinycnn.models.plan import AnyStep, forward, plan
from tinycnn.models.replay import RecordedSteps, recorded_steps
from tinycnn.models.turns import Turns, between_trainings
from tinycnn.utils.validation import check_bool, check_supported, of_one_output
from tinycnn.utils.warning import warn


class Compiled(Network):
    """Layers in a row with an optimizer, a loss and metrics; `Sequential` adds what trains and predicts.

    Args:
        layers, name: see `Network`.
    """

    def __init__(self, layers: Sequence[Layer] | None, name: str):
        self.optimizer: optimizers.Optimizer | None = None
        self.run_eagerly = False
        self._compiled: dict | None = None
        self.turns = Turns()
        super().__init__(layers, name)

    add = between_trainings(Network.add)
    pop = between_trainings(Network.pop)

    @between_trainings
    def compile(
        self,
        optimizer: str | optimizers.Optimizer = "rmsprop",
        loss: object = None,
        loss_weights: None = None,
        metrics: list | None = None,
        weighted_metrics: list | None = None,
        run_eagerly: bool = False,
        **options: object,
    ) -> None:
        """Set the optimizer, the loss and the metrics for training.

        Args:
            optimizer: of `tinycnn.optimizers`, or its name.
            loss: of `tinycnn.losses`, or its name; somebody's own is a subclass of `losses.Loss`.
            metrics: names, functions or objects of `tinycnn.metrics`, or functions of somebody's own:
                function(y_true, y_pred) returns one number a sample, (n,), or one for the batch.
                The loss and these may be a dict {the last layer's name: ...}, too, as in Keras.
            run_eagerly: True to run every layer by itself in training, without fused steps.
            weighted_metrics: the same, for those that take the samples' weights into account.
            loss_weights, options: Keras's; accepted only at their defaults, and jit_compile at any.

        Raises:
            TypeError, ValueError: for something that is not there; nothing is changed then.
        """
        options |= {"loss_weights": loss_weights}
        if isinstance(options.get("jit_compile"), bool):  # nothing hangs on it here
            del options["jit_compile"]
        supported = {"loss_weights": None, "steps_per_execution": 1}
        check_supported(
            "compile", options, {**supported, "jit_compile": "auto", "auto_scale_loss": True}
        )
        if loss is None:
            raise ValueError(f"compile needs a loss: one of {sorted(losses.NAMES)}.")
        last = self._layers[-1].name if self._layers else ""
        loss, *both = (of_one_output(each, last) for each in (loss, metrics, weighted_metrics))
        metrics, weighted_metrics = map(metric_functions.for_model, both)
        compiled = {"loss": losses.get(loss), "metrics": metrics}
        compiled["weighted_metrics"] = weighted_metrics
        for given in (compiled["metrics"], compiled["weighted_metrics"]):
            metric_functions.unique(metric.name for metric in given)
        optimizer, run_eagerly = optimizers.get(optimizer), check_bool("run_eagerly", run_eagerly)
        self.optimizer, self.run_eagerly = optimizer, run_eagerly
        self._compiled = compiled
        self._plans = {}
        _ = self.objective  # computed here so that its warning comes from `compile`

    @property
    def compiled(self) -> bool:
        """Whether `compile` was called."""
        return self._compiled is not None

    @property
    def loss(self) -> losses.Loss | None:
        """The loss of training; None before `compile`."""
        return self._compiled["loss"] if self._compiled else None

    @property
    def metrics_names(self) -> list[str]:
        """The names of what `evaluate` returns, "loss" first; [] before the model is compiled and built."""
        return self.objective.names() if self.objective else []

    def reset_metrics(self) -> None:
        """Do nothing: what `train_on_batch` returns is of this batch alone."""

    @property
    def objective(self) -> Objective | None:
        """The steps, loss and metrics of training; None before the model is compiled and built.

        It is computed once, and again after `add`, `build` or `compile`.
        """
        if self._compiled is None or not self.built:
            return None
        plans = self._plans_now()
        if "training" not in plans:
            plans["training"] = self._plan_training(self._compiled["loss"])
        return plans["training"]

    def _plans_now(self) -> dict[str, object]:
        """Return what is planned for the layers as they are: nothing yet if one was changed since."""
        changes = [layer.changes for layer in self._layers] + [self.run_eagerly]
        plans = self._plans  # read once: another thread may put others in its place
        if plans.get("changes") != changes:
            plans = self._plans = {"changes": changes}
        return plans

    def _plan_training(self, loss: losses.Loss) -> Objective:
        """Return the `Objective` of a built model with this loss.

        It warns if the loss has from_logits=True although the model ends in a softmax or a sigmoid.
        """
        ends = [end for end in ("softmax", "sigmoid") if self.layers[-1].as_logits(end) is not None]
        end = loss.logits_of if loss.logits_of in ends else ""
        if loss.from_logits and ends:
            what = f"scores before the {end}" if end else "model's outputs for scores"
            keras = "as in Keras, " if end else ""
            warn(
                f"from_logits=True, but the model ends in a {ends[0]}: {keras}the loss takes the {what}."
            )
        metrics, weighted = self._compiled["metrics"], self._compiled["weighted_metrics"]
        names = metric_functions.unique(metric.name for metric in metrics)
        own = metric_functions.unique(metric.name for metric in weighted)
        names += [f"weighted_{name}" if name in names else name for name in own]
        metrics = [*metrics, *weighted]
        # Of several classes, the order of the scores is that of the probabilities.
        classes = end == "softmax" and self.output_shape[-1] > 1
        needed = end and not (classes and all(metric.by_order for metric in metrics))
        steps = plan(self.layers, end, fuse=not self.run_eagerly)
        return Objective(
            steps,
            loss,
            bool(end) or loss.from_logits,
            list(zip(names, (metric.per_sample for metric in metrics), strict=True)),
            len(weighted),
            end,
            activations.get(end).forward if needed else None,
            penalties(self.layers),
            steps if self.run_eagerly else recorded_steps(steps),
        )

    def steps(self, training: bool = False) -> list[AnyStep]:
        """Return the steps that the model runs, in order: single layers and fused layers.

        Args:
            training: True for the steps of `fit`, up to the loss; False: those of `predict`.

        Raises:
            ValueError: if the model is not built.
            RuntimeError: for training, if it is not compiled.

        Example:
            >>> from tinycnn.layers import Conv2D, Flatten, Input, MaxPooling2D
            >>> from tinycnn.models import Sequential
            >>> layers = [Input((8, 8, 1)), Conv2D(4, 3, activation="relu"), MaxPooling2D(), Flatten()]
            >>> Sequential(layers).steps()
            [<ConvolutionReLUPooling: conv2d + max_pooling2d>, <Flatten: flatten>]
        """
        self._require_built()
        if training:
            return self._compiled_objective().steps
        plans = self._plans_now()
        if "prediction" not in plans:
            plans["prediction"] = plan(self.layers, prediction=True)
        return plans["prediction"]

    def predicted(self, x: np.ndarray) -> np.ndarray:
        """Return the outputs for a batch (n, ...) of the model's dtype; any number of threads may call it."""
        steps, plans = self.steps(), self._plans_now()
        if "predictor" not in plans:
            plans["predictor"] = recorded_steps(steps)
        match plans["predictor"]:
            case [RecordedSteps() as recorded]:
                return recorded.predict(x)
            case _:
                return forward(steps, x, False, None)[0]

    def _compiled_objective(self) -> Objective:
        """Return `objective`; raise RuntimeError if the model is not compiled."""
        if self.objective is None:
            raise RuntimeError(NOT_COMPILED)
        return self.objective
