"""The name that `tinycnn.preprocessing.image_files` had before."""

import sys
from typing import TYPE_CHECKING

from tinycnn.preprocessing import image_files

sys.modules[__name__] = image_files  # one module under two names, not two modules
if TYPE_CHECKING:
    from tinycnn.preprocessing.image_files import *  # noqa: F403
