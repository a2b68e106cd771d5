"""The digits that excite a map most are those, found slice by slice and once."""

import numpy as np
import pytest

from gui.inside import exciting
from gui.inside.colours import Palette
from gui.inside.exciting import Search
from gui.inside.kernel_jobs import Kernels, digits_column, digits_picture
from gui.inside.kernel_messages import MOST, KernelWish
from tinycnn import layers, pretrained, utils
from tinycnn.datasets import sample
from tinycnn.models.receptive_field import receptive_field
from tinycnn.models.sequential import Sequential
from tinycnn.pretrained.digit_input import USUAL

GREY = Palette((1, 1, 1), (255, 255, 255), (0, 0, 0), (0, 0, 0))
COLOURS = Palette((1, 1, 1), (255, 255, 255), (0, 0, 255), (255, 0, 0))


def net(seed=2):
    utils.set_random_seed(seed)
    return Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(3, 5, strides=2, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(4, 3, activation="tanh"),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )


@pytest.fixture(scope="module")
def digits():
    return sample.load_data()[1]


def finished(model, images):
    search = Search(model, images)
    while not search.finished:
        search.advance(0.0)
    return search


def test_the_strongest_of_all_are_found_with_their_places(digits):
    images, model = digits[0][:61], net()
    search = finished(model, images)
    outputs = model.activations((images[..., None] / 255).astype(np.float32))
    for layer, y in enumerate(outputs):
        for place in range(y.shape[-1]):
            strengths = y[..., place].reshape(len(y), -1).max(axis=1)
            expected = np.sort(strengths)[::-1][:MOST]
            found = search.of_map(layer, place)
            np.testing.assert_allclose(
                [each.value for each in found], expected[expected > 0], rtol=1e-5
            )
            for each in found:
                there = y[(each.digit, *each.place, place)]
                assert there == pytest.approx(strengths[each.digit], rel=1e-6)


@pytest.mark.parametrize("together", [1, 7, 100])
def test_slices_of_any_size_find_the_same(digits, together, monkeypatch):
    images, model = digits[0][:40], net()
    usual = finished(model, images)
    monkeypatch.setattr(exciting, "TOGETHER", together)
    other = finished(model, images)
    for layer, place in ((0, 1), (2, 3), (4, 9)):
        one, two = usual.of_map(layer, place), other.of_map(layer, place)
        assert [(e.digit, e.place) for e in one] == [(e.digit, e.place) for e in two]


def test_a_map_that_never_rises_has_no_digits(digits):
    model = net()
    kernel, bias, *rest = model.get_weights()
    bias[1] = -1e6
    model.set_weights([kernel, bias, *rest])
    search = finished(model, digits[0][:10])
    assert search.of_map(0, 1) == []
    assert len(search.of_map(0, 0)) == MOST


class Reader:
    """What `Kernels` must know of a recogniser."""

    def __init__(self, model):
        self.model, self.input, self.learnt = model, USUAL, 0


def look():
    return 2, 3, GREY, COLOURS


def test_a_search_goes_on_bit_by_bit_and_is_kept_for_its_model(digits, monkeypatch):
    reader = Reader(net())
    jobs = Kernels(reader)
    monkeypatch.setattr(jobs, "_digits", (digits[0][:30], digits[1][:30]))
    first = jobs.search(0, 0, look())
    assert first.done > 0
    while (known := jobs.search(0, 0, look())).done < known.total:
        pass
    assert known.total == 30
    calls = []
    monkeypatch.setattr(reader.model, "activations", calls.append)
    other = jobs.search(2, 1, look())  # another layer, and nothing is computed again
    assert (other.done, calls) == (30, [])
    assert len(other.labels) == len(other.found)
    assert list(other.labels) == [int(digits[1][each.digit]) for each in other.found]
    monkeypatch.undo()
    reader.model = net(3)
    assert jobs.search(0, 0, look()).layer == 0
    assert jobs._search.model is reader.model
    before = jobs._search
    reader.learnt += 1  # its weights are others now
    jobs.search(0, 0, look())
    assert jobs._search is not before


@pytest.mark.filterwarnings("error")
def test_a_net_that_diverged_is_searched_without_a_warning(digits):
    model = net()
    model.layers[-1].params["kernel"][...] = 3e38
    assert finished(model, digits[0][:8]).of_map(0, 0)


def test_there_is_nothing_to_search_without_a_model_or_a_map():
    assert Kernels(Reader(None)).search(0, 0, look()) is None
    assert Kernels(Reader(net())).search(0, 3, look()) is None
    assert Kernels(Reader(net())).search(9, 0, look()) is None


def test_the_digits_lie_beside_each_other_with_what_the_map_sees_outlined(digits):
    model, images = net(), digits[0][:12]
    found = finished(model, images).of_map(0, 0)
    frames = [receptive_field(model, 0, (*each.place, 0)) for each in found]
    column = digits_column(4, 3)
    picture = digits_picture(images[[e.digit for e in found]], frames, column, (GREY, COLOURS))
    for rank, (each, (rows, columns)) in enumerate(zip(found, frames, strict=True)):
        left, top, right, bottom = column.tile_box(rank)
        tile = picture[top:bottom, left:right][::4, ::4].astype(int)
        border = np.zeros((28, 28), bool)
        border[rows, columns] = True
        border[rows.start + 1 : rows.stop - 1, columns.start + 1 : columns.stop - 1] = False
        outside = ~border
        np.testing.assert_allclose(
            tile[outside][:, 0], 255 - images[each.digit][outside].astype(int), atol=1
        )
        assert tile[rows.start, columns.start].tolist() == [255, 0, 0]
        assert (rows.stop - rows.start, columns.stop - columns.start) == (5, 5)


def test_kernels_of_the_bundled_net_are_shown():
    jobs = Kernels(Reader(pretrained.load()))
    frame = jobs.show(KernelWish(4, "strongest", (600, 300), 3, 0, (60, 8), COLOURS))
    assert (frame.info.layer, frame.info.shape) == (4, (3, 3, 32, 64))
    without = jobs.show(KernelWish(2, 77, (600, 300), 3, 0, (60, 8), COLOURS))  # a pooling layer
    assert (without.info.layer, set(without.maps)) == (0, {0})
    assert frame.picture.startswith(b"P6 ")
    assert len(frame.maps) == len(frame.biases) == frame.info.units
    assert frame.scale[1] == pytest.approx(np.abs(frame.values).max())
