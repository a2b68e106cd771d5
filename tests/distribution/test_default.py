"""The distribution that `fit`, `evaluate` and `predict` use, and what all ranks ask rank 0."""

import subprocess
import sys

import pytest

from tests.support import patience
from tests.support.ranks import default, in_threads
from tinycnn import distribution


def test_without_one_this_process_is_rank_0():
    assert (distribution.distribution(), distribution.rank()) == (None, 0)
    assert distribution.broadcast(b"abc") == b"abc"
    assert distribution.broadcast(None) is None
    assert distribution.rank_0_decides(lambda: True)
    assert not distribution.rank_0_decides(lambda: False)


@pytest.mark.parametrize("value", ["DataParallel", 1, object()])
def test_only_a_distribution_can_be_set(value):
    with pytest.raises(TypeError, match="must be a DataParallel"):
        distribution.set_distribution(value)


def test_one_rank_is_set_and_taken_back():
    def one(shared):
        with default(shared):
            assert distribution.distribution() is shared
            return distribution.rank(), distribution.broadcast(b"x")

    assert in_threads(1, one) == [(0, b"x")]
    assert distribution.distribution() is None


def test_what_rank_0_is_refused_is_false_and_raised():
    def refuse():
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        distribution.rank_0_decides(refuse)


def test_nothing_of_it_is_imported_where_it_is_not_used():
    code = (
        "import sys, numpy as np\nfrom tinycnn import Sequential\nfrom tinycnn.layers import Dense\n"
        "model = Sequential([Dense(2, input_shape=(3,))])\nmodel.compile('sgd', 'mse')\n"
        "model.fit(np.zeros((4, 3)), np.zeros((4, 2)), verbose=0)\nimport tinycnn.distribution\n"
        "print('mpi4py' in sys.modules)"
    )
    done = patience.run([sys.executable, "-c", code], stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout) == (0, "False\n"), done.stderr


def test_who_trains_alone_imports_nothing_of_it():
    code = (
        "import sys, tinycnn.models, tinycnn.distribution; "
        "print([name for name in sys.modules if 'mpi4py' in name or name in "
        "('tinycnn.distribution.data_parallel', 'tinycnn.models.sharded', 'socket')])"
    )
    done = patience.run([sys.executable, "-c", code])
    assert done.stdout == "[]\n", done.stderr
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = distribution.Nothing
