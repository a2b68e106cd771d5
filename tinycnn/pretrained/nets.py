"""The nets that the project trains, each described once; none is trained or compiled yet."""

from tinycnn.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    Layer,
    MaxPooling2D,
)
from tinycnn.models import Sequential


def classic_net() -> Sequential:
    """Return the net of the well-known Keras example, of 2.4 million weights.

    Example:
        >>> classic_net().count_params()
        2380938
    """
    return Sequential(
        [
            Conv2D(32, (3, 3), activation="relu", input_shape=(28, 28, 1)),
            Conv2D(64, (3, 3), activation="relu"),
            MaxPooling2D((2, 2)),
            Dropout(0.25),
            Flatten(),
            Dense(256, activation="relu"),
            Dropout(0.5),
            Dense(10, activation="softmax"),
        ]
    )


def lenet5() -> Sequential:
    """Return LeNet-5 with tanh and average pooling, of 61,706 weights.

    Source: Y. LeCun et al., "Gradient-based learning applied to document recognition", 1998, fig. 2; here
    every map of the second convolution sees all of the first, and a softmax stands at the end.

    Example:
        >>> lenet5().count_params()
        61706
    """
    return Sequential(
        [
            Input((28, 28, 1)),
            Conv2D(6, 5, activation="tanh", padding="same"),
            AveragePooling2D(2),
            Conv2D(16, 5, activation="tanh"),
            AveragePooling2D(2),
            Flatten(),
            Dense(120, activation="tanh"),
            Dense(84, activation="tanh"),
            Dense(10, activation="softmax"),
        ]
    )


def compact_net() -> Sequential:
    """Return the bundled net: three quarters of a megabyte, and 7 million products a digit.

    Example:
        >>> compact_net().count_params()
        192714
    """
    relu = {"activation": "relu", "kernel_initializer": "he_normal"}
    return Sequential(
        [
            Input((28, 28, 1)),
            Conv2D(16, 3, **relu),
            Conv2D(32, 3, **relu),
            MaxPooling2D(2),
            Dropout(0.1),
            Conv2D(64, 3, **relu),
            Conv2D(64, 3, **relu),
            MaxPooling2D(2),
            Dropout(0.25),
            Flatten(),
            Dense(128, **relu),
            Dropout(0.5),
            Dense(10, activation="softmax"),
        ]
    )


def compact_net_to_train() -> Sequential:
    """Return the compact net with batch normalization, with which it learns more in less time.

    `folding.folded_weights` makes weights for `compact_net` of its own.

    Example:
        >>> compact_net_to_train().output_shape
        (None, 10)
    """

    def normalized(layer: type[Layer], *size: int) -> list[Layer]:
        linear = layer(*size, use_bias=False, kernel_initializer="he_normal")
        return [linear, BatchNormalization(momentum=0.98), Activation("relu")]

    return Sequential(
        [
            Input((28, 28, 1)),
            *normalized(Conv2D, 16, 3),
            *normalized(Conv2D, 32, 3),
            MaxPooling2D(2),
            Dropout(0.07),
            *normalized(Conv2D, 64, 3),
            *normalized(Conv2D, 64, 3),
            MaxPooling2D(2),
            Dropout(0.18),
            Flatten(),
            *normalized(Dense, 128),
            Dropout(0.35),
            Dense(10, activation="softmax"),
        ]
    )
