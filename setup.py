"""Puts the folders of the commands into the package `tinycnn` of a wheel: see `tinycnn/__main__.py`."""

from setuptools import find_packages, setup

WINDOW = [f"tinycnn.{name}" for name in find_packages(include=["gui", "gui.*"])]

setup(
    packages=[*find_packages(include=["tinycnn", "tinycnn.*"]), *WINDOW, "tinycnn.scripts"],
    package_dir={"tinycnn.gui": "gui", "tinycnn.scripts": "scripts"},
)
