"""The layers of a model in order: graphs that are chains, models within models, and what is neither."""

import pytest

from tinycnn.saving.chain import DEEPEST, MOST_LAYERS, flattened
from tinycnn.saving.options import UnsupportedError


def dense(name, *calls, **others):
    """Return a described layer; `calls` are the names of the layers that each call of it takes."""
    nodes = [[[source, 0, 0, {}] for source in call.split()] for call in calls]
    config = {"name": name, "units": 3}
    return {"class_name": "Dense", "name": name, "config": config, "inbound_nodes": nodes} | others


def start(name="in"):
    config = {"name": name, "batch_input_shape": [None, 4]}
    return {"class_name": "InputLayer", "name": name, "config": config, "inbound_nodes": []}


def functional(*layers, first="in", last="last", **options):
    ends = {"input_layers": [[first, 0, 0]], "output_layers": [[last, 0, 0]]}
    return {
        "class_name": "Functional",
        "config": {"name": "model", "layers": [*layers], **ends, **options},
    }


def sequential(name, *layers, **options):
    return {"class_name": "Sequential", "config": {"name": name, "layers": [*layers], **options}}


def names(model, said=None):
    say = pytest.fail if said is None else said.append
    return [layer["config"]["name"] for layer in flattened(model, say)]


def test_the_order_is_the_graphs_and_not_the_lists():
    layers = dense("last", "mid"), dense("mid", "in"), start()
    assert names(functional(*layers)) == ["in", "mid", "last"]
    assert names({**functional(*layers), "class_name": "Model"}) == ["in", "mid", "last"]


def test_the_form_of_keras_3_and_ends_without_a_list_around_them():
    tensor = {"class_name": "__keras_tensor__", "config": {"keras_history": ["in", 0, 0]}}
    call = {"args": [tensor], "kwargs": {"mask": None}}
    last = dense("last", inbound_nodes=[call])
    ends = {"input_layers": ["in", 0, 0], "output_layers": ["last", 0, 0]}
    assert names(functional(last, start(), **ends)) == ["in", "last"]
    call["args"] = [[tensor]]
    assert names(functional(last, start())) == ["in", "last"]
    call["args"] = [[tensor, tensor]]
    with pytest.raises(UnsupportedError, match="'last' takes 2 inputs"):
        names(functional(last, start()))


def test_keras_3_writes_training_false_at_every_dropout_and_it_means_nothing():
    tensor = {"class_name": "__keras_tensor__", "config": {"keras_history": ["in", 0, 0]}}
    call = {"args": [tensor], "kwargs": {"training": False}}
    assert names(functional(dense("last", inbound_nodes=[call]), start())) == ["in", "last"]


REFUSED = {
    "a branch": (
        [start(), dense("a", "in"), dense("b", "a"), dense("last", "a")],
        r"output of its layer 'a' goes to several others, \['b', 'last'\]",
    ),
    "a sum": ([start(), dense("a", "in"), dense("last", "in a")], "'last' takes 2 inputs"),
    "twice": ([start(), dense("last", "in", "in")], "'last' is used 2 times"),
    "never": ([start(), dense("last", "in"), dense("b")], "'b' is used 0 times"),
    "a circle": ([start(), dense("last", "in"), dense("a", "b"), dense("b", "a")], "'a' is not in"),
    "an end in the midst": (
        [start(), dense("last", "in"), dense("b", "last")],
        "layers follow it: 'b'",
    ),
    "no start": ([dense("last", "in")], "'in' is not in"),
    "no end": ([start(), dense("a", "in")], "'last' is not in"),
    "a name twice": ([start(), dense("last", "in"), dense("last", "in")], "is not in"),
    "no list": ([start(), dense("last", inbound_nodes=5)], "'last' is used 0 times"),
    "malformed": ([start(), dense("last", inbound_nodes=[[["in"]]])], "are malformed"),
    "malformed args": ([start(), dense("last", inbound_nodes=[{"args": 3}])], "are malformed"),
    "malformed tensor": (
        [start(), dense("last", inbound_nodes=[{"args": [{"config": {}}]}])],
        "are malformed",
    ),
    "an argument": (
        [start(), dense("last", inbound_nodes=[[["in", 0, 0, {"y": 255.0}]]])],
        "the call of its layer 'last' has an unknown option 'y': 255.0",
    ),
    "in training": (
        [start(), dense("last", inbound_nodes=[[["in", 0, 0, {"training": True}]]])],
        "'last' is called with training=True",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_chain_is_refused_by_a_layers_name(what):
    layers, words = REFUSED[what]
    with pytest.raises(ValueError, match=words):
        names(functional(*layers))


@pytest.mark.parametrize(
    "ends", [None, [], [["in", 0, 0], ["b", 0, 0]], {"a": 1}, [["in"]], [[1, 2, 3]]], ids=str
)
def test_ends_that_are_not_one_layer(ends):
    with pytest.raises(ValueError, match=r"0 inputs|2 inputs|are malformed"):
        names(functional(start(), dense("last", "in"), input_layers=ends))


def test_a_call_that_only_training_would_notice_is_said():
    said = []
    last = dense("last", inbound_nodes=[[["in", 0, 0, {"training": False}]]])
    assert names(functional(start(), last), said) == ["in", "last"]
    assert "'last' is called with training=False" in said[0]


def test_models_within_models_stand_for_their_layers_and_no_name_is_there_twice():
    inner = sequential("inner", dense("a"), dense("b"))
    model = sequential("outer", start(), dense("a"), inner, dense("b"), dense("inner_b"))
    assert names(model) == ["in", "a", "inner_a", "inner_b_1", "b", "inner_b"]
    twice = sequential("outer", sequential("x", dense("a")), sequential("x", dense("a")))
    assert names(twice) == ["a", "x_a"]
    chain = functional(start(), dense("last", "in"))
    assert names(sequential("outer", chain, dense("c"))) == ["in", "last", "c"]
    inside = {**inner, "name": "inner", "inbound_nodes": [[["in", 1, 0, {}]]]}
    assert names(functional(start(), inside, last="inner")) == ["in", "a", "b"]


def test_a_model_that_is_not_trainable_has_no_layer_that_is():
    inner = sequential("inner", dense("a"), trainable=False)
    layers = flattened(sequential("outer", inner, dense("b")), pytest.fail)
    assert [layer["config"].get("trainable") for layer in layers] == [False, None]


def test_bounds():
    deep = sequential("m0", dense("a"))
    for depth in range(DEEPEST):
        deep = sequential(f"m{depth + 1}", deep)
    assert names(deep) == ["a"]
    with pytest.raises(ValueError, match="models within models"):
        names(sequential("deeper", deep))
    many = [dense(f"d{place}") for place in range(MOST_LAYERS)]
    assert len(names(sequential("many", *many))) == MOST_LAYERS
    with pytest.raises(ValueError, match=f"{MOST_LAYERS + 1} layers"):
        names(sequential("more", sequential("many", *many), dense("one")))
    for config in ({}, {"layers": []}, [], {"layers": [sequential("empty")]}, {"layers": {}}):
        with pytest.raises(ValueError, match="no layers"):
            names({"class_name": "Sequential", "config": config})
