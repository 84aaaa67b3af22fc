"""What an event log need not do for each event of a run that goes on in this process.

A step tells five to ten events, and before and after its work Dagster asks which inputs it had: a day's hundreds of
transactions and reads took a third of what its steps cost beyond their work. Here the events of a step are written
together, when it ends, and half a second after the first of them at the latest, so that the UI still moves. Whatever
reads the log of this process finds them written. A process that is killed loses what its current step has told in the
last half second; the run is made again anyway, and the lake does not depend on it.

What such a run has materialized, and which data versions it has read, is answered without the database: there is one
run of a company at a time, and its partitions are the company's own. Events of other runs are neither held nor
remembered.

Not here: how events are written (event_log.py, postgres_storage.py).
"""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.definitions.data_version import DATA_VERSION_TAG
from dagster._core.event_api import EventLogCursor, EventRecordsResult
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS, EVENT_TYPE_TO_PIPELINE_RUN_STATUS
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.dagster_run import FINISHED_STATUSES
from dagster._core.storage.event_log.base import AssetEntry, AssetRecord

if TYPE_CHECKING:
    from dagster._core.storage.event_log import SqlEventLogStorage as _EventLog
else:
    _EventLog = object

_LONGEST = 0.5
"""Seconds that an event waits for the others of its step."""
_ENDS_A_STEP = frozenset(
    {
        dg.DagsterEventType.STEP_SUCCESS,
        dg.DagsterEventType.STEP_FAILURE,
        dg.DagsterEventType.STEP_UP_FOR_RETRY,
        dg.DagsterEventType.STEP_SKIPPED,
    }
)
"""What tells whether a step was done is never held back."""

Numbered = Sequence[tuple[int, EventLogEntry]]


@dataclass(frozen=True)
class CurrentRun:
    """What is known of the run that goes on in this process."""

    run_id: str
    newest: dict[dg.AssetKey, dg.EventLogRecord] = field(default_factory=dict)
    """What it has materialized."""
    of_partition: dict[tuple[dg.AssetKey, str | None], dg.EventLogRecord] = field(default_factory=dict)
    versions: dict[tuple[dg.AssetKey, str], Mapping[str, str]] = field(default_factory=dict)
    """The tags that Dagster tells the data version of a partition by; none of one that was never made."""

    def materialized(self, record: dg.EventLogRecord) -> None:
        told = record.event_log_entry.get_dagster_event()
        key, partition = told.asset_key, told.partition
        if record.event_log_entry.run_id != self.run_id or key is None:
            return
        self.newest[key] = self.of_partition[key, partition] = record
        if partition is not None:
            tags = told.step_materialization_data.materialization.tags or {}
            self.versions[key, partition] = (
                {DATA_VERSION_TAG: tags[DATA_VERSION_TAG]} if DATA_VERSION_TAG in tags else {}
            )


class EventsOfRun(_EventLog):
    """Stands before an event log of Dagster's, whose connections call `write_held` first."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._held: list[EventLogEntry] = []
        self._writing = threading.RLock()
        self._alarm: threading.Timer | None = None
        self._run: CurrentRun | None = None
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]

    @abstractmethod
    def write_events(self, events: Sequence[EventLogEntry]) -> Numbered:
        """Write them in one transaction; gives those that are an asset's, and the number of each."""

    def store_event(self, event: EventLogEntry) -> None:
        with self._writing:
            self._held.append(event)
            if not self._may_wait(event):
                self.write_held()
            elif self._alarm is None:
                self._alarm = threading.Timer(_LONGEST, self._write_in_time)
                self._alarm.daemon = True
                self._alarm.start()

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        with self._writing:
            self.write_held()
            self._write(events)  # Dagster itself tells events one by one of which it could not store the batch

    def write_held(self) -> None:
        """For whoever is about to read."""
        with self._writing:
            events = self._taken()
            try:
                self._write(events)
            except Exception:
                if len(events) == 1:
                    raise
                self._write_each(events)

    def _taken(self) -> Sequence[EventLogEntry]:
        events, self._held = self._held, []
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        return events

    def _write(self, events: Sequence[EventLogEntry]) -> None:
        if not events:
            return
        try:
            self._note(self.write_events(events), events)
        except BaseException as error:
            if not isinstance(error, Exception):  # Ctrl-C, after which the run tells how it ended
                self._held[:0] = events
            raise

    def _write_each(self, events: Sequence[EventLogEntry]) -> None:
        """As Dagster does it: an event that cannot be stored keeps no other from it."""
        errors = []
        for event in events:
            try:
                self._write([event])
            except Exception as error:
                errors.append(error)
        if errors:
            raise errors[0]

    def _write_in_time(self) -> None:
        """In a thread of its own, where nobody hears of an error: whoever tells the next event does."""
        with self._writing:
            events = self._taken()
            try:
                self._write(events)
            except Exception:
                self._held[:0] = events

    def _may_wait(self, event: EventLogEntry) -> bool:
        if self._run is None or event.run_id != self._run.run_id or event.step_key is None:
            return False
        return not event.is_dagster_event or event.dagster_event_type not in _ENDS_A_STEP

    def _note(self, numbered: Numbered, events: Sequence[EventLogEntry]) -> None:
        for event in events:
            kind = event.dagster_event_type if event.is_dagster_event else None
            if kind is dg.DagsterEventType.RUN_START:
                self._run = CurrentRun(event.run_id)
            elif self._run is not None and self._run.run_id == event.run_id and ends_a_run(event):
                self._run = None
        if self._run is not None:
            for number, event in numbered:
                if event.dagster_event_type is dg.DagsterEventType.ASSET_MATERIALIZATION:
                    self._run.materialized(dg.EventLogRecord(storage_id=number, event_log_entry=event))

    # What Dagster asks around each step.

    def get_asset_records(self, asset_keys: Sequence[dg.AssetKey] | None = None) -> Sequence[AssetRecord]:
        own = self._own()
        if own is None or asset_keys is None:
            return super().get_asset_records(asset_keys)
        others = [key for key in asset_keys if key not in own.newest]
        records = list(super().get_asset_records(others)) if others else []
        for key in asset_keys:
            if (record := own.newest.get(key)) is not None:
                # The number of an asset's own row is for pages that go through all of them.
                entry = AssetEntry(asset_key=key, last_materialization_record=record, last_run_id=own.run_id)
                records.append(AssetRecord(storage_id=0, asset_entry=entry))
        return records

    def get_latest_tags_by_partition(
        self,
        asset_key: dg.AssetKey,
        event_type: dg.DagsterEventType,
        tag_keys: Sequence[str],
        asset_partitions: Sequence[str] | None = None,
        before_cursor: int | None = None,
        after_cursor: int | None = None,
    ) -> Mapping[str, Mapping[str, str]]:
        own, asked = self._own(), (event_type, list(tag_keys), before_cursor, after_cursor)
        of_a_version = (dg.DagsterEventType.ASSET_MATERIALIZATION, [DATA_VERSION_TAG], None, None)
        if own is None or asset_partitions is None or asked != of_a_version:
            return super().get_latest_tags_by_partition(
                asset_key, event_type, tag_keys, asset_partitions, before_cursor, after_cursor
            )
        unknown = [partition for partition in asset_partitions if (asset_key, partition) not in own.versions]
        if unknown:
            read = super().get_latest_tags_by_partition(asset_key, event_type, tag_keys, unknown)
            own.versions.update({(asset_key, partition): read.get(partition, {}) for partition in unknown})
        return {one: tags for one in asset_partitions if (tags := own.versions[asset_key, one])}

    def fetch_materializations(
        self,
        records_filter: dg.AssetKey | dg.AssetRecordsFilter,
        limit: int,
        cursor: str | None = None,
        ascending: bool = False,
    ) -> EventRecordsResult:
        own = self._own()
        if own is not None and limit == 1 and cursor is None and not ascending:
            asked = _one_partition(records_filter)
            if asked is not None and (record := own.of_partition.get(asked)) is not None:
                after = EventLogCursor.from_storage_id(record.storage_id).to_string()
                return EventRecordsResult([record], cursor=after, has_more=True)
        return super().fetch_materializations(records_filter, limit, cursor, ascending)

    def _own(self) -> CurrentRun | None:
        """The run that goes on, when all that it told of assets is written."""
        with self._writing:
            if any(is_of_an_asset(one) for one in self._held):
                self.write_held()
            return self._run


def _one_partition(records_filter: dg.AssetKey | dg.AssetRecordsFilter) -> tuple[dg.AssetKey, str] | None:
    """What a filter asks for, if that is one partition of an asset and nothing else."""
    if isinstance(records_filter, dg.AssetKey) or len(records_filter.asset_partitions or ()) != 1:
        return None
    (partition,) = records_filter.asset_partitions or ()
    asked = dg.AssetRecordsFilter(records_filter.asset_key, [partition])
    return (records_filter.asset_key, partition) if tuple(records_filter) == tuple(asked) else None


def is_of_an_asset(one: EventLogEntry) -> bool:
    happened = one.dagster_event
    return happened is not None and happened.event_type in ASSET_EVENTS and happened.asset_key is not None


def is_of_a_check(one: EventLogEntry) -> bool:
    return one.dagster_event is not None and one.dagster_event.event_type in ASSET_CHECK_EVENTS


def tells_a_status(one: EventLogEntry) -> bool:
    """Of a run."""
    return one.dagster_event is not None and one.dagster_event.event_type in EVENT_TYPE_TO_PIPELINE_RUN_STATUS


def ends_a_run(one: EventLogEntry) -> bool:
    return (
        one.dagster_event is not None
        and EVENT_TYPE_TO_PIPELINE_RUN_STATUS.get(one.dagster_event.event_type) in FINISHED_STATUSES
    )


def last_of_each_asset(numbered: Numbered) -> Numbered:
    """An asset has one row, and each event of a kind replaces what the one before it wrote there: the last is enough.
    They come in one order, or two runs would wait for each other."""
    last = {_row(one): (number, one) for number, one in numbered}
    return [last[row] for row in sorted(last)]


def _row(one: EventLogEntry) -> tuple[str, str]:
    happened = one.get_dagster_event()
    assert happened.asset_key is not None  # noqa: S101  (see is_of_an_asset)
    return happened.asset_key.to_string(), happened.event_type_value
