"""The name that `tinycnn.utils.errors` had before."""

import sys

from tinycnn.utils import errors

sys.modules[__name__] = errors  # one module under two names, not two modules
