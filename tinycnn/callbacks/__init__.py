"""Callbacks, by their Keras names: objects whose methods `fit`, `evaluate` and `predict` call on the way."""

from tinycnn.callbacks.backup_and_restore import BackupAndRestore
from tinycnn.callbacks.base import Callback, CallbackList
from tinycnn.callbacks.csv_logger import CSVLogger
from tinycnn.callbacks.early_stopping import EarlyStopping
from tinycnn.callbacks.history import History
from tinycnn.callbacks.lambda_callback import LambdaCallback
from tinycnn.callbacks.learning_rate_scheduler import LearningRateScheduler
from tinycnn.callbacks.model_checkpoint import ModelCheckpoint
from tinycnn.callbacks.monitor import Monitor
from tinycnn.callbacks.progbar_logger import ProgbarLogger
from tinycnn.callbacks.reduce_lr_on_plateau import ReduceLROnPlateau
from tinycnn.callbacks.terminate_on_nan import TerminateOnNaN

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "Monitor",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "TerminateOnNaN",
]
