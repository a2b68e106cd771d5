"""A model: a list of layers, the steps that they run, training, explanations, saving and loading."""

from tinycnn.models.copies import clone_model, model_from_json
from tinycnn.models.files import save_model
from tinycnn.models.loading import load_model
from tinycnn.models.model import Model
from tinycnn.models.sequential import Sequential

__all__ = ["Model", "Sequential", "clone_model", "load_model", "model_from_json", "save_model"]
