"""What holds for all tests."""

import gc
import os
import tempfile

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Remember nothing in the folders of whoever runs the tests, nor from one run to the next."""
    folder = tempfile.TemporaryDirectory(prefix="syncline-tests-")
    config.add_cleanup(folder.cleanup)
    os.environ["SYNCLINE_CACHE"] = os.path.join(folder.name, "cache")
    gc.disable()  # thousands of tests are collected, none of which is garbage, nor is looked at again


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.enable()
