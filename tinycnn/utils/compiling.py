"""Where a kernel that has to be compiled is made known: the kernels call, the models listen."""

from collections.abc import Callable
from contextvars import ContextVar

# Called before a kernel is compiled that is not in the cache; None: nobody listens.
before_compiling: ContextVar[Callable[[], None] | None] = ContextVar("listener", default=None)
