"""What of a run that has ended is trouble, and which open troubles it shows to be over. Pure.

A check that did not run says nothing: after an error what hangs on it is skipped. What a check says of a refused
publication, of drift or of a training is told as that, and once. A run that Dagster starts again by itself is told only
if it was killed; what it failed of is told when the last attempt fails.

What is well for a day says nothing of a later day: a backfill does not end yesterday's trouble. Nor does a run that
made less than a day, late data for example, end that a day was not made; a job of the platform ends no other job's.

Not here: reading the run (run_facts.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from recs_platform.alerts.finding import PLATFORM, Finding, Kind, Observation, Severity, Trouble
from recs_platform.automation.dead_runs import command_to_run
from recs_platform.automation.jobs import HOUSEKEEPING_JOB
from recs_platform.automation.looks.open_troubles import LastTold
from recs_platform.automation.looks.run_facts import Ending, Failed, RunFacts, Verdict
from recs_platform.errors import ErrorKind
from recs_platform.model_registry.training_log import Begun
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.publication.proposal import TO_PUBLISH
from recs_platform.schemas.landing import landed
from recs_platform.schemas.table import Empty, spec_of
from recs_platform.serving.trace.served import MODEL_CHECK, NEXT, NOT_CHECKED, PUBLICATION_CHECK
from recs_platform.warehouse.slices import Days

QUEUE = "queue"
"""What is stuck when runs wait for too long."""
_OF_THE_SERVICE = {MODEL_CHECK, PUBLICATION_CHECK}
_WITHOUT_A_MODEL = {"failed": Severity.ERROR, "refused": Severity.WARN}


@dataclass(frozen=True)
class Roles:
    """What tables and checks of a strategy stand for, so that trouble with them is told as what it is."""

    feeds: Mapping[str, str] = field(default_factory=dict)
    """The table in which a source lands: the source."""
    told_empty: frozenset[str] = frozenset()
    """Of those, the tables whose emptiness is worth a warning."""
    products: Mapping[str, str] = field(default_factory=dict)
    """The asset and the guardrails of a product: the product."""
    drift: str = ""
    trained: str = ""
    """The tables of the drift report and of the trainings."""
    model: str = ""


def roles_of(pipeline: Pipeline, sparse: Iterable[str] = ()) -> Roles:
    landing = {spec_of(landed(model)).name: spec_of(model) for model in pipeline.strategy.source_tables}
    products: dict[str, str] = {}
    for product in pipeline.products.values():
        products |= {product.asset: product.name, product.guardrails: product.name}
    trained = pipeline.strategy.model
    return Roles(
        feeds={table: source.name for table, source in landing.items()},
        told_empty=frozenset(
            table
            for table, source in landing.items()
            if source.empty is not Empty.ALLOWED and source.name not in frozenset(sparse)
        ),
        products=products,
        drift=trained.drift if trained else "",
        trained=trained.trained if trained else "",
        model=trained.task.model if trained else "",
    )


def seen_in(
    run: RunFacts,
    roles: Roles,
    trainings: Iterable[Begun] = (),
    open_troubles: Mapping[Trouble, LastTold] | None = None,
) -> Observation:
    """`open_troubles` are the company's."""
    findings = tuple(_findings(run, roles, tuple(trainings)))
    over = _over(run, roles, open_troubles or {}) - {finding.trouble for finding in findings}
    return Observation(run.run_id, run.company, run.ended_at, findings, frozenset(over))


def _findings(run: RunFacts, roles: Roles, trainings: Iterable[Begun]) -> Iterator[Finding]:
    if run.ending in _ENDED_FROM_OUTSIDE:
        yield _ended_from_outside(run)
    if run.tried_again:
        return
    for verdict in run.verdicts:
        if not verdict.passed:
            yield _of_check(run, roles, verdict)
    for failed in run.failures:
        # What a check stopped is told by its verdict.
        if not failed.cause.of_check:
            yield _of_failure(run, roles, failed)
    if run.ending is Ending.FAILED and not run.failures and not any(v.blocks and not v.passed for v in run.verdicts):
        yield _failure(run, Kind.RUN, "", f"The run of {run.about} failed and gave no reason.", _again(run))
    if run.ending is Ending.STOPPED and not run.failures:
        yield _stopped(run)
    for table in sorted(roles.told_empty & run.made.keys()):
        if run.made[table] == 0:
            yield _empty_feed(run, roles.feeds[table], table)
    for training in trainings:
        if training.outcome is not None:
            yield _of_training(run, roles, training, training.outcome)


def _of_check(run: RunFacts, roles: Roles, verdict: Verdict) -> Finding:
    severity = Severity.ERROR if verdict.blocks else Severity.WARN
    about, _, command = verdict.words.partition(TO_PUBLISH)
    kind, subject = Kind.CHECK, f"{verdict.table}/{verdict.check}"
    remedy = f"Look at the rows, put right what they show, then: {_command(run)}"
    if verdict.check in roles.products:
        kind, subject = Kind.PUBLICATION, roles.products[verdict.check]
        remedy = command or f"Look at the comparison, then: recs publish {run.company}"
    elif verdict.check in _OF_THE_SERVICE:
        # Customers get something else than they should: worse than what the run, which is well, can call an error.
        kind, subject, severity = Kind.SERVING, _served_by(roles, verdict), Severity.ERROR
        about, _, remedy = verdict.words.partition(NEXT)
    elif roles.drift and verdict.table == roles.drift:
        kind, subject = Kind.DRIFT, roles.model
        remedy = (
            f"See whether a feed broke or the world changed: recs models {run.company}. The retraining sensor "
            "trains anew if it is on."
        )
    elif roles.trained and verdict.table == roles.trained:
        kind, subject = Kind.TRAINING, roles.model
    says = about or f"{verdict.check} failed."
    return Finding(
        Trouble(run.company, kind, subject),
        severity,
        f"{verdict.table}: {says}",
        remedy,
        days=run.days,
        asset=run.asset(verdict.table),
        check=verdict.check,
        rows=verdict.rows,
        examples=verdict.examples,
        run_id=run.run_id,
    )


def _served_by(roles: Roles, verdict: Verdict) -> str:
    """The model or the product that a check of the service is about."""
    return roles.model if verdict.check == MODEL_CHECK else roles.products.get(verdict.table, verdict.table)


def _of_failure(run: RunFacts, roles: Roles, failed: Failed) -> Finding:
    if failed.cause.interrupted:
        return _stopped(run)
    message = failed.cause.message
    if failed.by_checks:
        says = f"The run of {run.about} failed at the checks of {failed.table}: {message}"
        return _failure(run, Kind.RUN, failed.table, says, _again(run, failed), failed.table)
    if failed.table in roles.products:
        about, _, command = message.partition(TO_PUBLISH)
        remedy = command or f"Put right what it names, then: {_command(run)}"
        return _failure(run, Kind.PUBLICATION, roles.products[failed.table], about, remedy, failed.table)
    if failed.table in roles.feeds:
        source = roles.feeds[failed.table]
        remedy = f"Have the feed put right, try it, and run again: recs companies check {run.company}; {_command(run)}"
        says = f"The feed {source} of {run.about} was refused: {message}"
        return _failure(run, Kind.FEED, source, says, remedy, failed.table)
    if run.company == PLATFORM:
        kind = Kind.HOUSEKEEPING if run.job == HOUSEKEEPING_JOB else Kind.RUN
        return _failure(run, kind, itself(run), f"{run.job} failed: {message}", _again(run, failed), failed.table)
    where = f" at {failed.table}" if failed.table else ""
    says = f"The run of {run.about} failed{where}: {message}"
    return _failure(run, Kind.RUN, failed.table, says, _again(run, failed), failed.table)


def _ended_from_outside(run: RunFacts) -> Finding:
    about = f"{run.days or ''} {itself(run)}".strip()
    trouble = Trouble(run.company, _ENDED_FROM_OUTSIDE[run.ending], about)
    if run.ending is Ending.KILLED:
        says = f"The run of {run.about} was killed, or its machine failed. Nothing half-done was published."
    else:
        says = f"The run of {run.about} did not start or end in the time that it has, and was given up."
    remedy = "Dagster starts it again by itself." if run.tried_again else f"Run it again: {_command(run)}"
    severity = Severity.WARN if run.tried_again else Severity.ERROR
    return Finding(trouble, severity, says, remedy, days=run.days, run_id=run.run_id)


def _stopped(run: RunFacts) -> Finding:
    trouble = Trouble(run.company, Kind.RUN, itself(run))
    says = f"The run of {run.about} was stopped before it was through."
    return Finding(trouble, Severity.WARN, says, f"Run it again: {_command(run)}", days=run.days, run_id=run.run_id)


def _failure(run: RunFacts, kind: Kind, subject: str, says: str, remedy: str, table: str = "") -> Finding:
    trouble = Trouble(run.company, kind, subject or itself(run))
    return Finding(trouble, Severity.ERROR, says, remedy, days=run.days, asset=run.asset(table), run_id=run.run_id)


def _empty_feed(run: RunFacts, source: str, table: str) -> Finding:
    return Finding(
        Trouble(run.company, Kind.FEED, source),
        Severity.WARN,
        f"The feed {source} of {run.about} brought no rows.",
        f"Ask whoever sends it, then: recs companies check {run.company}; {_command(run)}",
        days=run.days,
        asset=run.asset(table),
        rows=0,
        run_id=run.run_id,
    )


def _of_training(run: RunFacts, roles: Roles, training: Begun, outcome: str) -> Finding:
    asked = "; ".join(reason.words for reason in training.reasons)
    severity = _WITHOUT_A_MODEL.get(outcome, Severity.INFO)
    # What is news is told each time; what is trouble is the same until a training ends well.
    subject = training.model if outcome in _WITHOUT_A_MODEL else f"{training.model} of {training.as_of}"
    says = f"Training of {training.model} for {training.as_of} ({asked}): {outcome}. {training.words}"
    remedy = (
        f"Nothing to do: recs models {run.company} shows the versions."
        if severity is Severity.INFO
        else f"The model that served goes on. Put right what it names, then: {_command(run)}"
    )
    return Finding(
        Trouble(run.company, Kind.TRAINING, subject),
        severity,
        says,
        remedy,
        days=run.days,
        asset=run.asset(roles.trained),
        run_id=run.run_id,
    )


def _over(run: RunFacts, roles: Roles, open_troubles: Mapping[Trouble, LastTold]) -> set[Trouble]:
    of_the_service = [verdict for verdict in run.verdicts if verdict.check in _OF_THE_SERVICE]
    passed = {
        (verdict.table, verdict.check)
        for verdict in run.verdicts
        if verdict.passed and verdict.check not in _OF_THE_SERVICE
    }
    well = _Well(
        checks=frozenset(f"{table}/{check}" for table, check in passed),
        products=frozenset(roles.products[check] for _, check in passed if check in roles.products)
        & frozenset(roles.products[table] for table in run.made if table in roles.products),
        feeds=frozenset(roles.feeds[table] for table, rows in run.made.items() if table in roles.feeds and rows != 0),
        models=frozenset({roles.model} if any(table == roles.drift for table, _ in passed) else ()),
        trained=frozenset({roles.model} if any(table == roles.trained for table, _ in passed) else ()),
        served=frozenset(
            _served_by(roles, verdict)
            for verdict in of_the_service
            if verdict.passed and not verdict.words.startswith(NOT_CHECKED)
        ),
        tables=frozenset(run.made),
        succeeded=run.ending is Ending.SUCCEEDED,
    )
    return {
        trouble
        for trouble, told in open_troubles.items()
        if trouble.company == run.company and well.shows(trouble, run) and not _later(told.days, run.days)
    }


@dataclass(frozen=True)
class _Well:
    """What a run shows to be well."""

    checks: frozenset[str]
    products: frozenset[str]
    feeds: frozenset[str]
    models: frozenset[str]
    trained: frozenset[str]
    served: frozenset[str]
    tables: frozenset[str]
    succeeded: bool

    def shows(self, trouble: Trouble, run: RunFacts) -> bool:
        match trouble.kind:
            case Kind.CHECK:
                return trouble.subject in self.checks
            case Kind.PUBLICATION:
                return trouble.subject in self.products
            case Kind.FEED:
                return trouble.subject in self.feeds
            case Kind.DRIFT:
                return trouble.subject in self.models
            case Kind.TRAINING:
                return trouble.subject in self.trained
            case Kind.SERVING:
                return trouble.subject in self.served
            case Kind.RUN | Kind.HOUSEKEEPING:
                if trouble.subject in self.tables:
                    return True
                of_run = trouble.subject in ("", run.job) or trouble.subject.endswith(")")
                return of_run and self._got_through(trouble, run)
            case Kind.KILLED:
                return self._got_through(trouble, run)
            case Kind.STUCK:
                return trouble.subject == run.run_id or self._got_through(trouble, run)
        return False

    def _got_through(self, trouble: Trouble, run: RunFacts) -> bool:
        """Whether the run did what another one did not get to do."""
        if trouble.subject == QUEUE:
            return False
        if not run.company:
            return self.succeeded and trouble.subject.partition(" (")[0] == run.job
        return self.succeeded and (not run.part or trouble.subject.endswith(f"({run.part})"))


def _later(told_of: Days | None, days: Days | None) -> bool:
    return told_of is not None and days is not None and told_of.last > days.last


def itself(run: RunFacts) -> str:
    """The subject of trouble with the run, and with none of its tables: no table has such a name."""
    if not run.company:
        return run.job
    return f"({run.part})" if run.part else ""


def _again(run: RunFacts, failed: Failed | None = None) -> str:
    if run.company == PLATFORM:
        return f"Put right what it names; the next run of {run.job} shows whether it helped."
    match failed.cause.kind if failed else None:
        case ErrorKind.MISTAKE:
            return f"Put right what it names, then: {_command(run)}"
        case ErrorKind.TRANSIENT:
            return f"It was tried several times. When the service answers again: {_command(run)}"
        case ErrorKind.DEFECT:
            return f"A defect of the platform: the run's page has the trace. Run it again once: {_command(run)}"
    return f"Look at the run's page, then: {_command(run)}"


def _command(run: RunFacts) -> str:
    if run.company == PLATFORM or run.days is None:
        return f"start {run.job} again in the UI"
    return command_to_run(run.company, run.days)


_ENDED_FROM_OUTSIDE = {Ending.KILLED: Kind.KILLED, Ending.TOO_LONG: Kind.STUCK}
