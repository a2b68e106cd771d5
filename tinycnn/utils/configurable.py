"""What can be made again from plain values: layers, optimizers, losses, initializers."""

from collections.abc import Mapping

from tinycnn.utils.validation import check_supported


class Configurable:
    """Base of the classes whose instances a configuration can make again.

    Example:
        >>> class Scale(Configurable):
        ...     config_names = ("factor",)
        ...     def __init__(self, factor=2):
        ...         self.factor = factor
        >>> Scale().serialize()
        {'class_name': 'Scale', 'config': {'factor': 2}}
    """

    config_names: tuple[str, ...] = ()  # of the arguments that a configuration has: attributes, too
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
        """Return the arguments that make this again, as plain values."""
        return {name: _plain(getattr(self, name)) for name in self.config_names}

    def serialize(self) -> dict:
        """Return class and arguments, as plain values."""
        return {"class_name": type(self).__name__, "config": self.get_config()}


def find(
    kind: str, base: type[Configurable], classes: dict, by_name: dict, identifier: object
) -> Configurable:
    """Return what Keras's `get` does: by a name, by {"class_name", "config"}, or as it is.

    Args:
        kind: what is sought, for the message.
        base: of everything that is kept as it is.
        classes: what there is, by the names of the classes.
        by_name: the same by Keras's names.
        identifier: as received.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(identifier, base):
        return identifier
    if isinstance(identifier, dict) and str(identifier.get("class_name")) in classes:
        return classes[identifier["class_name"]](**identifier.get("config", {}))
    if isinstance(identifier, str) and identifier in {**by_name, **classes}:
        return {**by_name, **classes}[identifier]()
    raise ValueError(f"{kind} must be one of {sorted(by_name)}. Received: {identifier!r}")


def _plain(value: object) -> object:
    if hasattr(value, "serialize"):
        return value.serialize()
    return list(value) if isinstance(value, tuple) else value
