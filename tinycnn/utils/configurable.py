"""What can be made again from plain values: layers, optimizers, losses, initializers."""


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

    def get_config(self) -> dict:
        """Return the arguments that make this again, as plain values."""
        return {name: _plain(getattr(self, name)) for name in self.config_names}

    def serialize(self) -> dict:
        """Return class and arguments, as plain values."""
        return {"class_name": type(self).__name__, "config": self.get_config()}


def _plain(value: object) -> object:
    if hasattr(value, "serialize"):
        return value.serialize()
    return list(value) if isinstance(value, tuple) else value
