"""python -m benchmarks.records: what it trains on and tests, its table, and what it calls reached."""

import dataclasses

import numpy as np
import pytest

from benchmarks import records
from benchmarks.records import GOALS, Goal, Record
from tinycnn import datasets
from tinycnn.pretrained import recipes


def test_every_recipe_has_a_goal_and_the_nets_keep_to_it():
    assert list(GOALS) == list(recipes.recipes())
    for name, goal in GOALS.items():
        assert recipes.load(name).parameters <= goal.parameters


@pytest.mark.parametrize(
    ("goal", "reached"),
    [
        (Goal(0.75, seconds=2.0, parameters=100), True),
        (Goal(0.7501), False),
        (Goal(0.75, seconds=1.9), False),
        (Goal(0.75, parameters=99), False),
    ],
)
def test_a_goal_is_reached_by_mean_median_and_size(goal, reached):
    assert Record("fast", 100, [0.5, 1.0, 0.75], [9.0, 1.0, 2.0]).reached(goal) == reached


def test_the_table():
    lines = records.table([Record("tiny", 4900, [0.99, 0.992], [10.0, 30.0])]).split("\n")
    assert lines[0].startswith("| recipe | goal | accuracy")
    assert lines[1].startswith("| --- |")
    assert lines[2] == (
        "| tiny | ≥ 99.00%, ≤ 5,000 parameters | 99.100% ± 0.141% [99.00%, 99.20%] | 2 "
        "| 20 [10, 30] | 4,900 | yes |"
    )
    assert all(line.count("|") == lines[0].count("|") for line in lines)
    assert " - [" in records.table([Record("fast", 1, [0.5], [1.0])])


def test_digits_that_are_held_back_are_not_trained_on_and_the_test_digits_not_read():
    loaded = datasets.load("sample")  # 10,000 of them
    name, (x, y), (x_held, y_held) = records.digits("sample", held_back=True)
    assert name == "sample, the last training digits"
    np.testing.assert_array_equal(x[..., 0] * 255, loaded.x_train[:8334])
    np.testing.assert_array_equal(x_held[..., 0] * 255, loaded.x_train[8334:])
    np.testing.assert_array_equal(y_held.argmax(axis=1), loaded.y_train[8334:])
    assert len(y) == 8334
    _, (x, _), (x_test, y_test) = records.digits("sample")
    assert len(x) == 10000
    np.testing.assert_array_equal(x_test[..., 0] * 255, loaded.x_test)
    np.testing.assert_array_equal(y_test.argmax(axis=1), loaded.y_test)


def test_it_trains_with_each_seed_and_writes_a_table(tmp_path, monkeypatch, capsys):
    seen = []

    def train(recipe, train_digits, test_digits, seed):
        seen.append((len(train_digits[0]), len(test_digits[0]), seed))
        return 0.5 + seed / 100, 1.0

    monkeypatch.setattr(records, "train", train)
    words = ["fast", "--data", "sample", "--seeds", "2", "--first-seed", "7", "--output", "results"]
    monkeypatch.chdir(tmp_path)
    records.main(words)
    assert seen == [(1000, 1000, 0), (10000, 2000, 7), (10000, 2000, 8)]  # the first to warm up
    out, err = capsys.readouterr()
    assert "fast, seed 7: 57.00%, 1 s" in err
    assert "| 57.500% ± 0.707% [57.00%, 58.00%] | 2 |" in out
    assert "Tested on: sample." in out
    assert (tmp_path / "results" / "records.md").read_text(encoding="utf-8") in out
    with pytest.raises(ValueError, match="Received: 'slow'"):
        records.main(["slow"])


def test_one_seed_really_trained():
    _, (x, y), test = records.digits("sample")
    few = x[:1024], y[:1024]
    recipe = dataclasses.replace(recipes.load("fast"), epochs=5)
    results = [records.train(recipe, few, test, seed) for seed in (0, 0, 1)]
    assert results[0][0] == results[1][0]  # the same seed, the same accuracy
    assert results[0][0] != results[2][0]
    assert all(accuracy > 0.8 and seconds > 0 for accuracy, seconds in results)
