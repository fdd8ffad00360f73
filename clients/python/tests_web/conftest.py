"""Fixtures: an exporter, and programs that are ended."""

from __future__ import annotations

import pytest
from support import Exporter, Program


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
