"""What a recorder writes down, and what repeats it."""

import threading

import numpy as np
import pytest

from tinycnn.utils.recording import Call, Recorder, arrays_in, recordable, recorded, recorder


def test_a_call_is_repeated_into_the_arrays_of_the_first_time():
    x = np.arange(6.0).reshape(2, 3)
    with Recorder().active() as active:
        total = recorded(np.sum, x, axis=0)
        split = recorded(np.split, x, 2)
    x[:] = 1
    for entry in active.entries:
        entry.repeat()
    assert total.tolist() == [2, 2, 2]
    assert [part.tolist() for part in split] == [[[1, 1, 1]], [[1, 1, 1]]]


def test_an_array_that_a_function_keeps_stays():
    kept = np.ones(3)
    with Recorder().active() as active:
        assert recorded(lambda: kept) is kept
    active.entries[0].repeat()
    assert kept.tolist() == [1, 1, 1]


def test_nothing_is_written_down_outside_or_in_another_thread():
    def others():
        seen.append(recorder())
        recorded(np.sum, np.ones(2))

    seen = []
    recorded(np.sum, np.ones(2))
    with Recorder().active() as active:
        thread = threading.Thread(target=others)
        thread.start()
        thread.join()
    assert seen == [None]
    assert active.entries == []
    assert recorder() is None


def test_a_call_within_a_call_is_part_of_it():
    @recordable
    def outer(x):
        """Return twice the sum."""
        return 2 * recorded(np.sum, x, keepdims=True)

    with Recorder().active() as active:
        assert outer(np.ones(3)) == 6
    assert [type(entry) for entry in active.entries] == [Call]
    assert outer.__doc__ == "Return twice the sum."


def test_a_recorder_ends_with_its_block_whatever_happens():
    with pytest.raises(KeyError), Recorder().active():
        raise KeyError
    assert recorder() is None
    with Recorder().active() as first:
        with Recorder().active() as second:
            recorded(np.sum, np.ones(2))
        assert recorder() is first
    assert (len(first.entries), len(second.entries)) == (0, 1)


def test_arrays_in_tuples_lists_and_dicts_are_found():
    a, b, c = np.ones((3, 2))
    assert [id(array) for array in arrays_in((a, [b, None], {"c": (c, 5)}))] == [
        id(a),
        id(b),
        id(c),
    ]


def test_too_many_bytes_end_a_recording_and_are_let_go():
    x = np.ones(1000)
    with Recorder(most_bytes=20_000).active() as active:
        for _ in range(2):
            recorded(np.negative, x[:500])
        assert len(active.entries) == 2  # views of one array count once
        recorded(np.negative, x)
        recorded(np.sum, x, keepdims=True)
    assert (active.entries, active.complete) == ([], False)


def test_what_returns_its_argument_is_not_written_down():
    x = np.ones((2, 3))
    with Recorder().active() as active:
        assert recorded(np.ascontiguousarray, x) is x
        assert recorded(np.ascontiguousarray, x.T) is not x
    assert len(active.entries) == 1
