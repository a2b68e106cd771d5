"""The name that `tinycnn.utils.plots` had before."""

import sys
from typing import TYPE_CHECKING

from tinycnn.utils import plots

sys.modules[__name__] = plots  # one module under two names, not two modules
if TYPE_CHECKING:
    from tinycnn.utils.plots import *  # noqa: F403
