"""What scripts ask Keras's backend."""

from tinycnn.utils import backend


def test_the_backend_of_scripts():
    assert backend.image_data_format() == "channels_last"
    assert backend.floatx() == "float32"
    assert backend.epsilon() == 1e-7
    assert backend.clear_session() is None
