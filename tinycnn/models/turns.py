"""Two decorators: only one thread may train a model at a time, and a model in training is not altered."""

import functools
import os
import threading
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

# For type checkers: what decorated methods take after `self`, and return.
Arguments = ParamSpec("Arguments")
Owner = TypeVar("Owner")
Result = TypeVar("Result")
Method = Callable[Concatenate[Owner, Arguments], Result]


class Turns(dict):
    """Which thread trains a model now: {process id: (thread id,)}, empty while nobody does.

    The key is the process because a forked process starts with a copy of this dictionary, and its own
    entry is not in there. A deep copy or a pickled copy is empty: nobody trains the copy of a model.

    Example:
        >>> import copy
        >>> copy.deepcopy(Turns({1: (2,)}))
        {}
    """

    def __reduce__(self) -> tuple:
        return Turns, ()


def one_thread_at_a_time(
    method: Method[Owner, Arguments, Result],
) -> Method[Owner, Arguments, Result]:
    """Decorate a method so that only one thread at a time can be inside it, for each model.

    All methods with this decorator share the lock of their model. The thread that holds it may call them
    again: a callback of `fit` may train, too.

    Args:
        method: of a class whose objects have an attribute `turns`, a `Turns`.

    Returns:
        The method, which raises RuntimeError, without waiting, while another thread is inside.
    """

    @functools.wraps(method)  # `turn` replaces the method
    def turn(model: Owner, *arguments: Arguments.args, **options: Arguments.kwargs) -> Result:
        turns, process, mine = model.turns, os.getpid(), (threading.get_ident(),)
        try:
            # setdefault is atomic: of two threads only one can enter its own id.
            if turns.setdefault(process, mine) != mine:
                raise RuntimeError(
                    "Another thread is training this model already: wait until it has ended, or train "
                    "a copy of your own, copy.deepcopy(model)."
                )
            return method(model, *arguments, **options)
        finally:
            # Give the turn back, but only in the outermost call, whose tuple `mine` this is. No function
            # is called here: Python raises KeyboardInterrupt only at calls, so this cannot be cut short.
            if process in turns and turns[process] is mine:
                del turns[process]

    return turn


def between_trainings(method: Method[Owner, Arguments, Result]) -> Method[Owner, Arguments, Result]:
    """Decorate a method that changes a model (`add`, `compile`) so that it is refused during training.

    Args:
        method: of a class whose objects have an attribute `turns`, a `Turns`.

    Returns:
        The method, which raises RuntimeError while any thread of this process trains the model, also the
        calling thread itself (from a callback).
    """

    @functools.wraps(method)  # `checked` replaces the method
    def checked(model: Owner, *arguments: Arguments.args, **options: Arguments.kwargs) -> Result:
        if os.getpid() in model.turns:
            raise RuntimeError(
                f"{method.__name__} cannot change a model that is being trained: call it before fit, "
                "or after it."
            )
        return method(model, *arguments, **options)

    return checked
