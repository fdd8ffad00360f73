"""Fixtures of all tests: the installed package, a folder for each test, and a receiver."""

from __future__ import annotations

import pytest
from support import Receiver

import tradesim_metrics

# The package as it is installed, never the sources beside the tests.
assert "site-packages" in (tradesim_metrics.__file__ or ""), tradesim_metrics.__file__


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder for each test, and no settings from outside."""
    monkeypatch.chdir(tmp_path)
    for name in ("TRADESIM_METRICS", "TRADESIM_METRICS_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()
