"""What compile was told: from the words of every Keras, and back."""

import pytest

import tinycnn
from tinycnn.layers import Dense, Input
from tinycnn.utils.errors import ModelFileError


class Slow(tinycnn.optimizers.SGD):
    """Somebody's own optimizer."""


class Gentle(tinycnn.losses.CategoricalCrossentropy):
    """Somebody's own loss."""


@pytest.mark.parametrize(
    ("optimizer", "loss", "name"),
    [(Slow(), "categorical_crossentropy", "Slow"), ("sgd", Gentle(), "Gentle")],
)
def test_what_no_file_can_hold_is_named_and_left_out_on_request(tmp_path, optimizer, loss, name):
    model = tinycnn.Sequential([Input((4,)), Dense(3)])
    model.compile(optimizer, loss)
    with pytest.raises(ModelFileError, match=f"no file can hold a {name}.*include_optimizer=False"):
        model.save(tmp_path / "a.h5")
    assert list(tmp_path.iterdir()) == []
    model.save(tmp_path / "a.h5", include_optimizer=False)
    assert tinycnn.load_model(tmp_path / "a.h5").count_params() == 15
