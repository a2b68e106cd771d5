"""Options that strangers wrote: parsed without surprises, each through its check, or refused by name."""

import pytest

from tinycnn.optimizers import SGD
from tinycnn.optimizers.schedules import ExponentialDecay
from tinycnn.saving import options
from tinycnn.saving.options import ANYTHING, UnsupportedError


def test_plain_objects_are_read():
    assert options.parse('{"a": [1, 2.5, null, true, "x"]}') == {"a": [1, 2.5, None, True, "x"]}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": 1, "a": 2}', "a key appears twice"),
        ('{"a": {"b": 1, "b": 2}}', "a key appears twice"),
        ('{"a": NaN}', "not a finite number"),
        ('{"a": -Infinity}', "not a finite number"),
        ('{"a": 1e999}', "not a finite number"),
        ('{"a": 123456789012345678901}', "is too large"),
        ("[1]", "is not an object"),
        ('{"a": ' + "[" * 100_000, "nested too deeply"),
        ("{", "Expecting property name"),
    ],
)
def test_what_is_no_configuration(text, words):
    with pytest.raises(ValueError, match=words):
        options.parse(text)


def test_options_are_kept_dropped_or_refused():
    kept, supported = {"units": options.number}, {"mask": (None, False), "comment": ANYTHING}
    given = {"units": 3, "mask": False, "comment": object()}
    assert options.select("it", given, kept, supported) == {"units": 3.0}
    with pytest.raises(UnsupportedError, match="it has an unknown option 'colour': 1"):
        options.select("it", {"colour": 1}, kept, supported)
    with pytest.raises(UnsupportedError, match="the option mask=True, and only None is there"):
        options.select("it", {"mask": True}, kept, supported)
    with pytest.raises(ValueError, match="the option units='x': a number is needed") as caught:
        options.select("it", {"units": "x"}, kept, supported)
    assert not isinstance(caught.value, UnsupportedError)


GOOD = [
    (options.number, [(1, 1.0), (2.5, 2.5)]),
    (options.boolean, [(True, True)]),
    (options.text, [("a", "a")]),
    (options.dictionary, [(None, {}), ({"a": 1}, {"a": 1})]),
    (options.name, [("dense_1", "dense_1")]),
    (options.scalars, [(None, None), ([1, "a"], [1, "a"]), ([[1, 2], [3]], [[1, 2], [3]])]),
    (options.choice({"a": "b", None: "c"}), [("a", "b"), (None, "c")]),
    (options.choice(("a",)), [("a", "a")]),
]
BAD = [
    (options.number, [True, "10", None, float("inf"), {"class_name": "ExponentialDecay"}]),
    (options.boolean, [1, 0, "true", None]),
    (options.text, [1, None, ["a"]]),
    (options.dictionary, [[], "a", 0]),
    (options.name, ["a/b", "..", "", "top_level_model_weights", 3, "x" * 201]),
    (options.scalars, [[1] * 9, [[[1]]], [[1] * 9], {"a": 1}, [{"a": 1}]]),
    (options.choice(("a",)), ["b", None, ["a"], 3]),
]


@pytest.mark.parametrize(("check", "pairs"), GOOD)
def test_checks_return_the_plain_value(check, pairs):
    for given, wanted in pairs:
        assert check(given) == wanted
        assert type(check(given)) is type(wanted)


@pytest.mark.parametrize(("check", "values"), BAD)
def test_checks_refuse_the_rest(check, values):
    for value in values:
        with pytest.raises(ValueError, match=r"needed|is not an object|only|cannot be a name"):
            check(value)


def test_the_check_of_an_option_goes_by_its_default():
    checks = options.checks_of(SGD)
    assert checks["learning_rate"] is options.number
    assert checks["nesterov"] is options.boolean
    assert options.checks_of(ExponentialDecay)["name"] is options.text


def test_what_is_shown_of_a_value_is_short():
    deep = []
    for _ in range(1000):
        deep = [deep]
    assert len(options.shown("x" * 10**6)) < 100
    assert len(options.shown(deep)) < 100
