"""Keras's place for `tinycnn.utils.backend`."""

import sys
from typing import TYPE_CHECKING

from tinycnn.utils import backend

sys.modules[__name__] = backend  # one module under two names, not two modules
if TYPE_CHECKING:
    from tinycnn.utils.backend import *  # noqa: F403
