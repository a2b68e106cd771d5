"""A user's own layers, losses, optimizers, activations and so on, by the names that stand for them in files.

A file holds a name only. What it means is what this library has, or what the program itself handed over:
registered with `register_keras_serializable`, or given to `load_model(path, custom_objects={...})` or
`custom_object_scope`. Nothing is ever imported because a file names it.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_OBJECTS: dict[str, object] = {}  # what was registered, by its name
_NAMES: dict[object, str] = {}  # the name of each
_SCOPE: ContextVar[Mapping[str, object]] = ContextVar("the objects of the scope")


def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[object], object]:
    """Return a decorator that registers a class, or an activation, for model files.

    Args:
        package: a word of your own, so that nobody else's class has the same name.
        name: None for that of the class.

    Raises:
        ValueError: if a class is decorated that has no `get_config`.

    Example:
        >>> from tinycnn.layers import Rescaling
        >>> @register_keras_serializable("mine")
        ... class Halving(Rescaling):
        ...     '''Half of x.'''
        >>> get_registered_name(Halving)
        'mine>Halving'
    """

    def register(own: object) -> object:
        """Register a class or an activation, and return it."""
        if inspect.isclass(own) and not hasattr(own, "get_config"):
            raise ValueError(f"A class without a get_config cannot be registered. Received: {own}")
        registered = f"{package}>{name or _name_of(own)}"
        _OBJECTS[registered] = own
        _NAMES[own] = registered
        return own

    return register


def _name_of(own: object) -> str:
    """Return the name of a class or function; an activation has another attribute for it."""
    return own.__name__ if hasattr(own, "__name__") else own.name


@contextmanager
def custom_object_scope(custom_objects: Mapping[str, object] | None) -> Iterator[None]:
    """Let names mean what is given, within a `with` block.

    Args:
        custom_objects: {name in the file: class, activation or function}.

    Raises:
        TypeError: if it is no such dict.
    """
    custom_objects = {} if custom_objects is None else custom_objects
    if not isinstance(custom_objects, Mapping) or any(type(k) is not str for k in custom_objects):
        raise TypeError(
            'custom_objects must be a dict, such as {"MyLayer": MyLayer}. '
            f"Received: {custom_objects!r}"
        )
    token = _SCOPE.set({**_SCOPE.get({}), **custom_objects})
    try:
        yield
    finally:
        _SCOPE.reset(token)


CustomObjectScope = custom_object_scope


def get_custom_objects() -> dict[str, object]:
    """Return the dict of what is registered, itself: whoever puts something into it registers it."""
    return _OBJECTS


def get_registered_name(own: object) -> str:
    """Return the name that stands for a class, or an activation, in files: "package>Name" or its own."""
    return _NAMES.get(own) or _name_of(own)


def get_registered_object(
    name: str, custom_objects: Mapping[str, object] | None = None, module_objects: None = None
) -> object:
    """Return what a name means, of what the program handed over; None if nothing.

    Args:
        name: "Name" or "package>Name".
        custom_objects: to look in, too.
        module_objects: to look in last.

    Example:
        >>> get_registered_object("mine>Nothing") is None
        True
    """
    for known in (_SCOPE.get({}), _OBJECTS, custom_objects or {}, module_objects or {}):
        for key in (name, name.rpartition(">")[2]):
            if key in known:
                return known[key]
    return None


class Classes(dict):
    """What this library has of a kind, by name, and before it, in lookups, what the program handed over.

    Args:
        base: what all of them are subclasses of.
        ours: this library's. The keys, values and items are of these alone.

    Example:
        >>> numbers = Classes(int, [bool])
        >>> class Own(int):
        ...     '''A number.'''
        >>> with custom_object_scope({"Own": Own}):
        ...     print("Own" in numbers, numbers.is_own(numbers["Own"]), list(numbers))
        True True ['bool']
    """

    def __init__(self, base: type, ours: Iterable[type]):
        super().__init__({cls.__name__: cls for cls in ours})
        self.base = base

    def get(self, name: str, default: object = None) -> type:
        """Return the class of this name; `default` if there is none.

        Raises:
            TypeError: if the program handed over something else under this name.
        """
        own = get_registered_object(name)
        if own is None:
            return super().get(name, default)
        if not inspect.isclass(own) or not issubclass(own, self.base):
            kind = f"a subclass of {self.base.__module__}.{self.base.__qualname__}"
            raise TypeError(f"{name!r} must be {kind}. Received: {own!r}")
        return own

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __getitem__(self, name: str) -> type:
        found = self.get(name)
        if found is None:
            raise KeyError(name)
        return found

    def is_own(self, cls: type) -> bool:
        """Return whether a class is not one of this library's."""
        return cls not in self.values()
