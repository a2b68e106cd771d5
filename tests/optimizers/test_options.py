"""What all optimizers can do: each option against plain NumPy, alone and with other options."""

import copy

import numpy as np
import pytest

from tinycnn import optimizers
from tinycnn.optimizers import SGD, Adam, AdamW, options

GRADS = [np.array([3.0, -4.0]), np.array([[0.0, 12.0]])]


def moved(optimizer, grads=GRADS):
    """Return the steps that an optimizer takes from ones."""
    params = [np.ones_like(grad) for grad in grads]
    optimizer.apply([grad.copy() for grad in grads], params)
    return [param - 1 for param in params]


def same(actual, wanted):
    for one, other in zip(actual, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-15)


def test_clipping_shortens_what_is_too_long_and_nothing_else():
    same(moved(SGD(1.0, clipvalue=3.5)), [[-3, 3.5], [[0, -3.5]]])
    same(moved(SGD(1.0, clipnorm=6.0)), [[-3, 4], [[0, -6]]])  # norms 5 and 12
    same(moved(SGD(1.0, global_clipnorm=6.5)), [[-1.5, 2], [[0, -6]]])  # the norm of all is 13
    same(moved(SGD(1.0, global_clipnorm=14.0)), [[-3, 4], [[0, -12]]])
    same(moved(SGD(1.0, clipnorm=0.0)), [[-3, 4], [[0, -12]]])  # as in Keras: none


@pytest.mark.parametrize("clip", options.CLIPS)
@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_clipping_hides_no_nan_and_never_changes_the_gradients(clip, wrong):
    grads = [np.array([wrong, 1.0], np.float32), np.array([2.0, 0.0], np.float32)]
    kept = copy.deepcopy(grads)
    with np.errstate(invalid="ignore"):  # as in a step of training
        steps = [np.isnan(step) for step in moved(SGD(0.5, **{clip: 1.0}), grads)]
    hit = {
        "clipvalue": [[np.isnan(wrong), False], [False, False]],
        "clipnorm": [[True, np.isnan(wrong)], [False, False]],
        "global_clipnorm": [[True, True], [True, True]],
    }
    np.testing.assert_array_equal(steps, hit[clip])
    np.testing.assert_array_equal(grads, kept)


def test_a_gradient_whose_square_is_too_large_for_float32_is_clipped():
    (step,) = moved(SGD(1.0, clipnorm=1.0), [np.array([3e30, 4e30], np.float32)])
    np.testing.assert_allclose(step, [-0.6, -0.8], rtol=1e-6)


def test_of_the_ways_of_clipping_one_can_be_chosen():
    for one, other in (options.CLIPS[:2], options.CLIPS[1:]):
        with pytest.raises(ValueError, match=f"Only one of .*{one}.*{other}"):
            SGD(**{one: 1.0, other: 1.0})


def test_weights_decay_before_the_step_by_the_learning_rate():
    grads = [np.array([3.0, -4.0]), np.array([5.0])]
    same(moved(SGD(0.5, weight_decay=0.25), grads), [[-1.625, 1.875], [-2.625]])
    plain, decayed = moved(Adam(0.5), grads), moved(AdamW(0.5, 0.25), grads)
    same(decayed, [step - 0.125 for step in plain])
    assert AdamW().weight_decay == 0.004
    with pytest.raises(ValueError, match="weight_decay=None"):
        AdamW(weight_decay=None)


def test_weights_can_be_left_out_of_decay_even_in_a_copy():
    optimizer, kernel, bias = SGD(0.5, weight_decay=0.25), np.ones(2), np.ones(1)
    optimizer.exclude_from_weight_decay([bias])
    optimizer, kernel, bias = copy.deepcopy((optimizer, kernel, bias))
    optimizer.apply([np.zeros(2), np.zeros(1)], [kernel, bias])
    same([kernel, bias], [[0.875, 0.875], [1]])


def test_averages_begin_with_the_first_weights_and_replace_them_when_told():
    x, optimizer = np.array([0.0]), SGD(1.0, use_ema=True, ema_momentum=0.75)
    for _ in range(3):
        optimizer.apply([np.array([-1.0])], [x])  # to 1, 2, 3
    np.testing.assert_array_equal(x, [3])
    average = (1 * 0.75 + 2 * 0.25) * 0.75 + 3 * 0.25
    np.testing.assert_allclose(optimizer.slots["average"], [[average]])
    optimizer.finalize_variable_values([x])
    np.testing.assert_allclose(x, [average])
    plain = SGD(1.0)
    plain.finalize_variable_values([x])
    np.testing.assert_allclose(x, [average])


def test_averages_replace_the_weights_every_so_many_steps():
    x = np.array([0.0])
    optimizer = SGD(1.0, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=2)
    went = []
    for _ in range(4):
        optimizer.apply([np.array([-1.0])], [x])
        went.append(float(x[0]))
    assert went == [1.0, 1.5, 2.5, (1.5 * 0.5 + 2.5 * 0.5) * 0.5 + 3.5 * 0.5]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *((option, wrong) for option in ("weight_decay", *options.CLIPS) for wrong in (-1, "x")),
        ("use_ema", 1),
        ("ema_momentum", 1.5),
        ("ema_overwrite_frequency", 0),
        ("ema_overwrite_frequency", 2.5),
        ("loss_scale_factor", 2.0),
        ("gradient_accumulation_steps", 2),
    ],
)
@pytest.mark.parametrize("name", optimizers.CLASSES)
def test_options_out_of_range_are_named(name, option, value):
    with pytest.raises(ValueError, match=f"{option}={value!r}"):
        optimizers.CLASSES[name](**{option: value})


def test_an_option_that_nobody_knows_is_named_and_decay_is_ignored_as_in_keras():
    with pytest.raises(TypeError, match="momenta=3"):
        Adam(momenta=3)
    with pytest.warns(UserWarning, match="decay is ignored"):
        assert "decay" not in SGD(decay=1e-6).get_config()


def test_the_old_name_of_the_learning_rate_is_told_the_new_one():
    for cls in (SGD, Adam):
        with pytest.raises(TypeError, match=r"no option 'lr' any more: write learning_rate=0.01"):
            cls(lr=0.01)


def test_weights_are_left_out_of_decay_by_themselves_and_not_by_names():
    AdamW().exclude_from_weight_decay(var_list=None, var_names=[])
    with pytest.raises(ValueError, match=r"no names here.*Received: var_names=\['bias'\]"):
        AdamW().exclude_from_weight_decay(var_names=["bias"])


def test_a_step_without_options_makes_no_new_arrays(monkeypatch):
    for helper in ("square_sum", "decay_weights", "follow", "clip_by_value"):
        monkeypatch.setattr(options, helper, None)
    same(moved(SGD(1.0)), [[-3, 4], [[0, -12]]])
