"""Options of an untrusted configuration: selected by name from what is there, or refused."""

import inspect
import json
import math
import reprlib
from collections.abc import Callable, Iterable, Mapping

from tinycnn.utils.configurable import Configurable
from tinycnn.utils.validation import check_bool, check_name, check_number

ANYTHING = object()  # the supported values of an option that has no effect here

LONGEST_NUMBER = 20  # digits

Check = Callable[[object], object]


class UnsupportedError(ValueError):
    """The configuration is well formed, and asks for something that is not there."""


def parse(text: str) -> dict:
    """Return a JSON object; raise for duplicate keys, NaN, infinities and bottomless nesting.

    Raises:
        ValueError: if the text is anything else.

    Example:
        >>> parse('{"units": 10}')
        {'units': 10}
    """
    try:
        value = json.loads(
            text,
            object_pairs_hook=_without_duplicates,
            parse_constant=_finite,
            parse_float=_finite,
            parse_int=_integer,
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return mapping("it", value)


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict:
    mapped = dict(pairs)
    if len(mapped) != len(pairs):
        raise ValueError("a key appears twice")
    return mapped


def _finite(digits: str) -> float:
    if not math.isfinite(float(digits)):
        raise ValueError(f"{shown(digits)} is not a finite number")
    return float(digits)


def _integer(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise ValueError(f"{shown(digits)} is too large")
    return int(digits)


def shown(value: object) -> str:
    """Return a value for a message, however long or deep it is."""
    short = reprlib.Repr()
    short.maxlevel = 2
    short.maxstring = short.maxlong = 60
    return short.repr(value)


def select(
    owner: str,
    options: object,
    kept: Mapping[str, Check],
    supported: Mapping[str, object],
) -> dict:
    """Return the options that are kept, each through its check; raise for what is not known.

    Args:
        owner: whose options, for the message.
        options: as received.
        kept: name to a function that returns the plain value, or raises ValueError.
        supported: name to the default and other values that mean the same, all dropped, or ANYTHING.

    Raises:
        UnsupportedError: for an unknown option, or a value that would change something.
        ValueError: if `options` is no object, or a check fails.
    """
    selected = {}
    for name, value in mapping(owner, options).items():
        if name in kept:
            selected[name] = _checked(owner, name, kept[name], value)
        elif name not in supported:
            raise UnsupportedError(f"{owner} has an unknown option {shown(name)}: {shown(value)}")
        elif supported[name] is not ANYTHING and value not in supported[name]:
            raise UnsupportedError(
                f"{owner} has the option {name}={shown(value)}, and only {supported[name][0]!r} is there"
            )
    return selected


def _checked(owner: str, name: str, check: Check, value: object) -> object:
    try:
        return check(value)
    except ValueError as error:
        kind = UnsupportedError if isinstance(error, UnsupportedError) else ValueError
        raise kind(f"{owner} has the option {name}={shown(value)}: {error}") from error


def mapping(owner: str, value: object) -> dict:
    """Return an object, or say that it is none."""
    if not isinstance(value, dict):
        raise ValueError(f"{owner} is not an object: {shown(value)}")
    return value


def checks_of(cls: type[Configurable]) -> dict[str, Check]:
    """Return a check for each option in a class's configuration, by the kind of its default."""
    defaults = inspect.signature(cls).parameters
    kinds = {bool: boolean, float: number, str: text}
    return {name: kinds.get(type(defaults[name].default), scalars) for name in cls.config_names}


def number(value: object) -> float:
    """Return a number as a float; true and "10" are none."""
    if isinstance(value, dict):  # a schedule
        raise UnsupportedError("only a number is there")
    return _checked_as("a number is needed", check_number, value, -1e300, 1e300)


def boolean(value: object) -> bool:
    """Return true or false, and nothing that merely counts as such."""
    return _checked_as("true or false is needed", check_bool, value)


def _checked_as(wanted: str, check: Callable, value: object, *limits: float) -> object:
    """Return what one of `utils.validation`'s checks does; its message could be as long as the value."""
    try:
        return check("it", value, *limits)
    except ValueError:
        raise ValueError(wanted) from None


def text(value: object) -> str:
    """Return a text, and nothing else."""
    if not isinstance(value, str):
        raise ValueError("a text is needed")
    return value


def dictionary(value: object) -> dict:
    """Return an object; an empty one for null."""
    return {} if value is None else mapping("it", value)


def name(value: object) -> str:
    """Return a name that can be the name of a group in the file, and of one only."""
    if value == "top_level_model_weights":
        raise ValueError("that cannot be a name in the file")
    return _checked_as(
        "a name of 1 to 200 printable characters, without '/', is needed", check_name, value
    )


def scalars(value: object) -> object:
    """Return a text, a number, true, false, null or a short list of them; their meaning is not judged."""
    items = value if isinstance(value, list) else [value]
    if len(items) > 8 or any(isinstance(item, list | dict) for item in items):
        raise ValueError("a value or a short list is needed")
    return value


def choice(known: Mapping[object, object] | Iterable[str]) -> Check:
    """Return a check that looks a text up among those known; without a mapping each stands for itself."""
    known = known if isinstance(known, Mapping) else {name: name for name in known}

    def check(value: object) -> object:
        if value is not None and not isinstance(value, str):
            raise ValueError("a name is needed")
        if value not in known:
            raise UnsupportedError(
                f"only {sorted({str(value) for value in known.values()})} are there"
            )
        return known[value]

    return check
