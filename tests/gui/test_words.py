"""What the window says and which keys it knows: plain functions. No screen needed."""

import ast
import collections
import doctest
import importlib
import pathlib

import pytest

from gui.recognition.top_guesses import NO_DIGIT, number_read, percent, top_guesses
from gui.widgets.commands import BY_NAME, COMMANDS, Command, keys_of, modifiers, sequences, spelled

GUI = pathlib.Path(__file__).parents[2] / "gui"


def test_the_first_and_second_guess_are_found():
    guesses = top_guesses([0.05, 0.1, 0.2, 0.55, 0.02, 0.02, 0.02, 0.02, 0.01, 0.01], 0.5)
    assert (guesses.digit, guesses.probability) == (3, 0.55)
    assert (guesses.second, guesses.second_probability) == (2, 0.2)
    assert (guesses.sure, guesses.headline) == (True, "55 % sure")
    assert guesses.alternative == "second guess: 2 (20 %)"


def test_a_second_guess_of_next_to_nothing_is_not_told():
    assert top_guesses([0.996, 0.004, *[0.0] * 8], 0.5).alternative == ""
    assert top_guesses([0.995, 0.005, *[0.0] * 8], 0.5).alternative != ""


def test_what_is_not_sure_in_a_number_is_a_question_mark():
    number = [[0.9 * (k == digit) + 0.01 for k in range(10)] for digit in (2, 0, 7)]
    assert number_read([number], 0.8) == "207"
    number[1] = [0.1] * 10
    assert number_read([number], 0.8) == "2?7"
    assert number_read([number, number[:2]], 0.8) == "2?7 / 2?"


def test_no_key_but_delete_and_c_empties_the_paper():
    assert BY_NAME["clear"].keys == ("Delete", "c")


MODULES = sorted(
    ".".join(path.relative_to(GUI.parent).with_suffix("").parts) for path in GUI.rglob("[!_]*.py")
)


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_are_true(module):
    pytest.importorskip("tkinter")
    failed, _ = doctest.testmod(importlib.import_module(module))
    assert failed == 0


def test_the_examples_of_every_room_are_tried():
    rooms = {module.rpartition(".")[0] for module in MODULES}
    rest = {"gui.drawing", "gui.inside", "gui.learning", "gui.recognition", "gui.widgets"}
    assert rooms == {"gui", *rest}


@pytest.mark.parametrize(("threshold", "sure"), [(0, True), (0.6, True), (0.61, False), (1, False)])
def test_a_guess_is_sure_from_the_threshold_on(threshold, sure):
    guesses = top_guesses([0.4, 0.6, *[0.0] * 8], threshold)
    assert guesses.sure is sure
    assert (guesses.headline == "not sure") is not sure


def test_of_equal_guesses_the_smaller_digit_comes_first():
    guesses = top_guesses([0.1] * 10, 0.5)
    assert (guesses.digit, guesses.second) == (0, 1)


@pytest.mark.parametrize("threshold", [0, 0.99])
def test_where_even_the_first_guess_is_weak_there_is_no_digit(threshold):
    weak = NO_DIGIT - 0.001
    guesses = top_guesses([*[(1 - weak) / 9] * 3, weak, *[(1 - weak) / 9] * 6], threshold)
    assert (guesses.is_digit, guesses.sure, guesses.sign) == (False, False, "?")
    assert (guesses.headline, guesses.alternative) == ("no digit", "most like 3 (50 %)")
    assert guesses.summary == "No digit, most like 3 (50 %)"


def test_from_the_limit_on_it_is_a_digit():
    guesses = top_guesses([*[(1 - NO_DIGIT) / 9] * 9, NO_DIGIT], 0)
    assert (guesses.is_digit, guesses.sure, guesses.sign) == (True, True, "9")
    assert guesses.summary == "9, 50 % sure"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (1e-9, "<1 %"),
        (0.0049, "<1 %"),
        (0.005, "<1 %"),
        (0.0051, "1 %"),
        (0.494, "49 %"),
        (0.989, "99 %"),
        (0.994, "99 %"),
        (0.996, ">99 %"),
        (1 - 1e-9, ">99 %"),
        (1, "100 %"),
    ],
)
def test_percentages_never_round_a_doubt_away(share, text):
    assert percent(share) == text


def test_no_key_does_two_things():
    for mac in (False, True):
        keys = [s for c in COMMANDS for key in c.keys for s in sequences(key, mac=mac)]
        twice = [key for key, count in collections.Counter(keys).items() if count > 1]
        assert twice == []


def test_every_command_has_a_key_and_a_method_and_says_what_it_does():
    methods = set()
    parts = "view_commands", "pane_commands", "model_commands"
    for name in ("window.py", *(f"widgets/{part}.py" for part in parts)):
        tree = ast.parse((GUI / name).read_text(encoding="utf-8"))
        (holder,) = [node for node in tree.body if isinstance(node, ast.ClassDef)]
        methods |= {node.name for node in holder.body if isinstance(node, ast.FunctionDef)}
    assert {command.name for command in COMMANDS} <= methods
    assert len(BY_NAME) == len(COMMANDS)
    for command in COMMANDS:
        assert command.keys
        assert command.label
        assert command.tip[0].isupper()
        assert not command.tip.endswith(".")


def test_letters_count_with_caps_lock_too():
    assert sequences("u", mac=False) == ["<Key-u>", "<Key-U>"]
    assert sequences("Mod-Shift-z", mac=False) == ["<Control-Shift-z>", "<Control-Shift-Z>"]
    assert sequences("Mod-o", mac=True) == ["<Command-o>", "<Command-O>"]
    assert sequences("F1", mac=False) == ["<Key-F1>"]


def test_keys_are_spelled_as_people_read_them():
    assert spelled("Mod-o", mac=True) == "⌘+O"
    assert spelled("bracketright", mac=False) == "]"
    assert spelled("period", mac=False) == "Full stop"
    assert keys_of(Command("a", "A", "Do", ("Mod-z", "u")), mac=False) == "Ctrl+Z or U"


@pytest.mark.parametrize(
    ("system", "plain", "held"),
    [
        ("x11", [0x1, 0x2, 0x10, 0x100], [0x4, 0x8]),  # Shift, Caps Lock, Num Lock, button
        ("win32", [0x1, 0x2, 0x8], [0x4, 0x20000]),
        ("aqua", [0x1, 0x2], [0x4, 0x8, 0x10]),
    ],
)
def test_control_and_alt_are_told_from_locks(system, plain, held):
    assert not any(state & modifiers(system) for state in plain)
    assert all(state & modifiers(system) for state in held)


def test_long_sentences_lose_their_middle():
    shortened = pytest.importorskip("gui.widgets.shortened").shortened
    text = "/home/" + "folder/" * 40 + "mnist.h5: it is empty. Train a model first."
    assert shortened(text, len(text)) == text
    assert len(shortened(text, 90)) == 90
    assert shortened(text, 90).startswith("/home/folder/fold…")
    assert shortened(text, 90).endswith("mnist.h5: it is empty. Train a model first.")
    assert shortened(text, 1) == "…"
