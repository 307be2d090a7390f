"""Give these tests a fake_cerebras that no server under test uses."""

from tests.cerebras import shared_fake  # noqa: F401  # a fixture
