"""What a tile shows is what the layer multiplies with, and all tiles have their place."""

import numpy as np
import pytest

from gui.inside import kernels
from tinycnn import layers, pretrained, utils
from tinycnn.models.sequential import Sequential


@pytest.fixture(scope="module")
def lenet():
    """A net as LeNet-5: average pooling, tanh, dense layers behind each other."""
    utils.set_random_seed(5)
    return Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(6, 5, padding="same", activation="tanh"),
            layers.AveragePooling2D(),
            layers.Conv2D(16, 5, activation="tanh"),
            layers.AveragePooling2D(),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(12, activation="tanh"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def test_every_layer_with_weights_is_there(lenet):
    infos = kernels.kernel_infos(lenet)
    assert [(info.layer, info.shape, info.units, info.noun) for info in infos] == [
        (0, (5, 5, 1, 6), 6, "filter"),
        (2, (5, 5, 6, 16), 16, "filter"),
        (6, (5, 5, 16, 12), 12, "unit"),
        (7, (10, 12, 1, 1), 10, "unit"),
    ]
    assert infos[0].what == "6 filters of 5×5 over 1 input map"
    assert infos[2].what == "12 units, their weights on 16 maps of 5×5"
    assert [info.in_rows for info in infos] == [False, False, False, True]
    assert len(kernels.kernel_infos(pretrained.load())) == 6


def test_a_dense_layers_tiles_lie_on_the_maps_that_it_reads(lenet):
    """Tiles times maps, summed, are what the layer adds up."""
    x = np.random.default_rng(0).random((1, 28, 28, 1)).astype(np.float32)
    outputs = lenet.activations(x)
    weights = kernels.kernel_of(lenet, 6).astype(np.float64)  # (5, 5, 16, 12)
    sums = (outputs[3][0][..., None] * weights).sum(axis=(0, 1, 2))
    np.testing.assert_allclose(
        np.tanh(sums + lenet.layers[6].params["bias"]), outputs[6][0], atol=1e-5
    )
    rows = kernels.kernel_of(lenet, 7)[..., 0, 0]  # (10, 12)
    np.testing.assert_array_equal(rows, lenet.layers[7].params["kernel"].T)


def test_a_tile_shows_the_input_map_that_was_chosen():
    kernel = np.random.default_rng(1).normal(size=(3, 2, 4, 5))
    shown, maps = kernels.tiles(kernel, 2)
    np.testing.assert_array_equal(shown, kernel[:, :, 2])
    assert maps == [2] * 5
    shown, maps = kernels.tiles(kernel, kernels.MEAN)
    np.testing.assert_allclose(shown, sum(kernel[:, :, c] for c in range(4)) / 4)
    assert maps == [None] * 5
    shown, maps = kernels.tiles(kernel, kernels.STRONGEST)
    for f, c in enumerate(maps):
        sizes = [np.linalg.norm(kernel[:, :, each, f]) for each in range(4)]
        assert sizes[c] == max(sizes)
        np.testing.assert_array_equal(shown[..., f], kernel[:, :, c, f])


def test_maps_of_one_pixel_make_no_tiles():
    model = Sequential(
        [layers.Input((5, 5, 2)), layers.Conv2D(7, 5), layers.Flatten(), layers.Dense(3)]
    )
    assert kernels.kernel_infos(model)[1].shape == (3, 7, 1, 1)


@pytest.mark.parametrize(
    "shape", [(3, 3, 64), (5, 5, 6), (1, 1, 3), (12, 12, 128), (10, 128, 1), (3, 3, 1)]
)
@pytest.mark.parametrize("area", [(560, 300), (300, 500), (1540, 150)])
def test_tiles_lie_beside_each_other_within_their_area(shape, area):
    column = kernels.grid(shape, area, 4)
    boxes = [column.tile_box(place) for place in column.seen]
    assert len(set(boxes)) == len(boxes) == (min(shape[2], column.rows * column.across))
    assert max(box[2] for box in boxes) <= area[0]
    assert max(box[3] for box in boxes) <= area[1]
    if column.zoom > 1:
        assert not column.hidden
    for place in (0, len(boxes) - 1):
        left, top, *_ = column.tile_box(place)
        assert column.position_at(left, top) == (0, 0, place)


def test_tiles_that_do_not_fit_are_scrolled_to():
    column = kernels.grid((12, 12, 500), (200, 100), 4)
    assert column.hidden
    assert 499 in column.showing((0, 0, 499)).seen
