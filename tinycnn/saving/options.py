"""Checks of configurations in a file, which are not trusted: only known options with known values pass."""

import inspect
import json
import math
import reprlib
from collections.abc import Callable, Iterable, Mapping

from tinycnn.utils.configurable import Configurable
from tinycnn.utils.registration import Classes
from tinycnn.utils.validation import check_bool, check_name, check_number

# In `select`, for an option that may have any value because it has no effect here.
ANYTHING = object()

NOTHING: Mapping = {}
LONGEST_NUMBER = 20  # digits of an integer

Check = Callable[[object], object]  # returns the plain value of an option, or raises ValueError


class UnsupportedError(ValueError):
    """The configuration is well formed, but asks for something that this library does not have."""


def parse(text: str) -> dict:
    """Return the JSON object in a text, as a dict.

    Raises:
        ValueError: if the text is anything else, a key appears twice, a number is NaN, infinite or too long,
            or it is nested too deeply.

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
    """Return the pairs of a JSON object as a dict; ValueError if a key appears twice."""
    mapped = dict(pairs)
    if len(mapped) != len(pairs):
        raise ValueError("a key appears twice")
    return mapped


def _finite(digits: str) -> float:
    """Return the number in a JSON text as a float; ValueError for NaN and infinities."""
    if not math.isfinite(float(digits)):
        raise ValueError(f"{shown(digits)} is not a finite number")
    return float(digits)


def _integer(digits: str) -> int:
    """Return the integer in a JSON text; ValueError if it has too many digits."""
    if len(digits) > LONGEST_NUMBER:
        raise ValueError(f"{shown(digits)} is too large")
    return int(digits)


def shown(value: object) -> str:
    """Return a value as short text for a message: what is long or nested deeply is replaced by "..."."""
    short = reprlib.Repr()
    short.maxlevel = 2
    short.maxstring = short.maxlong = 60
    return short.repr(value)


def select(
    owner: str, options: object, kept: Mapping[str, Check], supported: Mapping[str, object]
) -> dict:
    """Return the options in `kept`, each as its check returns it; drop those in `supported`.

    Args:
        owner: whose options these are, for the message.
        options: value by name, as the file has them.
        kept: the check of each option that this library has, by name.
        supported: for each further option that is allowed, by name, the values that it may have, the default
            first; or ANYTHING.

    Raises:
        UnsupportedError: for any other option, or another value.
        ValueError: if `options` is no dict, or a check fails.
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
    """Return check(value); if it raises, raise an error of the same kind that names owner and option."""
    try:
        return check(value)
    except ValueError as error:
        kind = UnsupportedError if isinstance(error, UnsupportedError) else ValueError
        raise kind(f"{owner} has the option {name}={shown(value)}: {error}") from error


def mapping(owner: str, value: object) -> dict:
    """Return a value that is a dict (a JSON object); ValueError, which names `owner`, for anything else."""
    if not isinstance(value, dict):
        raise ValueError(f"{owner} is not an object: {shown(value)}")
    return value


def unchecked(value: object) -> object:
    """Return the value: it is for somebody's own class, which checks it itself."""
    return value


def registered_name(described: dict, class_name: object) -> object:
    """Return the name to look a described object's class up by: as registered, if it is somebody's own.

    Keras 3 describes one by its class's name beside "registered_name", "package>Name".

    Example:
        >>> registered_name({"class_name": "Own", "registered_name": "mine>Own"}, "Own")
        'mine>Own'
        >>> registered_name({"class_name": "Dense", "registered_name": None}, "Dense")
        'Dense'
    """
    registered = described.get("registered_name")
    return registered if isinstance(registered, str) and ">" in registered else class_name


def checks_of(
    cls: type[Configurable], classes: Classes | None = None, config: Iterable[str] = ()
) -> dict[str, Check]:
    """Return a check for each name in cls.config_names that its signature has, by the type of the default.

    Args:
        cls: the class.
        classes, config: those of its kind, and the options in the file. If cls is not one of ours among
            them, but somebody's own, it gets all of these options as they are.
    """
    if classes is not None and classes.is_own(cls):
        return dict.fromkeys(config, unchecked)
    defaults = inspect.signature(cls).parameters
    kinds = {bool: boolean, float: number, str: text}
    named = [name for name in cls.config_names if name in defaults]
    return {name: kinds.get(type(defaults[name].default), scalars) for name in named}


def number(value: object) -> float:
    """Return a number as a float; ValueError for anything else, such as true and "10"."""
    if isinstance(value, dict):  # a schedule
        raise UnsupportedError("only a number is there")
    return _checked_as("a number is needed", check_number, value, -1e300, 1e300)


def boolean(value: object) -> bool:
    """Return True or False; ValueError for anything else, such as 1."""
    return _checked_as("true or false is needed", check_bool, value)


def _checked_as(wanted: str, check: Callable, value: object, *limits: float) -> object:
    """Return check("it", value, *limits); if it raises ValueError, raise one with the message `wanted`.

    `check` is from `utils.validation`; its own message would contain the value, which may be very long.
    """
    try:
        return check("it", value, *limits)
    except ValueError:
        raise ValueError(wanted) from None


def text(value: object) -> str:
    """Return a text; ValueError for anything else."""
    if not isinstance(value, str):
        raise ValueError("a text is needed")
    return value


def dictionary(value: object) -> dict:
    """Return a dict; an empty one for None (JSON's null); ValueError for anything else."""
    return {} if value is None else mapping("it", value)


def class_and_config(value: object, named: Check = text) -> tuple[object, dict]:
    """Return (class_name, config) of an object as Keras 3 or tf.keras 2 describes it, a dict.

    Args:
        value: the description.
        named: the check of the class's name.

    Raises:
        ValueError: if it is malformed.
    """
    ignored = ("module", "registered_name", "build_config", "shared_object_id")
    supported = dict.fromkeys((*ignored, "__passive_serialization__"), ANYTHING)
    described = select("it", value, {"class_name": named, "config": dictionary}, supported)
    return registered_name(value, described.get("class_name")), described.get("config", {})


def plain_object(
    classes: Classes,
    class_name: object,
    config: dict,
    checks: Mapping[str, Check] = NOTHING,
    supported: Mapping[str, object] = NOTHING,
) -> dict:
    """Return {"class_name", "config"} of an object in the plain form, its options checked.

    Args:
        classes: those of its kind.
        class_name, config: from `class_and_config`; the name must be in `classes`.
        checks: for options by name, instead of those by `checks_of`.
        supported: see `select`.

    Raises:
        UnsupportedError: if there is no such class, or no such option.
        ValueError: if an option is malformed.
    """
    if class_name not in classes:
        raise UnsupportedError(f"{shown(class_name)}: only {sorted(classes)} are there")
    kept = {**checks_of(classes[class_name], classes, config), **checks}
    return {"class_name": class_name, "config": select("it", config, kept, supported)}


def name(value: object) -> str:
    """Return a layer's or model's name, which must be possible as the name of a group in the file.

    "top_level_model_weights" is not: Keras has a group of that name.
    """
    if value == "top_level_model_weights":
        raise ValueError("that cannot be a name in the file")
    return _checked_as(
        "a name of 1 to 200 printable characters, without '/', is needed", check_name, value
    )


def scalars(value: object) -> object:
    """Return a text, number, bool, None or a list of up to 8 of these, or of such lists; else ValueError.

    It is the check of options that are checked by the layer itself.
    """
    rows = value if isinstance(value, list) else [value]
    lists = [row for row in [rows, *rows] if isinstance(row, list)]
    items = [item for row in rows for item in (row if isinstance(row, list) else [row])]
    if any(len(each) > 8 for each in lists) or any(isinstance(item, list | dict) for item in items):
        raise ValueError("a value or a short list is needed")
    return value


def choice(known: Mapping[object, object] | Iterable[str]) -> Check:
    """Return a check that returns known[value], or for a list of names the value itself.

    It raises UnsupportedError for a name that is not known, ValueError for other types than text and None.
    """
    known = known if isinstance(known, Mapping) else {name: name for name in known}

    def check(value: object) -> object:
        """Return known[value], or raise."""
        if value is not None and not isinstance(value, str):
            raise ValueError("a name is needed")
        if value not in known:
            raise UnsupportedError(
                f"only {sorted({str(value) for value in known.values()})} are there"
            )
        return known[value]

    return check
