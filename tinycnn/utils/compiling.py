"""The place where a kernel that has to be compiled is made known: `ops/kernels/codegen/jit.py` calls, models listen."""

from collections.abc import Callable
from contextvars import ContextVar

# Called before a kernel is compiled that is not in the cache; None: nobody listens.
before_compiling: ContextVar[Callable[[], None] | None] = ContextVar("before_compiling", default=None)
