"""`Sequential`: the model class that users see, with Keras's methods: fit, evaluate, predict, save, ..."""

import json
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinycnn import saving, utils
from tinycnn.callbacks import Callback, History
from tinycnn.layers import Layer
from tinycnn.models import arguments, training
from tinycnn.models.files import save_model
from tinycnn.models.inspectable import Inspectable
from tinycnn.models.summary import amount, cells, column_widths, summary
from tinycnn.models.turns import one_thread_at_a_time
from tinycnn.saving.layer_config import keras_model
from tinycnn.utils.array_like import ArrayLike
from tinycnn.utils.validation import check_bool, check_int, check_supported


class Sequential(Inspectable):
    """A model made of a list of layers: `compile` it, `fit` it, then `predict`.

    Args:
        layers: the layers, in order; more can follow with `add`.
        trainable: only True.
        name: of the model.

    Raises:
        TypeError: for something that is no layer.
        ValueError: if a layer does not fit the one before it.

    Example:
        >>> from tinycnn.layers import Dense, Input
        >>> model = Sequential([Input((4,)), Dense(3, activation="softmax")])
        >>> model.predict(np.zeros((2, 4)), verbose=0).shape
        (2, 3)
    """

    def __init__(
        self,
        layers: Sequence[Layer] | None = None,
        trainable: bool = True,
        name: str | None = None,
    ):
        self.history: History | None = None
        self.stop_training = False
        super().__init__(layers, "sequential" if name is None else name)
        if not check_bool("trainable", trainable):
            self.trainable = False

    def summary(
        self,
        line_length: int | None = None,
        positions: Sequence[float] | None = None,
        print_fn: Callable[[str], object] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: None = None,
    ) -> None:
        """Print the table of layers, shapes and parameters.

        Args:
            line_length: how many characters a line has; None: 76.
            positions: for each column the share of the line, 0 to 1, where it ends; None: 0.45, 0.8, 1.
            print_fn: receives the text instead of standard output.
            expand_nested: True or False: there are no models in models.
            show_trainable: True for a column that says of each layer with weights whether it is trainable.
            layer_range: only None.
        """
        check_supported("summary", {"layer_range": layer_range}, {"layer_range": None})
        check_bool("expand_nested", expand_nested)
        shown = check_bool("show_trainable", show_trainable)
        widths = column_widths(line_length, positions, shown)
        slots = self.optimizer.slots.values() if self.optimizer else []
        held = [array for slot in slots for array in slot]
        sizes = map(amount, (self.trainable_weights, self.non_trainable_weights, held))
        text = summary(self.name, [cells(layer) for layer in self.layers], *sizes, widths=widths)
        (print_fn or print)(text)

    def __call__(
        self, x: ArrayLike, training: bool | None = False, mask: None = None
    ) -> np.ndarray:
        """Return the output for samples x (n, ...), taken as one batch: see `predict`.

        Args:
            x: samples (n, ...).
            training: True for what layers do in a training step: dropout, the statistics of the batch.
            mask: only None.
        """
        check_supported("a model", {"mask": mask}, {"mask": None})
        if not training:
            return self.predict_on_batch(x)
        y = self._samples(x)
        for layer in self.layers:
            y = layer(y, training=True)
        return y

    def to_json(self, **options: Any) -> str:
        """Return the layers and their arguments, without weights, as a text that Keras reads, too.

        Args:
            options: for `json.dumps`, such as indent=2.

        Raises:
            ModelFileError: for a layer of somebody's own.
        """
        saving.check_known("JSON", self.layers)
        described = {"module": "keras", **keras_model(self.get_config()), "registered_name": None}
        return json.dumps(described, **options)

    @one_thread_at_a_time
    def fit(
        self,
        x: np.ndarray,
        y: np.ndarray,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: list[Callback] | Callback | None = None,
        validation_split: float = 0.0,
        validation_data: tuple[np.ndarray, np.ndarray] | None = None,
        shuffle: bool = True,
        class_weight: None = None,
        sample_weight: None = None,
        initial_epoch: int = 0,
        steps_per_epoch: None = None,
        validation_steps: None = None,
        validation_batch_size: int | None = None,
        validation_freq: int = 1,
        **options: object,
    ) -> History:
        """Train the model on samples and labels.

        Args:
            x: samples (n, ...), numbers.
            y: labels, as the loss takes them.
            batch_size: how many samples a training step takes; None: 32.
            epochs: train up to this epoch, from initial_epoch: epochs - initial_epoch passes over the data.
            verbose: 0 silent, 1 or "auto" a progress bar, 2 one line an epoch.
            callbacks: of `tinycnn.callbacks`.
            validation_split: the share (0 to 1) of the *last* samples, before any shuffling, to validate on.
            validation_data: (x, y) to validate on instead.
            shuffle: True for a new order of the samples in every epoch.
            initial_epoch: the epoch to begin with, to go on with an earlier training.
            validation_batch_size: samples in a batch of validation; None: 256.
            class_weight, sample_weight, steps_per_epoch, validation_steps, validation_freq, options:
                only at Keras's defaults.

        Returns:
            A `History`; its `history` holds the losses and metrics of every epoch.

        Raises:
            ValueError, TypeError: for data that do not fit, or options that are not there.
            RuntimeError: if the model is not compiled, or another thread is training it.
        """
        given = {"class_weight": class_weight, "sample_weight": sample_weight}
        given |= {"steps_per_epoch": steps_per_epoch, "validation_steps": validation_steps}
        options["validation_freq"] = validation_freq
        check_supported("fit", given | options, {**dict.fromkeys(given), "validation_freq": 1})
        batch_size = arguments.batch_or(32, batch_size)
        epochs = range(
            check_int("initial_epoch", initial_epoch, low=0), check_int("epochs", epochs, low=0)
        )
        data = self._labelled(x, y)
        if validation_data is not None:
            validation = self._labelled(*arguments.validation_pair(validation_data))
        else:
            data, validation = arguments.split(data, validation_split)
        return training.run_fit(
            self,
            data,
            validation,
            arguments.callback_list(callbacks),
            utils.next_rng(),
            batch_size=batch_size,
            validation_batch_size=arguments.batch_or(
                training.LARGE_BATCH, validation_batch_size, "validation_batch_size"
            ),
            epochs=epochs,
            shuffle=check_bool("shuffle", shuffle),
            verbose=arguments.verbosity(verbose),
        )

    @one_thread_at_a_time
    def train_on_batch(
        self,
        x: np.ndarray,
        y: np.ndarray,
        sample_weight: None = None,
        class_weight: None = None,
        return_dict: bool = False,
    ) -> Any:
        """Take one training step; return the batch's loss and metrics before the step: see `evaluate`."""
        given = {"sample_weight": sample_weight, "class_weight": class_weight}
        check_supported("train_on_batch", given, dict.fromkeys(given))
        x, y = self._labelled(x, y)
        means = training.Means(self.objective.names())
        means.add(training.train_step(self, training.quiet_batch(self, x), y, utils.next_rng()))
        return arguments.results(means.logs(), return_dict)

    def test_on_batch(
        self, x: np.ndarray, y: np.ndarray, sample_weight: None = None, return_dict: bool = False
    ) -> float | list[float] | dict[str, float]:
        """Return the mean loss and metrics of these samples, taken as one batch: see `evaluate`."""
        x = self._samples(x)
        size = max(1, len(x))
        return self.evaluate(x, y, size, 0, sample_weight, return_dict=return_dict)

    def predict_on_batch(self, x: np.ndarray) -> np.ndarray:
        """Return the model's output for these samples, taken as one batch: see `predict`."""
        x = self._samples(x)
        return self.predict(x, batch_size=max(1, len(x)), verbose=0)

    def evaluate(
        self,
        x: np.ndarray,
        y: np.ndarray,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: None = None,
        steps: None = None,
        callbacks: None = None,
        return_dict: bool = False,
        **options: object,
    ) -> Any:
        """Return the mean loss and metrics over these samples; the weights do not change.

        Args:
            x: samples (n, ...).
            y: labels, as the loss takes them.
            batch_size: samples a step; None: 256. It changes nothing but the memory that is needed.
            verbose: 0 silent, 1 or "auto" a progress bar, 2 one line.
            sample_weight, steps, callbacks: only None.
            return_dict: True to return {"loss": ..., metric: ...}.

        Returns:
            [loss, metric, ...]; only the loss where there are no metrics.

        Raises:
            ValueError: for data that do not fit.
            RuntimeError: if the model is not compiled.
        """
        given = {"sample_weight": sample_weight, "steps": steps, "callbacks": callbacks}
        check_supported("evaluate", given | options, dict.fromkeys(given))
        x, y = self._labelled(x, y)
        size = arguments.batch_or(training.LARGE_BATCH, batch_size)
        return arguments.results(
            self._with_bar(training.run_evaluate, (x, y), size, verbose), return_dict
        )

    def predict(
        self,
        x: np.ndarray,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: None = None,
        callbacks: None = None,
        **options: object,
    ) -> np.ndarray:
        """Return the model's output for every sample.

        Args:
            x: samples (n, ...).
            batch_size: samples a step; None: 256. It changes nothing but the memory that is needed.
            verbose: 0 silent, 1 a progress bar, 2 one line, "auto" a bar only where it takes long.
            steps, callbacks: only None.

        Returns:
            (n, ...), for the classic net the probabilities (n, 10).

        Raises:
            ValueError: for samples that do not fit.
        """
        given = {"steps": steps, "callbacks": callbacks}
        check_supported("predict", given | options, dict.fromkeys(given))
        x = self._samples(x)
        size = arguments.batch_or(training.LARGE_BATCH, batch_size)
        verbose = (
            0 if isinstance(verbose, str) and verbose == "auto" and len(x) <= size else verbose
        )
        return self._with_bar(training.run_predict, (x,), size, verbose)

    def _with_bar(self, run: Callable, data: tuple, batch_size: int, verbose: int | str) -> object:
        """Return run(self, *data, batch_size), with a progress bar unless verbose is 0.

        Args:
            run: `training.run_evaluate` or `training.run_predict`; its name without "run_" labels the bar.
            data: its arrays, the first with one entry a sample.
            batch_size: samples in a batch.
            verbose: as for `evaluate`.
        """
        verbose = arguments.verbosity(verbose)
        if not verbose:
            return run(self, *data, batch_size)
        from tinycnn.utils.progress import Bar

        total = -(-len(data[0]) // batch_size)
        bar = Bar(total, run.__name__.removeprefix("run_"), visible=verbose == 1)
        try:
            result = run(self, *data, batch_size, bar)
        finally:
            bar.close()
        bar.finish(result if isinstance(result, dict) else {})
        return result

    def save(
        self,
        filepath: str | os.PathLike,
        overwrite: bool = True,
        *,
        include_optimizer: bool = True,
    ) -> None:
        """Write the whole model to an HDF5 file that Keras opens, too.

        While another thread trains the model, the file may mix weights from before and after a step.

        Args:
            filepath: ends in .h5 or .hdf5.
            overwrite: False to refuse if the file is there.
            include_optimizer: False to leave out what `compile` and training added: a third of the size.

        Raises:
            ModelFileError: if the file cannot be written.
        """
        save_model(self, filepath, overwrite, include_optimizer)
