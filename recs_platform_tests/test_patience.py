"""What hangs outside keeps nobody waiting for long."""

from __future__ import annotations

import threading

import pytest

from recs_platform.errors import ConfigError, UnavailableError
from recs_platform.patience import patiently


def test_who_does_not_answer_is_not_waited_for_and_not_asked_twice() -> None:
    answers, asked = threading.Event(), []

    def ask() -> str:
        asked.append(1)
        answers.wait(20)
        return "here"

    with pytest.raises(UnavailableError, match="the database does not answer within"):
        patiently(ask, "the database", seconds=0.05)
    with pytest.raises(UnavailableError, match="the database has not answered yet"):
        patiently(ask, "the database", seconds=0.05)
    assert patiently(lambda: "another's", "another") == "another's"
    assert len(asked) == 1
    answers.set()
    for thread in threading.enumerate():
        if thread.name == "the database":
            thread.join(20)
    assert patiently(ask, "the database") == "here"


def test_what_went_wrong_is_raised_as_it_is() -> None:
    def ask() -> None:
        raise ConfigError("wrong")

    with pytest.raises(ConfigError, match="wrong"):
        patiently(ask, "a feed")
