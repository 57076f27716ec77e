"""Pauses between attempts."""

import time

import pytest

from chalicelib.backoff import attempts, pause


def test_each_attempt_but_the_first_comes_after_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    done = False
    for attempt in attempts(5):
        done = attempt == 3
        if done:
            break
    assert done
    assert len(pauses) == 3
    assert list(attempts(4)) == [0, 1, 2, 3]
    assert len(pauses) == 6


@pytest.mark.parametrize(("attempt", "longest"), [(0, 0.02), (1, 0.04), (4, 0.32), (5, 0.5), (30, 0.5)])
def test_pauses_grow_up_to_half_a_second_and_are_drawn_at_random(
    monkeypatch: pytest.MonkeyPatch, attempt: int, longest: float
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    for _ in range(200):
        pause(attempt)
    assert 0 <= min(pauses) < longest / 4
    assert longest * 3 / 4 < max(pauses) <= longest
