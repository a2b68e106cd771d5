"""Calibration is counted right."""

import numpy as np
import pytest

from benchmarks.calibration import calibration, calibration_error, sure_digits


def answers(confidences, classes, count=10):
    """Return probabilities (n, count): of the classes as given, the rest shared by the others."""
    probabilities = np.repeat((1 - np.array(confidences))[:, None] / (count - 1), count, axis=1)
    probabilities[np.arange(len(classes)), classes] = confidences
    return probabilities


def test_the_error_is_how_far_confidence_is_from_being_right():
    assert calibration_error(np.full(10, 0.8), np.arange(10) < 8) == pytest.approx(0)
    assert calibration_error(np.full(10, 0.8), np.arange(10) < 5) == pytest.approx(0.3)
    # One bin too sure by 0.1, another too modest by 0.2: they do not make each other good
    confidence = np.repeat([0.9, 0.5], 10)
    right = np.concatenate([np.arange(10) < 8, np.arange(10) < 7])
    assert calibration_error(confidence, right) == pytest.approx(0.15)
    assert calibration_error(np.ones(3), np.ones(3, bool)) == 0


def test_what_is_reported():
    found = calibration(answers([0.9, 0.9, 0.5, 0.5], [1, 2, 3, 4]), np.array([1, 0, 3, 4]), 0.6)
    assert found.right == 0.75
    assert found.confident == pytest.approx(0.7)
    assert found.unsure == 0.5
    assert found.sure_right == 0.5
    assert np.isnan(calibration(answers([0.5], [1]), np.array([1]), 0.6).sure_right)


def test_an_eleventh_class_is_no_digit():
    assert sure_digits(answers([0.9, 0.9, 0.5], [3, 10, 3], 11), 0.6).tolist() == [1, 0, 0]
    assert sure_digits(answers([0.6], [9]), 0.6).tolist() == [1]
