"""Profiles and strategies of hypothesis.

The default profile runs the same few examples each time. `pytest
--hypothesis-profile=campaign` runs many random ones.
"""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

COMMON = settings(
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.register_profile("repeatable", COMMON, derandomize=True, max_examples=25)
settings.register_profile("campaign", COMMON, max_examples=2_000)
settings.load_profile("repeatable")


def at_least(examples: int) -> settings:
    """Return settings with more examples, for tests that are fast."""
    return settings(max_examples=max(examples, settings().max_examples))


@st.composite
def cut(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """Return the bytes cut into a few parts."""
    positions = draw(st.lists(st.integers(0, len(data)), max_size=8).map(sorted))
    edges = [0, *positions, len(data)]
    return [data[a:b] for a, b in zip(edges, edges[1:], strict=False)]


def any_bytes(alphabet: bytes) -> st.SearchStrategy[bytes]:
    """Return random bytes, some of them from the alphabet only."""
    characters = st.text(alphabet.decode("latin-1"))
    return st.binary(max_size=60) | characters.map(lambda text: text.encode("latin-1"))


@st.composite
def damaged(draw: st.DrawFn, data: bytes, alphabet: bytes) -> bytes:
    """Return the bytes with some of them deleted, inserted or replaced."""
    for _ in range(draw(st.integers(0, 3))):
        position = draw(st.integers(0, len(data)))
        deleted = draw(st.integers(0, 2))
        inserted = draw(
            st.lists(st.sampled_from(list(alphabet)), max_size=2).map(bytes)
        )
        data = data[:position] + inserted + data[position + deleted :]
    return data
