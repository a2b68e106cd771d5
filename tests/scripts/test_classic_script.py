"""The test of the public face: the well-known Keras script for MNIST, with one word replaced."""

import numpy as np
import pytest

from tinycnn import datasets, ops, utils
from tinycnn.datasets import mnist
from tinycnn.ops import reference

# The definitions take seconds a step; a few steps show that the script runs, if not that it learns much.
DIGITS, ACCURACY = (1280, 0.6) if ops.implementation() is not reference else (384, 0.3)

KERAS_SCRIPT = """
import keras
from keras.datasets import mnist
from keras.models import Sequential, load_model
from keras.layers import Dense, Dropout, Flatten
from keras.layers import Conv2D, MaxPooling2D
from keras import backend as K

batch_size = 128
num_classes = 10
epochs = 2

img_rows, img_cols = 28, 28
(x_train, y_train), (x_test, y_test) = mnist.load_data()

if K.image_data_format() == 'channels_first':
    x_train = x_train.reshape(x_train.shape[0], 1, img_rows, img_cols)
    x_test = x_test.reshape(x_test.shape[0], 1, img_rows, img_cols)
    input_shape = (1, img_rows, img_cols)
else:
    x_train = x_train.reshape(x_train.shape[0], img_rows, img_cols, 1)
    x_test = x_test.reshape(x_test.shape[0], img_rows, img_cols, 1)
    input_shape = (img_rows, img_cols, 1)

x_train = x_train.astype('float32')
x_test = x_test.astype('float32')
x_train /= 255
x_test /= 255
y_train = keras.utils.to_categorical(y_train, num_classes)
y_test = keras.utils.to_categorical(y_test, num_classes)

model = Sequential()
model.add(Conv2D(32, kernel_size=(3, 3), activation='relu', input_shape=input_shape))
model.add(Conv2D(64, (3, 3), activation='relu'))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Dropout(0.25))
model.add(Flatten())
model.add(Dense(256, activation='relu'))
model.add(Dropout(0.5))
model.add(Dense(num_classes, activation='softmax'))

model.compile(loss=keras.losses.categorical_crossentropy,
              optimizer=keras.optimizers.Adadelta(),
              metrics=['accuracy'])

hist = model.fit(x_train, y_train, batch_size=batch_size, epochs=epochs,
                 verbose=1, validation_data=(x_test, y_test))
model.save('mnist.h5')

score = model.evaluate(x_test, y_test, verbose=0)
print('Test loss:', score[0])
print('Test accuracy:', score[1])

model = load_model('mnist.h5')
again = model.evaluate(x_test, y_test, verbose=0)
"""


@pytest.fixture
def few_digits(monkeypatch):
    """Let `mnist.load_data` return a few digits of the sample: no network, no minutes."""
    digits = datasets.load("sample")
    train, test = slice(0, DIGITS), slice(0, 300)
    splits = (
        (digits.x_train[train], digits.y_train[train]),
        (digits.x_test[test], digits.y_test[test]),
    )
    monkeypatch.setattr(mnist, "load_data", lambda: splits)
    utils.set_random_seed(1)  # else what ran before decides how well twenty steps end


def test_the_script_runs_with_one_word_replaced(few_digits, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(compile(KERAS_SCRIPT.replace("keras", "tinycnn"), "script", "exec"), names)
    printed = capsys.readouterr().out
    assert "Epoch 2/2" in printed
    assert "Test accuracy:" in printed
    assert (tmp_path / "mnist.h5").stat().st_size > 9_000_000
    assert sorted(names["hist"].history) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert names["score"][1] > ACCURACY  # with the kernels, twenty steps from nothing
    np.testing.assert_array_equal(names["again"], names["score"])
