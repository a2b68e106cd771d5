"""Names are chosen by their weights, and unknown ones are said."""

import numpy as np
import pytest

from tinycnn.preprocessing.drawn.choice import check_names, chosen, one_of

WEIGHTS = {"often": 3, "seldom": 1, "never": 0}


def test_names_come_as_often_as_their_weights_say():
    names = chosen(WEIGHTS, 4000, np.random.default_rng(0))
    assert abs(np.mean(names == "often") - 0.75) < 0.03
    assert {*names} == {"often", "seldom"}


def test_one_is_asked_for_or_chosen():
    rng = np.random.default_rng(0)
    assert one_of(WEIGHTS, "never", rng) == "never"
    assert {one_of(WEIGHTS, None, rng) for _ in range(50)} == {"often", "seldom"}
    with pytest.raises(ValueError, match="style: 'rarely' is none of the styles: often, seldom"):
        one_of(WEIGHTS, "rarely", rng)


def test_nothing_to_choose_from_and_texts_are_refused():
    with pytest.raises(ValueError, match="left"):
        chosen({}, 1, np.random.default_rng(0))
    with pytest.raises(ValueError, match="collection"):
        check_names("without", "often", WEIGHTS)
    check_names("without", ["often"], WEIGHTS)
