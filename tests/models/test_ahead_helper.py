"""What a helper process compiles is what the model needs."""

import pytest

from tests.support.marks import compiled_only
from tests.support.processes import run_code

LAYERS = """[Input((14, 14, 2)), Conv2D(8, 3, activation="relu"), Conv2D(24, 3, activation="relu"),
    MaxPooling2D(2), Dropout(0.25), Conv2D(4, 3, use_bias=False), BatchNormalization(), Activation("gelu"),
    Flatten(), Dense(9, activation="relu"), Dropout(0.5), Dense(3, activation="softmax")]"""
MODEL = """
import json, sys
import numpy as np
from tinycnn.layers import *
from tinycnn.models import Sequential, ahead
model = Sequential({layers})
model.compile("adadelta", "mse", metrics=["mae"])
x = np.zeros((5, *model.input_shape[1:]), np.float32)
y = np.ones((5, model.output_shape[1]), np.float32)
"""
HELP = """
from tinycnn.models import ahead_helper
ahead_helper.compile_for(json.loads(json.dumps(ahead.describe(model, [x, y, np.ones(5)]))))
"""
# What a step and predictions have loaded from the cache, and what they had to compile.
WORK = """
model.train_on_batch(x, y, np.ones(5))
model.predict(np.zeros((256, *x.shape[1:]), np.float32), verbose=0)
model.predict(x[:1], verbose=0)
from numba.core.dispatcher import Dispatcher
modules = [module for name, module in sys.modules.items() if name.startswith("tinycnn.ops.kernels")]
kernels = {value for m in modules for value in vars(m).values() if isinstance(value, Dispatcher)}
print(sum(sum(kernel.stats.cache_hits.values()) for kernel in kernels))
print(*(kernel.__name__ for kernel in kernels if sum(kernel.stats.cache_misses.values())))
"""


@compiled_only
@pytest.mark.slow
def test_when_the_helper_is_done_nothing_is_left_to_compile(tmp_path):
    settings = {"NUMBA_CACHE_DIR": str(tmp_path), "NUMBA_NUM_THREADS": "1"}
    model = MODEL.format(layers=LAYERS)
    run_code(model + HELP, **settings)
    loaded, compiled = run_code(model + WORK, **settings).split("\n")[:2]
    assert int(loaded) > 3
    assert compiled == ""
