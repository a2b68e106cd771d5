"""What the tests of datasets need."""

import pytest


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Keep downloads in a folder of the test's own."""
    monkeypatch.setenv("TINYCNN_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"
