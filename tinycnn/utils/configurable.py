"""The base class of layers, optimizers, losses and initializers: their arguments as plain values.

Plain values are what JSON has: text, numbers, lists, dicts, True, False and None.
"""

from collections.abc import Mapping
from typing import Self

from tinycnn.utils.registration import get_registered_name
from tinycnn.utils.validation import check_supported


class Configurable:
    """Base class of objects that can be described by their class's name and their arguments.

    A subclass names its arguments in `config_names` and keeps each as an attribute of the same name.

    Example:
        >>> class Scale(Configurable):
        ...     config_names = ("factor",)
        ...     def __init__(self, factor=2):
        ...         self.factor = factor
        >>> Scale().serialize()
        {'class_name': 'Scale', 'config': {'factor': 2}}
    """

    config_names: tuple[str, ...] = ()
    # Options of Keras's that are accepted only at the value that changes nothing: this value, and
    # others that mean the same in a file.
    fixed_options: Mapping[str, tuple] = {}

    def check_options(self, options: dict[str, object]) -> None:
        """Raise for every option but Keras's fixed ones at their values.

        Raises:
            TypeError, ValueError: for an option that is not there, with its name and value.
        """
        supported = {option: values[0] for option, values in self.fixed_options.items()}
        check_supported(type(self).__name__, options, supported)

    def get_config(self) -> dict:
        """Return the arguments of this object by name, as plain values: cls(**config) makes an equal one."""
        return {name: _plain(getattr(self, name)) for name in self.config_names}

    @classmethod
    def from_config(cls, config: Mapping) -> Self:
        """Return a new object with these arguments, as from `get_config`."""
        return cls(**config)

    def serialize(self) -> dict:
        """Return {"class_name": name of the class, as registered, "config": `get_config()`}."""
        return {"class_name": get_registered_name(type(self)), "config": self.get_config()}


def subclasses(cls: type) -> list[type]:
    """Return the subclasses of a class, their subclasses, and so on, in the order in which they were made.

    Example:
        >>> subclasses(bool)
        []
    """
    return [each for sub in cls.__subclasses__() for each in (sub, *subclasses(sub))]


def find(
    kind: str, base: type[Configurable], classes: dict, by_name: dict, identifier: object
) -> Configurable:
    """Return the object that an identifier stands for, as `get` in Keras's modules does.

    Args:
        kind: what is sought, such as "loss", for the message.
        base: an instance of this class is returned as it is.
        classes: the classes by their own names; `Classes` finds a user's own, too.
        by_name: the classes by Keras's short names, such as "sgd".
        identifier: an instance of base; a name of either kind, for a new object with default arguments; or
            {"class_name", "config"}, as from `serialize`.

    Raises:
        ValueError: if the identifier is none of these.
    """
    if isinstance(identifier, base):
        return identifier
    if isinstance(identifier, dict) and str(identifier.get("class_name")) in classes:
        return classes[identifier["class_name"]].from_config(identifier.get("config", {}))
    if isinstance(identifier, str) and (identifier in by_name or identifier in classes):
        return (classes[identifier] if identifier in classes else by_name[identifier])()
    raise ValueError(f"{kind} must be one of {sorted(by_name)}. Received: {identifier!r}")


def _plain(value: object) -> object:
    """Return an argument as a plain value: a Configurable serialized, a tuple as a list."""
    if hasattr(value, "serialize"):
        return value.serialize()
    return list(value) if isinstance(value, tuple) else value
