"""The names that scripts for Keras use, each where Keras has it, and where this library has it, too."""

NAMES = {
    "": "Initializer Input Layer Loss Model Optimizer Sequential activations backend callbacks config "
    "datasets initializers layers losses metrics models ops optimizers preprocessing saving utils version",
    "backend": "backend clear_session epsilon floatx image_data_format set_epsilon set_floatx "
    "set_image_data_format",
    "callbacks": "CSVLogger Callback EarlyStopping History LambdaCallback ModelCheckpoint",
    "config": "backend epsilon floatx image_data_format set_epsilon set_floatx set_image_data_format",
    "datasets": "mnist",
    "datasets.mnist": "load_data",
    "layers": "Activation AveragePooling2D AvgPool2D BatchNormalization Conv2D Convolution2D Dense Dropout "
    "ELU Flatten GlobalAveragePooling2D GlobalAvgPool2D GlobalMaxPool2D GlobalMaxPooling2D Input "
    "InputLayer Layer LeakyReLU MaxPool2D MaxPooling2D ReLU Rescaling Reshape Softmax ZeroPadding2D",
    "models": "Model Sequential clone_model load_model model_from_json save_model",
    "saving": "load_model save_model",
    "utils": "clear_session normalize set_random_seed to_categorical",
}
MODEL = (
    "add build compile count_params evaluate fit from_config get_config get_layer get_weights "
    "input_shape layers metrics_names non_trainable_weights output_shape pop predict "
    "predict_on_batch reset_metrics save set_weights summary test_on_batch to_json train_on_batch "
    "trainable trainable_weights weights"
)
LAYER = "get_config get_weights non_trainable_weights set_weights trainable_weights weights"


def paths():
    """Return all of them with dots: "layers.Dense", "Sequential.fit"."""
    places = NAMES | {"Sequential": MODEL, "layers.Dense": LAYER}
    return [".".join(filter(None, (p, name))) for p in places for name in places[p].split()]


def find(root, path):
    """Return what stands at a path with dots below a module."""
    for name in path.split("."):
        root = getattr(root, name)
    return root
