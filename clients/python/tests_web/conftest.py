"""Fixtures: a folder for each test, an exporter, and programs that are ended."""

from __future__ import annotations

import pytest
from support import Exporter, Program, Receiver

import tradesim_metrics

# The package as it is installed, never the sources beside the tests.
assert "site-packages" in (tradesim_metrics.__file__ or ""), tradesim_metrics.__file__


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def programs(folder):
    """Start programs in the folder, which are ended with the test."""
    running = []

    def start(words, **env):
        running.append(Program(words, folder, **env))
        return running[-1]

    yield start
    for program in reversed(running):
        if program.process.poll() is None:
            program.stop()


@pytest.fixture
def exporters(folder):
    running = []

    def start(*args, **options):
        running.append(Exporter(folder, *args, **options))
        return running[-1]

    yield start
    for exporter in running:
        if exporter.process.poll() is None:
            exporter.stop()


@pytest.fixture
def exporter(exporters):
    return exporters()
