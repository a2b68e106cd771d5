"""`Sequential`: the model class that users see, with Keras's methods: fit, evaluate, predict, save, ..."""

import functools
import json
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinycnn.callbacks import Callback, CallbackList, History, ProgbarLogger
from tinycnn.layers import Layer
from tinycnn.models import arguments, data, training
from tinycnn.models.files import keras_config, load_weights, save_model, save_weights
from tinycnn.models.inspectable import Inspectable
from tinycnn.models.means import Means
from tinycnn.models.progress import Progress
from tinycnn.models.summary import amount, cells, column_widths, summary
from tinycnn.models.turns import one_thread_at_a_time
from tinycnn.utils.array_like import ArrayLike, Samples
from tinycnn.utils.rng import current_seed, rng_at
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
        self, layers: Sequence[Layer] | None = None, trainable: bool = True, name: str | None = None
    ):
        self.history: History | None = None
        self.stop_training = False
        self.progress: Progress | None = None  # of `fit`, while it trains
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
            ModelFileError: for a class or function of somebody's own that has the name of one of ours.
        """
        return json.dumps(keras_config(self), **options)

    @one_thread_at_a_time
    def fit(
        self,
        x: Samples | None = None,
        y: ArrayLike | None = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: list[Callback] | Callback | None = None,
        validation_split: float = 0.0,
        validation_data: object = None,
        shuffle: bool | str = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: ArrayLike | None = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | list[int] = 1,
        **options: object,
    ) -> History:
        """Train the model on samples and labels.

        Args:
            x: samples (n, ...), numbers. Or what hands over batches (x, y) or (x, y, sample_weight): a
                `tinycnn.utils.PyDataset`, a generator, anything that can be iterated.
            y: labels, as the loss takes them; None where x hands over batches.
            batch_size: how many samples a training step takes; None: 32.
            epochs: train up to this epoch, from initial_epoch: epochs - initial_epoch passes over the data.
            verbose: 0 silent, 1 or "auto" a progress bar, 2 one line an epoch.
            callbacks: of `tinycnn.callbacks`.
            validation_split: the share (0 to 1) of the *last* samples, before any shuffling, to validate on.
            validation_data: (x, y), (x, y, sample_weight) or what hands over such batches, to validate on.
            shuffle: True for a new order of the samples (of a `PyDataset`'s batches) in every epoch; "batch",
                for which Keras keeps samples of a batch together, means the same.
            class_weight: {class number: weight}: what samples of a class count in the loss; others: 1.
            sample_weight: (n,), what each sample counts in the loss, from 0.
            initial_epoch: the epoch to begin with, to go on with an earlier training.
            steps_per_epoch: batches in an epoch; the next one goes on there. None: all that there are.
            validation_steps: batches in a validation, the first ones; None: all.
            validation_batch_size: samples in a batch of validation; None: 256, or, where validation_steps
                counts them, batch_size.
            validation_freq: validate after each so many epochs, or after those in a list, counted from 1.
            options: there are no others.

        Returns:
            A `History`; its `history` holds the losses and metrics of every epoch.

        Raises:
            ValueError, TypeError: for data that do not fit, or options that are not there.
            RuntimeError: if the model is not compiled, or another thread is training it.
        """
        check_supported("fit", options, {})
        epochs = range(
            check_int("initial_epoch", initial_epoch, low=0), check_int("epochs", epochs, low=0)
        )
        parts, held = (x, y, sample_weight), None
        if validation_data is not None:
            held = arguments.validation_parts(validation_data)
        elif data.is_stream(x):
            arguments.no_split(validation_split)
        else:
            parts, held = arguments.split(self._weighted(*parts), validation_split)
        check = functools.partial(self._weighted, class_weight=class_weight)
        steps = arguments.count_or_none("steps_per_epoch", steps_per_epoch)
        feed = data.feed(check, *parts, batch_size=batch_size, steps=steps)
        validation = self._validation(
            held, batch_size, validation_steps, validation_batch_size, validation_freq
        )
        return training.run_fit(
            self,
            feed,
            validation,
            arguments.callback_list(callbacks),
            current_seed(),
            epochs=epochs,
            shuffle=str(shuffle) == "batch" or check_bool("shuffle", shuffle),
            verbose=arguments.verbosity(verbose),
        )

    def _validation(
        self,
        held: tuple | None,
        batch_size: int | None,
        steps: int | None,
        own_batch_size: int | None,
        freq: int | list[int],
    ) -> data.Validation | None:
        """Return what `fit` validates on, or None; `held` is x, y, sample_weight, the rest as for `fit`."""
        steps = arguments.count_or_none("validation_steps", steps)
        size = arguments.count_or_none("validation_batch_size", own_batch_size)
        freq = arguments.check_freq(freq)
        if held is None:
            return None
        if size is None and steps is not None:
            size = batch_size
        sizes = {"batch_size": size, "steps": steps, "default": data.LARGE_BATCH}
        return data.Validation(data.feed(self._weighted, *held, **sizes), freq)

    @one_thread_at_a_time
    def train_on_batch(
        self,
        x: ArrayLike,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        class_weight: dict[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Take one training step; return the batch's loss and metrics before the step: see `evaluate`."""
        x, y, weights = self._weighted(x, y, sample_weight, class_weight)
        means = Means(self.objective.names(), self.objective.weighted)
        x = self.as_batch(x, quiet=True)
        masks = rng_at(current_seed(), "masks", training.step_of(self))
        values = training.train_step(self, x, y, masks, weights=weights)
        means.add(values, weights)
        return arguments.results(means.logs(), return_dict)

    def test_on_batch(
        self,
        x: ArrayLike,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        return_dict: bool = False,
    ) -> float | list[float] | dict[str, float]:
        """Return the mean loss and metrics of these samples, taken as one batch: see `evaluate`."""
        x = self._samples(x)
        size = max(1, len(x))
        return self.evaluate(x, y, size, 0, sample_weight, return_dict=return_dict)

    def predict_on_batch(self, x: ArrayLike) -> np.ndarray:
        """Return the model's output for these samples, taken as one batch: see `predict`."""
        x = self._samples(x)
        return self.predict(x, batch_size=max(1, len(x)), verbose=0)

    def evaluate(
        self,
        x: Samples | None = None,
        y: ArrayLike | None = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: ArrayLike | None = None,
        steps: int | None = None,
        callbacks: list[Callback] | Callback | None = None,
        return_dict: bool = False,
        **options: object,
    ) -> Any:
        """Return the mean loss and metrics over these samples; the weights do not change.

        Args:
            x: samples (n, ...), or what hands over batches (x, y) or (x, y, sample_weight): see `fit`.
            y: labels, as the loss takes them; None where x hands over batches.
            batch_size: samples a step; None: 256. It changes nothing but the memory that is needed.
            verbose: 0 silent, 1 or "auto" a progress bar, 2 one line.
            sample_weight: (n,), what each sample counts in the loss, from 0.
            steps: how many batches to take, the first ones; None: all.
            callbacks: of `tinycnn.callbacks`; their `on_test_...` methods are called.
            return_dict: True to return {"loss": ..., metric: ...}.
            options: there are no others.

        Returns:
            [loss, metric, ...]; only the loss where there are no metrics.

        Raises:
            ValueError: for data that do not fit.
            RuntimeError: if the model is not compiled.
        """
        check_supported("evaluate", options, {})
        sizes = {"batch_size": batch_size, "steps": steps, "default": data.LARGE_BATCH}
        feed = data.feed(self._weighted, x, y, sample_weight, **sizes)
        logs = self._run(training.evaluate, feed, callbacks, verbose)
        return arguments.results(logs, return_dict)

    def predict(
        self,
        x: Samples,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: list[Callback] | Callback | None = None,
        **options: object,
    ) -> np.ndarray:
        """Return the model's output for every sample.

        Args:
            x: samples (n, ...), or what hands over batches of them, alone or as (x, y): see `fit`.
            batch_size: samples a step; None: 256. It changes nothing but the memory that is needed.
            verbose: 0 silent, 1 a progress bar, 2 one line, "auto" a bar only where it takes long.
            steps: how many batches to take, the first ones; None: all.
            callbacks: of `tinycnn.callbacks`; their `on_predict_...` methods are called.
            options: there are no others.

        Returns:
            (n, ...), for the classic net the probabilities (n, 10).

        Raises:
            ValueError: for samples that do not fit.
        """
        check_supported("predict", options, {})
        sizes = {"batch_size": batch_size, "steps": steps, "default": data.LARGE_BATCH}
        feed = data.feed(self._unlabelled, x, **sizes)
        if isinstance(verbose, str) and verbose == "auto" and feed.count in (0, 1):
            verbose = 0
        return self._run(training.predict, feed, callbacks, verbose)

    def _run(
        self,
        run: Callable,
        feed: data.Feed,
        callbacks: list[Callback] | Callback | None,
        verbose: int | str,
    ) -> object:
        """Return run(self, feed, hooks), with a progress bar unless verbose is 0.

        Args:
            run: `training.evaluate` or `training.predict`.
            feed: the batches.
            callbacks, verbose: as for `evaluate`.
        """
        verbose = arguments.verbosity(verbose)
        if not (verbose or callbacks):
            return run(self, feed, None)
        bar = [ProgbarLogger(verbose)] if verbose else []
        params = {"epochs": 1, "steps": feed.count, "verbose": verbose}
        try:
            return run(
                self, feed, CallbackList([*bar, *arguments.callback_list(callbacks)], self, params)
            )
        finally:
            for one in bar:
                one.close()

    def save(
        self,
        filepath: str | os.PathLike,
        overwrite: bool = True,
        zipped: bool | None = None,
        *,
        include_optimizer: bool = True,
        save_format: str | None = None,
    ) -> None:
        """Write the whole model to a file that Keras opens, too.

        While another thread trains the model, the file may mix weights from before and after a step.

        Args:
            filepath: ends in .keras, or in .h5 or .hdf5, which tf.keras 2 reads, too.
            overwrite: False to refuse if the file is there.
            zipped, save_format: only None, or what the file's name says: "keras" or "h5".
            include_optimizer: False to leave out what `compile` and training added: a third of the size.

        Raises:
            ModelFileError: if the file cannot be written.
            ValueError: for a format that is not that of the name.
        """
        zips = str(filepath).lower().endswith(".keras")
        supported = {"zipped": zips, "save_format": "keras" if zips else "h5"}
        check_supported("save", {"zipped": zipped, "save_format": save_format}, supported)
        save_model(self, filepath, overwrite, include_optimizer)

    def save_weights(self, filepath: str | os.PathLike, overwrite: bool = True) -> None:
        """Write the weights alone, for `load_weights` here or in Keras.

        Args:
            filepath: ends in .weights.h5, for Keras 3, or in another .h5 or .hdf5, the layout of tf.keras 2.
            overwrite: False to refuse if the file is there.

        Raises:
            ModelFileError: if the file cannot be written.
        """
        save_weights(self, filepath, overwrite)

    def load_weights(
        self, filepath: str | os.PathLike, skip_mismatch: bool = False, *, by_name: bool = False
    ) -> None:
        """Read the weights of this model, which must be built, from a file; on an error all stay as they are.

        The optimizer's state is left as it is.

        Args:
            filepath: of weights or of a whole model, as Keras and this library write them.
            skip_mismatch: True to leave out layers whose weights have other shapes or are missing, with a
                warning.
            by_name: True to take those of layers with the same names, and leave out others; not for Keras 3's
                layout, which has no names.

        Raises:
            ModelFileError: if the file is no good, or holds the weights of another model.
        """
        load_weights(self, filepath, skip_mismatch, by_name)
