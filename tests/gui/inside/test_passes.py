"""A drawing's way through a net and back, against the model's own numbers."""

import numpy as np
import pytest

from gui.inside import passes
from gui.inside.layout import BARS, FOLDED, MAPS, STRIP
from tests.support.inside_nets import NAMES, drawing, net
from tinycnn import losses

LABEL = 2


@pytest.fixture(params=NAMES, scope="module")
def there(request):
    model = net(request.param)
    return passes.forward(model, drawing(model))


@pytest.fixture(scope="module")
def back(there):
    return passes.with_way_back(there, LABEL)


def test_the_values_are_the_models_activations(there):
    outputs = there.model.activations(there.x)
    assert len(there.values) == len(outputs) + 1
    assert np.array_equal(there.values[0], there.x[0])
    for value, output in zip(there.values[1:], outputs, strict=True):
        assert np.array_equal(value, output[0])
    assert there.shown is there.values


def test_the_gradients_are_the_models_own(back):
    own = back.model.activation_gradients(back.x, back.target)
    assert [g.shape for g in back.gradients] == [v.shape for v in back.values]
    for gradient, expected in zip(back.gradients[1:], own, strict=True):
        assert np.array_equal(gradient, expected[0])
    assert back.shown is back.gradients


def test_the_gradient_of_the_input_is_made_of_those_of_the_scores(back):
    """dL/dx = Σ (p - target) · dscore/dx, by another way of the library."""
    model, y = back.model, back.values[-1]
    is_softmax = model.layers[-1].as_logits() is not None
    p = y if is_softmax else np.exp(y) / np.exp(y).sum()
    slopes = p - model.objective.loss.target(back.target, y[None])[0]
    expected = sum(
        slope * model.input_gradient(back.x, place)[0] for place, slope in enumerate(slopes)
    )
    scale = float(np.abs(expected).max())
    np.testing.assert_allclose(back.gradients[0], expected, rtol=1e-4, atol=1e-5 * scale)


def test_the_loss_is_told_with_its_formula_and_its_number(back):
    value = float(np.atleast_1d(back.model.test_on_batch(back.x, back.target))[0])
    told = float(back.loss.partition(" (")[0].rpartition("= ")[2])
    assert told == pytest.approx(value, abs=2e-4)
    formula = (
        "Σ target"
        if getattr(back.model.objective.loss, "label_smoothing", 0)
        else f"log p({LABEL})"
    )
    assert formula in back.loss


def test_a_model_without_a_loss_stays_so_and_that_is_said():
    model = net("lenet")
    back = passes.with_way_back(passes.forward(model, drawing(model)), LABEL)
    assert model.objective is None
    assert back.model.objective is not None
    assert all(a is b for a, b in zip(back.model.layers, model.layers, strict=True))
    assert "brings none" in back.loss
    assert back.model.objective.from_logits  # the net ends in scores


def test_a_model_with_a_loss_uses_its_own():
    model = net("classic")
    model.compile("sgd", losses.CategoricalCrossentropy(label_smoothing=0.2))
    back = passes.with_way_back(passes.forward(model, drawing(model)), LABEL)
    assert back.model is model
    assert back.target.shape == (1, 10)
    assert "Σ target" in back.loss
    assert "brings none" not in back.loss


def test_layers_that_change_nothing_are_folded_and_say_why():
    infos = passes.layer_infos(net("classic"))
    kinds = [info.kind for info in infos]
    assert kinds == [MAPS, MAPS, MAPS, MAPS, FOLDED, FOLDED, STRIP if infos[6].shape[0] > 16 else BARS,
                     FOLDED, BARS]  # fmt: skip
    assert infos[4].same == "off when predicting"
    assert infos[8].facts == "softmax"


def test_another_loss_is_told_by_its_name():
    model = net("classic")
    model.compile("sgd", "mse")
    back = passes.with_way_back(passes.forward(model, drawing(model)), LABEL)
    value = float(model.evaluate(back.x, back.target, verbose=0))
    assert back.loss.startswith("Loss = mean_squared_error = ")
    assert float(back.loss.rpartition("= ")[2]) == pytest.approx(value, abs=2e-4)
    own = model.activation_gradients(back.x, back.target)
    assert np.array_equal(back.gradients[-1], own[-1][0])
    assert np.abs(back.gradients[0]).max() > 0
