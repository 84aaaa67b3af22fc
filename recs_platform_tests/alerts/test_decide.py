"""Told when it begins, when it gets worse and when it is over; otherwise never."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from recs_platform.alerts.decide import decide
from recs_platform.alerts.finding import Finding, Kind, Observation, Severity, Trouble

AT = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
TROUBLES = [Trouble("acme", Kind.CHECK, f"orders: check_{number}") for number in range(4)]


def finding(trouble: Trouble, severity: Severity = Severity.WARN) -> Finding:
    return Finding(trouble, severity, "Orders lack a total.", "recs companies check acme")


def look(*findings: Finding, settled: frozenset[Trouble] = frozenset()) -> Observation:
    return Observation("run-1", "acme", AT, findings, settled)


def test_what_begins_is_told_by_severity() -> None:
    warned, failed = finding(TROUBLES[0]), finding(TROUBLES[1], Severity.ERROR)
    changes = decide({}, look(warned, failed))
    assert changes.told(Severity.WARN) == (warned,)
    assert changes.told(Severity.ERROR) == (failed,)
    assert changes.told(Severity.INFO) == ()


def test_while_nothing_changes_nothing_is_told() -> None:
    changes = decide({TROUBLES[0]: Severity.WARN}, look(finding(TROUBLES[0])))
    assert changes.same == (finding(TROUBLES[0]),)
    assert not any(changes.told(severity) for severity in Severity)


def test_what_gets_worse_is_told_and_what_gets_milder_is_not() -> None:
    told = {TROUBLES[0]: Severity.WARN, TROUBLES[1]: Severity.ERROR}
    changes = decide(told, look(finding(TROUBLES[0], Severity.ERROR), finding(TROUBLES[1])))
    assert changes.told(Severity.ERROR) == (finding(TROUBLES[0], Severity.ERROR),)
    assert changes.told(Severity.WARN) == ()


def test_one_trouble_twice_in_a_look_is_its_worst() -> None:
    changes = decide({}, look(finding(TROUBLES[0]), finding(TROUBLES[0], Severity.ERROR), finding(TROUBLES[0])))
    assert changes.begun == (finding(TROUBLES[0], Severity.ERROR),)


def test_what_was_never_open_is_not_over() -> None:
    assert decide({}, look(settled=frozenset(TROUBLES))).over == ()


def test_what_is_seen_again_is_not_over() -> None:
    changes = decide({TROUBLES[0]: Severity.WARN}, look(finding(TROUBLES[0]), settled=frozenset(TROUBLES)))
    assert changes.over == ()


def test_what_leaves_the_platform_is_masked() -> None:
    seen = Finding(
        TROUBLES[0], Severity.WARN, "jane@x.org has no total.", "Ask jane@x.org.", examples=("jane@x.org",) * 9
    )
    masked = seen.masked()
    assert "jane" not in repr(masked)
    assert len(masked.examples) == 3


_findings = st.lists(st.builds(finding, st.sampled_from(TROUBLES), st.sampled_from(Severity)), max_size=6)


@given(told=st.dictionaries(st.sampled_from(TROUBLES), st.sampled_from(Severity)), seen=_findings, settled=st.data())
def test_each_trouble_has_one_fate(told: dict[Trouble, Severity], seen: list[Finding], settled: st.DataObject) -> None:
    well = settled.draw(st.frozensets(st.sampled_from(TROUBLES)))
    changes = decide(told, look(*seen, settled=well))
    fates = [*(one.trouble for one in (*changes.begun, *changes.worse, *changes.same)), *changes.over]
    assert len(fates) == len(set(fates))
    assert set(fates) == {one.trouble for one in seen} | (well & told.keys())
