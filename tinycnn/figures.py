"""The name that `tinycnn.utils.plots` had before."""

import sys

from tinycnn.utils import plots

sys.modules[__name__] = plots  # one module under two names, not two modules
