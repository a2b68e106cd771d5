"""A model: a list of layers, the steps that they run, training, explanations, saving and loading."""

from tinycnn.models.files import save_model
from tinycnn.models.loading import load_model
from tinycnn.models.sequential import Sequential

__all__ = ["Sequential", "load_model", "save_model"]
