"""A model: layers in a row, the steps that they run, training, and the way to and from a file."""

from tinycnn.models.files import save_model
from tinycnn.models.loading import load_model
from tinycnn.models.sequential import Sequential

__all__ = ["Sequential", "load_model", "save_model"]
