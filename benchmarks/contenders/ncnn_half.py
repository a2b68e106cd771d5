"""The contender ncnn as it is by default, with kernels in half precision: see `engine` for the functions."""

import functools

from benchmarks.contenders import ncnn_cpu
from benchmarks.contenders.engine import Engine

runner = functools.partial(ncnn_cpu.runner, half=True)
engine = Engine(ncnn_cpu.converted, runner, sizes=(1,))
set_threads, predictors = engine.set_threads, engine.predictors
