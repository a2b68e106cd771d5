"""The name that `tinycnn.preprocessing.augmentation` had before."""

import sys
from typing import TYPE_CHECKING

from tinycnn.preprocessing import augmentation

sys.modules[__name__] = augmentation  # one module under two names, not two modules
if TYPE_CHECKING:
    from tinycnn.preprocessing.augmentation import *  # noqa: F403
