"""Whether a training may replace what is there: a person in a terminal is asked."""

import sys

import pytest

from tinycnn.digit_training.permission import may_replace


@pytest.mark.parametrize(
    ("answer", "goes_on"),
    [("y", True), (" Yes ", True), ("", False), ("n", False), ("what", False), (None, False)],
)
def test_in_a_terminal_the_person_is_asked(monkeypatch, tmp_path, capsys, answer, goes_on):
    def say_it(prompt):
        asked.append(prompt)
        if answer is None:
            raise EOFError
        return answer

    asked = []
    output = tmp_path / "mnist.h5"
    assert may_replace(output, force=False)
    output.write_bytes(b"mine")
    assert may_replace(output, force=True)
    assert asked == []
    for name in ("stdin", "stdout"):
        monkeypatch.setattr(getattr(sys, name), "isatty", lambda: True)
    monkeypatch.setattr("builtins.input", say_it)
    assert may_replace(output, force=False) is goes_on
    assert asked == ["Replace it? [y/N] "]
    assert ("stays as it is" in capsys.readouterr().out) is not goes_on
