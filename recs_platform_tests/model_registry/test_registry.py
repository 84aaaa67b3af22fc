"""The registry of models: versions, which one is active and which one serves a day, on SQLite and PostgreSQL."""

from __future__ import annotations

import datetime

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from recs_platform.errors import UserError
from recs_platform.model_registry import registry
from recs_platform_tests.model_registry.versions import (
    NOON,
    activate,
    day,
    register,
    rollback,
    served,
    statuses,
    trained,
)


def refusal(database: Engine, version: int) -> str:
    with pytest.raises(UserError) as error:
        activate(database, version)
    return str(error.value)


def test_a_version_as_it_was_registered(platform_db: Engine) -> None:
    made = register(platform_db, 6, "aa")
    (stored,) = registry.versions(platform_db, "metro")
    assert stored == made
    assert (made.version, made.status, made.digest, made.as_of) == (1, "active", "sha256:aa", day(6))
    assert (made.repository, made.tag, made.artifact_digest) == ("metro-offer_ranking", "1", "sha256:aaa")
    assert made.metrics == {"candidate": {"roc_auc": 0.75}, "champion": None}
    assert made.features == ({"name": "recency_days", "kind": "number"},)
    assert (made.words, made.run_id, made.code_version) == ("It goes active.", "run-1", "1.0.0")
    assert (made.trained_at, made.activated_at, made.by) == (NOON, NOON, "run run-1")
    assert (made.champion, made.replaced) == (None, None)


def test_one_that_is_not_good_enough_is_a_candidate(platform_db: Engine) -> None:
    register(platform_db, 6, "aa")
    worse = register(platform_db, 13, "bb", active=False)
    assert statuses(platform_db) == {1: "active", 2: "candidate"}
    assert (worse.activated_at, worse.by, worse.champion, worse.replaced) == (None, None, 1, None)


def test_one_that_goes_active_retires_the_one_before(platform_db: Engine) -> None:
    register(platform_db, 6, "aa")
    better = register(platform_db, 13, "bb")
    assert statuses(platform_db) == {1: "retired", 2: "active"}
    assert (better.champion, better.replaced) == (1, 1)


def test_each_company_and_each_model_has_its_own(platform_db: Engine) -> None:
    register(platform_db, 6, "aa")
    other = register(platform_db, 6, "aa", "other")
    assert (other.version, statuses(platform_db), statuses(platform_db, "other")) == (1, {1: "active"}, {1: "active"})
    assert registry.serving(platform_db, "metro", "churn", day(6)) is None
    assert registry.versions(platform_db, "metro", "churn") == ()


def test_the_same_model_of_the_same_day_stands_once(platform_db: Engine) -> None:
    first = register(platform_db, 6, "aa", active=False)
    register(platform_db, 13, "bb")
    assert register(platform_db, 6, "aa", active=False) == first
    assert registry.version_of_day(platform_db, "metro", "offer_ranking", day(6), "sha256:aa") == first
    assert registry.version_of_day(platform_db, "metro", "offer_ranking", day(7), "sha256:aa") is None
    assert statuses(platform_db) == {1: "candidate", 2: "active"}
    assert register(platform_db, 20, "aa").version == 3


def test_a_refused_model_that_is_good_enough_by_now_serves_until_the_newer_one(platform_db: Engine) -> None:
    register(platform_db, 6, "aa")
    register(platform_db, 13, "bb", active=False)
    register(platform_db, 20, "cc")
    assert register(platform_db, 13, "bb").status == "retired"
    for number, version in ((12, 1), (13, 2), (19, 2), (20, 3)):
        serving = registry.serving(platform_db, "metro", "offer_ranking", day(number))
        assert serving is not None
        assert serving.version == version


def test_activating_by_hand(platform_db: Engine) -> None:
    register(platform_db, 6, "aa")
    register(platform_db, 13, "bb", active=False)
    chosen = activate(platform_db, 2)
    assert statuses(platform_db) == {1: "retired", 2: "active"}
    assert (chosen.by, chosen.champion, chosen.replaced) == ("ann", 1, 1)


def test_what_cannot_be_activated(platform_db: Engine) -> None:
    assert refusal(platform_db, 1) == "metro: offer_ranking has no version 1; it has none yet."
    register(platform_db, 6, "aa")
    register(platform_db, 13, "bb")
    assert refusal(platform_db, 2) == "metro: version 2 of offer_ranking is active already."
    assert refusal(platform_db, 9) == "metro: offer_ranking has no version 9; it has 1, 2."
    assert statuses(platform_db) == {1: "retired", 2: "active"}


def test_rollbacks_go_further_back_not_forth(platform_db: Engine) -> None:
    for number, digest in ((6, "aa"), (13, "bb"), (20, "cc")):
        register(platform_db, number, digest)
    assert [rollback(platform_db).version, rollback(platform_db).version] == [2, 1]
    assert statuses(platform_db) == {1: "active", 2: "retired", 3: "retired"}
    with pytest.raises(UserError, match="no version of offer_ranking served before version 1; name one"):
        rollback(platform_db)
    assert rollback(platform_db, to=3).version == 3


def test_a_rollback_skips_what_was_rolled_back_before(platform_db: Engine) -> None:
    register(platform_db, 6, "aa")
    register(platform_db, 13, "bb")
    rollback(platform_db)
    # What was found bad once does not come back: before the third, the first one served.
    assert register(platform_db, 20, "cc").replaced == 1
    assert rollback(platform_db).version == 1


def test_a_rollback_undoes_an_activation_by_hand(platform_db: Engine) -> None:
    register(platform_db, 6, "aa")
    register(platform_db, 13, "bb", active=False)
    register(platform_db, 20, "cc")
    activate(platform_db, 2)
    assert rollback(platform_db).version == 3


def test_what_cannot_be_rolled_back_to(platform_db: Engine) -> None:
    with pytest.raises(UserError, match="no version of offer_ranking is active, so there is nothing to go back from"):
        rollback(platform_db)
    for number, digest, active in ((6, "aa", True), (13, "bb", False), (20, "cc", True)):
        register(platform_db, number, digest, active=active)
    with pytest.raises(UserError, match="version 2 of offer_ranking was never active; it can go back to 1"):
        rollback(platform_db, to=2)
    with pytest.raises(UserError, match="version 3 of offer_ranking is active already"):
        rollback(platform_db, to=3)
    with pytest.raises(UserError, match="has no version 4; it has 1, 2, 3"):
        rollback(platform_db, to=4)
    assert statuses(platform_db) == {1: "retired", 2: "candidate", 3: "active"}


def test_a_day_is_served_by_what_was_known_then(platform_db: Engine) -> None:
    register(platform_db, 6, "aa")
    register(platform_db, 13, "bb")
    register(platform_db, 16, "cc", active=False)
    register(platform_db, 20, "dd")
    assert [served(platform_db, number) for number in (5, 6, 12, 13, 19, 20, 31)] == [None, 1, 1, 2, 2, 4, 4]


def test_after_a_rollback_the_older_version_serves_again(platform_db: Engine) -> None:
    register(platform_db, 6, "aa")
    register(platform_db, 13, "bb")
    rollback(platform_db)
    assert [served(platform_db, number) for number in (5, 6, 13, 31)] == [None, 1, 1, 1]


def test_a_model_of_a_past_day_serves_the_past_alone(platform_db: Engine) -> None:
    register(platform_db, 6, "aa")
    register(platform_db, 20, "bb")
    past = register(platform_db, 13, "cc")
    assert (past.version, past.status, past.champion, past.replaced) == (3, "retired", 1, None)
    assert past.words == "It goes active. The model of 2025-10-20 is newer and stays."
    assert [served(platform_db, number) for number in (6, 12, 13, 19, 20, 31)] == [1, 1, 3, 3, 2, 2]
    # Made later, but of an older day.
    register(platform_db, 8, "dd")
    assert [served(platform_db, number) for number in (6, 8, 12, 13, 19, 20)] == [1, 4, 4, 3, 3, 2]
    assert rollback(platform_db).version == 1
    # Rolled back or not, a newer model was there: the past does not decide about today.
    assert register(platform_db, 14, "ee").status == "retired"


def test_a_day_that_is_trained_again_on_other_data_serves_by_the_newer_one(platform_db: Engine) -> None:
    register(platform_db, 6, "aa")
    again = register(platform_db, 6, "bb")
    assert (again.champion, statuses(platform_db)) == (1, {1: "retired", 2: "active"})
    register(platform_db, 13, "cc")
    assert served(platform_db, 6) == 2


def test_who_and_why_are_masked_and_shortened(platform_db: Engine) -> None:
    said = trained(6, "aa", words="asked by jane.doe@example.com " + "x" * 3000)
    made = registry.register(platform_db, said, activate=True, by="jane.doe@example.com", at=NOON, claim=lambda _: True)
    assert made.by == "j***@***.com"
    assert made.words.startswith("asked by j***@***.com xxx")
    assert len(made.words) == 2000


def test_a_figure_that_is_none_is_not_stored_as_one(platform_db: Engine) -> None:
    said = trained(6, "aa")
    broken = registry.NewVersion(**{**vars(said), "metrics": {"roc_auc": float("nan")}})
    with pytest.raises(ValueError, match="JSON"):
        registry.register(platform_db, broken, activate=True, by="ann", at=NOON, claim=lambda _: True)
    assert registry.versions(platform_db, "metro") == ()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE model_config SET status = 'active'",
        "UPDATE model_config SET version = 1",
        "UPDATE model_config SET digest = 'sha256:aa', as_of = '2025-10-06'",
    ],
    ids=["two active", "a number twice", "a model twice"],
)
def test_the_database_itself_refuses(platform_db: Engine, change: str) -> None:
    register(platform_db, 6, "aa")
    register(platform_db, 13, "bb")
    with pytest.raises(IntegrityError), platform_db.begin() as connection:
        connection.execute(text(change))


def test_an_unknown_status_cannot_be_stored(platform_db: Engine) -> None:
    register(platform_db, 6, "aa")
    with pytest.raises(DBAPIError), platform_db.begin() as connection:
        connection.exec_driver_sql("UPDATE model_config SET status = 'lost'")


def test_a_time_comes_back_in_utc(platform_db: Engine) -> None:
    chicago = datetime.timezone(datetime.timedelta(hours=-6))
    at = datetime.datetime(2025, 12, 2, 20, 30, tzinfo=chicago)
    made = registry.register(platform_db, trained(6, "aa"), activate=True, by="ann", at=at, claim=lambda _: True)
    (stored,) = registry.versions(platform_db, "metro")
    assert (made.trained_at, stored.trained_at.isoformat()) == (at, "2025-12-03T02:30:00+00:00")
