"""Keys at rest: what is kept of them, how they are recognised, and the commands that make and revoke them."""

from __future__ import annotations

import hmac
import re

import pytest
from sqlalchemy import Engine, text

from recs_platform.errors import ConfigError
from recs_platform.platform_db.engine import existing_database
from recs_platform.serving import keys
from recs_platform.serving.keys import KeyRing, known_keys, new_key, revoke
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.serving.made_up import NOW

_KEY = re.compile(r"recs_[0-9a-f]{16}_[A-Za-z0-9_-]{43}")


def test_of_a_key_only_a_hash_is_kept(platform_db: Engine) -> None:
    key_id, key = new_key(platform_db, "acme", "the shop", "jo", NOW)
    secret = key.split("_", 2)[2]
    with platform_db.connect() as connection:
        (row,) = connection.execute(text("SELECT * FROM api_keys")).all()
    assert key_id in str(row)
    assert secret not in str(row)
    ring = KeyRing(known_keys(platform_db))
    found = ring.key(key)
    assert found is not None
    assert (found.company, found.id, found.note, found.made_by) == ("acme", key_id, "the shop", "jo")


def test_keys_are_never_the_same(platform_db: Engine) -> None:
    made = {new_key(platform_db, "acme", "", "jo", NOW) for _ in range(20)}
    assert len({key_id for key_id, _ in made}) == len({key[22:] for _, key in made}) == 20


def test_a_key_is_exchanged(platform_db: Engine) -> None:
    old_id, old = new_key(platform_db, "acme", "", "jo", NOW)
    _, new = new_key(platform_db, "acme", "", "jo", NOW)
    ring = KeyRing(known_keys(platform_db))
    assert ring.key(old)
    assert ring.key(new)
    revoke(platform_db, old_id, NOW)
    ring = KeyRing(known_keys(platform_db))
    assert ring.key(old) is None
    assert ring.key(new)


def test_a_key_that_was_revoked_stays_revoked_since_then(platform_db: Engine) -> None:
    key_id, _ = new_key(platform_db, "acme", "", "jo", NOW)
    assert revoke(platform_db, key_id, NOW).revoked_at == NOW
    assert revoke(platform_db, key_id, NOW.replace(year=2030)).revoked_at == NOW
    with pytest.raises(ConfigError, match='no key "nobody\'s"'):
        revoke(platform_db, "nobody's", NOW)


def test_every_key_is_compared_in_the_same_time(platform_db: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that nobody has: with something of the same length, and once."""
    _, key = new_key(platform_db, "acme", "", "jo", NOW)
    ring = KeyRing(known_keys(platform_db))
    compared, really = [], hmac.compare_digest

    def compare(left: str, right: str) -> bool:
        compared.append((len(left), len(right)))
        return really(left, right)

    monkeypatch.setattr(keys.hmac, "compare_digest", compare)
    for said in (key, key[:-1] + "~", f"recs_{'0' * 16}_{'A' * 43}", "", "x" * 10_000):
        ring.key(said)
    assert compared == [(64, 64)] * 5


def test_the_commands(terminal: Terminal) -> None:
    ended = terminal.recs("keys", "new", "acme", "--note", "[b]the shop[/b]", "--by", "jo")
    assert ended.code == 0
    (key,) = _KEY.findall(ended.out)
    key_id = key.split("_")[1]
    listed = terminal.recs("keys", "list")
    assert listed.rows[1][:3] == [key_id, "acme", "[b]the shop[/b]"]
    assert key.split("_", 2)[2] not in listed.told
    assert terminal.recs("keys", "revoke", key_id).code == 0
    (told,) = terminal.recs("keys", "list", "acme", "--json").json
    assert told.keys() == {"id", "company", "note", "made_at", "made_by", "revoked_at"}
    assert told["revoked_at"]
    assert terminal.recs("keys", "list", "metro").told == "No keys yet. Make one: recs keys new metro"
    with terminal.inside():
        assert len(known_keys(existing_database())) == 1


def test_mistakes_at_the_commands(terminal: Terminal) -> None:
    for words, told in (
        (("keys", "revoke", "abc"), 'no key "abc". `recs keys list` shows them.'),
        (("keys", "new", "nobody"), 'no company "nobody".'),
        (("keys", "new", "acme", "--note", "x" * 201), "--note: at most 200 characters."),
        (("keys",), ""),
    ):
        ended = terminal.recs(*words)
        assert ended.code == 2, words
        assert told in ended.told
