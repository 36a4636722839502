import os
import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import ledger


@pytest.fixture(scope="session", autouse=True)
def loaded():
    """The registry, once the throw-away database stands."""
    ledger.load()


@pytest.fixture
def seed(request):
    """The seed of everything random in a test; printed, and set by STRESS_SEED to play it again."""
    value = int(os.environ.get("STRESS_SEED") or random.SystemRandom().randrange(2**31))
    random.seed(value)
    print(f"\nSTRESS_SEED={value}")
    return value


@pytest.fixture
def figures(request, capsys):
    """Print a line of figures that a reader of the run wants to see."""

    def show(**values):
        line = ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in values.items())
        with capsys.disabled():
            print(f"\n  {request.node.name}: {line}")

    return show


@pytest.fixture(autouse=True)
def sound(loaded):
    """After each test the whole ledger agrees with its entries."""
    yield
    assert ledger.differences() == []
