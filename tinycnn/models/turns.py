"""One thread at a time trains a model: two at once would mix their steps, and neither would notice."""

import functools
import os
import threading
from collections.abc import Callable


class Turns(dict):
    """Whose turn it is to train a model: (thread,) by process, for a fork takes the memory along.

    A deep or pickled copy of a model is nobody's yet: there this comes out empty.

    Example:
        >>> import copy
        >>> copy.deepcopy(Turns({1: (2,)}))
        {}
    """

    def __reduce__(self) -> tuple:
        return Turns, ()


def one_thread_at_a_time(method: Callable) -> Callable:
    """Let a method of a model begin unless another thread is within such a method of the same model.

    The same thread may come again: a callback of `fit` may train, too.

    Args:
        method: of an object with `turns`, of `Turns`.

    Returns:
        The method; it raises RuntimeError while another thread is within.
    """

    @functools.wraps(method)
    def turn(model: object, *arguments: object, **options: object) -> object:
        turns, process, mine = model.turns, os.getpid(), (threading.get_ident(),)
        try:
            if turns.setdefault(process, mine) != mine:  # one step, that no other thread can divide
                raise RuntimeError(
                    "Another thread is training this model already: wait until it has ended, or train "
                    "a copy of your own, copy.deepcopy(model)."
                )
            return method(model, *arguments, **options)
        finally:
            # No function is called here, and Python hands on Ctrl-C only with calls: so the turn is
            # given back whatever happens, and only by the call that took it.
            if process in turns and turns[process] is mine:
                del turns[process]

    return turn


def between_trainings(method: Callable) -> Callable:
    """Let a method that changes what a model is made of run only while nobody trains it.

    Args:
        method: of an object with `turns`, of `Turns`.

    Returns:
        The method; it raises RuntimeError when it is called from a callback, or beside another thread.
    """

    @functools.wraps(method)
    def checked(model: object, *arguments: object, **options: object) -> object:
        if os.getpid() in model.turns:
            raise RuntimeError(
                f"{method.__name__} cannot change a model that is being trained: call it before fit, "
                "or after it."
            )
        return method(model, *arguments, **options)

    return checked
