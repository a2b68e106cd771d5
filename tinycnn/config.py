"""Keras's newer place for `tinycnn.utils.backend`."""

import sys

from tinycnn.utils import backend

sys.modules[__name__] = backend  # one module under two names, not two modules
