"""What saves a file: a model, a picture, a table; as parameters of a test."""

import pytest
from PIL import Image

from tinycnn.callbacks import CSVLogger
from tinycnn.layers import Dense, Input
from tinycnn.models.sequential import Sequential
from tinycnn.utils import plots


def save_model(path):
    Sequential([Input((4,)), Dense(3)]).save(path)


def save_picture(path):
    plots.save_picture(Image.new("L", (5, 4), 7), path)


def save_table(path):
    logger = CSVLogger(path)
    logger.on_train_begin()
    logger.on_epoch_end(0, {"loss": 0.5})


SAVERS = pytest.mark.parametrize(
    ("save", "name"),
    [(save_model, "a.h5"), (save_picture, "a.png"), (save_table, "a.csv")],
    ids=["model", "picture", "table"],
)
