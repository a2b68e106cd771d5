"""Every example file, saved again by us in both formats, is the same model in Keras 3 and tf.keras.

The files are in `tests/support/keras_files`. Skipped without Keras.
"""

import pathlib
import warnings

import numpy as np
import pytest

import tinycnn
from tests.saving.test_keras_kinds import OWN
from tests.support import make_keras_files
from tests.support.peers import import_keras

FOLDER = pathlib.Path(__file__).parents[1] / "support" / "keras_files"
FILES = {
    path.relative_to(FOLDER).as_posix(): path
    for pattern in ("kinds/*.h5", "*.h5", "archives/*.keras")
    for path in sorted(FOLDER.glob(pattern))
}
# Each asks what it does not know of the other.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module", params=["keras", "tf_keras"])
def peer(request):
    import_keras()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(request.param, reason=f"{request.param} is not installed")


@pytest.fixture(scope="module")
def own(peer):
    """The peer's class of a user's own layer."""
    return {"Doubling": type(make_keras_files.Kind().own(peer).layers[1])}


def samples(path):
    """Return the inputs that a file was tried with, and labels."""
    with np.load(path.with_suffix(".npz")) as facts:
        one_hot = np.eye(3, dtype=np.float32)[np.arange(len(facts["x"])) % 3]
        return facts["x"], facts.get("y", one_hot)


@pytest.mark.parametrize("ending", [".h5", ".keras"])
@pytest.mark.parametrize("name", FILES)
def test_it_predicts_and_reports_the_same(peer, own, name, ending, tmp_path):
    ours = tinycnn.load_model(FILES[name], custom_objects=OWN)
    ours.save(tmp_path / f"again{ending}")
    theirs = peer.models.load_model(tmp_path / f"again{ending}", custom_objects=own)
    theirs.run_eagerly = True  # else each of hundreds of models is compiled first
    x, y = samples(FILES[name])
    predicted = theirs(x, training=False).numpy()
    np.testing.assert_allclose(predicted, ours.predict(x, verbose=0), rtol=0, atol=1e-5)
    wanted = ours.evaluate(x, y, batch_size=len(x), verbose=0, return_dict=True)
    assert len(wanted) >= 2
    # As `evaluate` with one batch, and faster.
    assert theirs.test_on_batch(x, y, return_dict=True) == pytest.approx(wanted, abs=1e-5)
