"""How tests make up input: the same every time, or anew and much more of it.

`pytest --hypothesis-profile=campaign` is the hunt; the default is what was learnt.
"""

from __future__ import annotations

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
    """For what is cheap to try."""
    return settings(max_examples=max(examples, settings().max_examples))


@st.composite
def cut(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """The same bytes as a few reads bring them."""
    places = draw(st.lists(st.integers(0, len(data)), max_size=8).map(sorted))
    edges = [0, *places, len(data)]
    return [data[a:b] for a, b in zip(edges, edges[1:], strict=False)]


@st.composite
def damaged(draw: st.DrawFn, data: bytes, alphabet: bytes) -> bytes:
    """Bytes of which some were left out, put in or replaced."""
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(data)))
        lost = draw(st.integers(0, 2))
        gained = draw(st.lists(st.sampled_from(list(alphabet)), max_size=2).map(bytes))
        data = data[:place] + gained + data[place + lost :]
    return data
