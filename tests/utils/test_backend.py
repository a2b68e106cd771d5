"""What scripts ask Keras's backend."""

import pytest

from tinycnn.utils import backend


def test_the_backend_of_scripts():
    assert backend.image_data_format() == "channels_last"
    assert backend.floatx() == "float32"
    assert backend.epsilon() == 1e-7
    assert backend.clear_session() is None


def test_what_is_there_can_be_set_and_nothing_else():
    backend.set_image_data_format("channels_last")
    backend.set_floatx("float32")
    backend.set_epsilon(1e-7)
    assert backend.backend() == "numpy"
    for setter, value in (
        (backend.set_image_data_format, "channels_first"),
        (backend.set_floatx, "float64"),
        (backend.set_epsilon, 1e-3),
    ):
        with pytest.raises(ValueError, match=f"Received: .*={value!r}"):
            setter(value)
