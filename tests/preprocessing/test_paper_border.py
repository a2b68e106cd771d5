"""What is seen beyond the paper goes; ink, printed lines and shadows stay."""

import numpy as np
import pytest

from tinycnn.preprocessing.paper_border import without_surroundings

SHAPE = 240, 320


def paper(seed=0):
    """Paper with noise, and light that falls from one side."""
    noise = np.random.default_rng(seed).normal(0, 0.01, SHAPE)
    return (np.linspace(0.9, 0.75, SHAPE[1])[None] + noise).astype(np.float32)


def beyond(side, depth, lean=0.0):
    """A mask of what lies beyond the paper at one side: 0 the top, and on clockwise."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    away = (y, SHAPE[1] - 1 - x, SHAPE[0] - 1 - y, x)[side]
    along = (x / SHAPE[1], y / SHAPE[0])[side % 2] - 0.5
    return away < depth + lean * along


@pytest.mark.parametrize("lean", [0, 8, -8])
@pytest.mark.parametrize("side", range(4))
def test_a_table_becomes_paper(side, lean):
    grey, table = paper(), beyond(side, 20, lean)
    pattern = np.random.default_rng(1).normal(0.35, 0.05, SHAPE)
    changed = without_surroundings(np.where(table, pattern, grey).astype(np.float32))
    assert np.abs(changed - grey)[table].max() < 0.06
    away = ~beyond(side, 26, lean)
    np.testing.assert_array_equal(changed[away], grey[away])


@pytest.mark.parametrize("tone", [0.05, 2.0])
def test_a_thin_strip_becomes_paper(tone):
    grey, strip = paper(), beyond(2, 3)
    changed = without_surroundings(np.where(strip, tone, grey).astype(np.float32))
    assert np.abs(changed - grey)[strip].max() < 0.06


def bar_of_a_7(grey):
    grey[:12] = grey[:, -16:] = 0.2  # cut out tightly


def printed_line(grey):
    grey[10:13] *= 0.6


def line_at_the_edge(grey):
    grey[:3] *= 0.7


def soft_shadow(grey):
    grey *= 0.6 + 0.4 / (1 + np.exp(-(np.arange(SHAPE[0])[:, None] - 15) / 8))


def half_an_edge(grey):
    grey[:12, :160] = 0.2


@pytest.mark.parametrize(("paper_tone", "ink"), [(0.8, 0.2), (0.15, 0.85)])
@pytest.mark.parametrize("quarters", range(4))
def test_a_bar_with_paper_between_it_and_the_edge_stays(paper_tone, ink, quarters):
    grey = np.full(SHAPE, paper_tone, np.float32)
    grey[5:25] = ink  # from edge to edge, of a 7 cut out tightly
    grey = np.rot90(grey, quarters)
    np.testing.assert_array_equal(without_surroundings(grey), grey)


@pytest.mark.parametrize(
    "change", [bar_of_a_7, printed_line, line_at_the_edge, soft_shadow, half_an_edge]
)
def test_what_is_no_border_stays(change):
    grey = paper()
    change(grey)
    np.testing.assert_array_equal(without_surroundings(grey), grey)


def test_the_given_array_is_not_changed():
    grey = paper()
    grey[beyond(3, 15)] = 0.2
    before = grey.copy()
    without_surroundings(grey)
    np.testing.assert_array_equal(grey, before)
