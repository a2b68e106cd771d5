"""The name that `tinycnn.preprocessing.image_files` had before."""

import sys

from tinycnn.preprocessing import image_files

sys.modules[__name__] = image_files  # one module under two names, not two modules
