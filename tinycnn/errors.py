"""The name that `tinycnn.utils.errors` had before."""

import sys
from typing import TYPE_CHECKING

from tinycnn.utils import errors

sys.modules[__name__] = errors  # one module under two names, not two modules
if TYPE_CHECKING:
    from tinycnn.utils.errors import *  # noqa: F403
