"""The name that `tinycnn.preprocessing.augmentation` had before."""

import sys

from tinycnn.preprocessing import augmentation

sys.modules[__name__] = augmentation  # one module under two names, not two modules
