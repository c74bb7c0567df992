"""What to start and stop: a pure function of what the rows say, what EC2 says, and the clock.

Level-triggered: nothing depends on having seen an event, so a call that failed, was lost or was made twice is put
right by the next pass. No database, no network.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from jobs.compute.actions import Action, Explain, Forget, Launch, Mark, Start, Stop
from jobs.compute.fleet import UP, Health, Instance, LaunchView, Offer, Policy, ServerView

NO_MACHINE = "No training server has the tag of this installation. The operator has been notified."


def plan(
    jobs_waiting: int,
    jobs_running: int,
    servers: Sequence[ServerView],
    instances: Sequence[Instance],
    now: datetime,
    policy: Policy,
    *,
    launches: Sequence[LaunchView] = (),
    health: Health | None = None,
) -> list[Action]:
    """The actions that bring the machines in line with the jobs, in the order to carry them out.

    `launches` are the open ones; `jobs_running` counts jobs with a live lease.
    """
    health = health or Health()
    rows = {server.id: server for server in servers}
    strangers = _strangers(rows, instances, launches, policy)
    known = [instance for instance in instances if instance.id not in strangers]
    condemned = [stop for instance in known if (stop := _condemn(instance, rows, jobs_waiting, now, policy))]
    gone = {stop.instance for stop in condemned}
    up = [instance for instance in known if instance.state in UP and instance.id not in gone]
    wanted = min(policy.pool, jobs_waiting + jobs_running)
    coming, closed = _open_launches(launches, instances, now, policy)
    # A condemned machine holds its place until EC2 says that it goes: its stop may fail.
    standing = sum(instance.state in UP for instance in known)
    room = policy.pool - standing - len(coming)
    actions: list[Action] = [*_deal_with(strangers, rows, instances), *condemned, *closed]
    missing = wanted - len(up) - len(coming)
    if missing < 0:
        actions += _idle(up, rows, -missing, now, policy)
    if wanted > len(up):
        actions += [
            Launch(_offer(launch.offer, policy), launch.token) for launch in coming if not launch.instance
        ][: wanted - len(up)]
    more, reason = _more(min(missing, room), known, now, policy, health)
    alert = "no machine" if reason == NO_MACHINE else ""
    return [*actions, *more, Explain(reason, alert) if jobs_waiting else Explain("")]


def _strangers(
    rows: Mapping[str, ServerView],
    instances: Sequence[Instance],
    launches: Sequence[LaunchView],
    policy: Policy,
) -> set[str]:
    """Instances of the pool that carry our tag and that no row accounts for; fixed ones are ours by their tag."""
    if not policy.launches:
        return set()
    tokens = {launch.token for launch in launches}
    return {
        instance.id
        for instance in instances
        if instance.state in (*UP, "stopped")
        and instance.token not in tokens
        and (instance.id not in rows or rows[instance.id].marked is not None)
    }


def _deal_with(
    strangers: set[str], rows: Mapping[str, ServerView], instances: Sequence[Instance]
) -> list[Action]:
    """First mark, then stop: a row that is being written by somebody else gets one pass to appear."""
    return [
        Stop(instance.id, "The database has no row for this machine.")
        if instance.id in rows
        else Mark(instance.id)
        for instance in instances
        if instance.id in strangers
    ]


def _since(instance: Instance, row: ServerView | None) -> datetime:
    asked = row.start_asked if row else None
    return max(instance.launched, asked) if asked else instance.launched


def _condemn(
    instance: Instance, rows: Mapping[str, ServerView], waiting: int, now: datetime, policy: Policy
) -> Stop | None:
    """A reason to stop this machine whatever the demand, or None."""
    if policy.launches and instance.state == "stopped":
        return Stop(instance.id, "It powered itself off.")
    if instance.state not in UP:
        return None
    row = rows.get(instance.id)
    since = _since(instance, row)
    beat = row.heartbeat if row else None
    if now - since > policy.hard_cap:
        return Stop(instance.id, "It has run for longer than the hard cap.", even_if_busy=True)
    if row is not None and row.busy:
        return None
    if beat is None or beat < since:
        if now - since > policy.boot_grace:
            minutes = f"{policy.boot_grace.total_seconds() / 60:g}"
            return Stop(
                instance.id,
                f"It booted, but its worker has not reported within {minutes} minutes.",
                boot_failed=True,
            )
        return None
    idle = now - max(since, (row.last_work if row else None) or since)
    # Past its grace a machine costs money for nothing already, so its worker gets half the benefit of the doubt.
    if now - beat > (policy.silence if idle < policy.idle_grace else policy.silence / 2):
        return Stop(instance.id, "Its worker has gone silent.")
    if waiting and idle > policy.boot_grace + policy.idle_grace:
        return Stop(instance.id, "It takes no job although one is waiting.", boot_failed=True)
    return None


def _idle(
    up: Sequence[Instance], rows: Mapping[str, ServerView], surplus: int, now: datetime, policy: Policy
) -> list[Action]:
    """Stops machines that nobody needs and that have been idle for the whole grace, longest first."""
    ages: list[tuple[timedelta, str]] = []
    for instance in up:
        row = rows.get(instance.id)
        if row is not None and row.busy:
            continue
        since = _since(instance, row)
        idle = now - max(since, (row.last_work if row else None) or since)
        if idle >= policy.idle_grace:
            ages.append((idle, instance.id))
    return [Stop(name, "No job needs it.") for _, name in sorted(ages, reverse=True)[:surplus]]


def _open_launches(
    launches: Sequence[LaunchView], instances: Sequence[Instance], now: datetime, policy: Policy
) -> tuple[list[LaunchView], list[Action]]:
    """Launches whose machine is not listed yet, and those to give up on because it never will be."""
    listed = {instance.token for instance in instances} | {instance.id for instance in instances}
    unseen = [
        launch for launch in launches if launch.token not in listed and launch.instance not in listed - {""}
    ]
    coming = [launch for launch in unseen if now - launch.created <= policy.lag]
    return coming, [Forget(launch.token) for launch in unseen if now - launch.created > policy.lag]


def _offer(key: str, policy: Policy) -> Offer:
    return next((offer for offer in policy.offers if offer.key == key), policy.offers[0])


def _more(
    missing: int, known: Sequence[Instance], now: datetime, policy: Policy, health: Health
) -> tuple[list[Action], str]:
    """Up to `missing` starts or launches, and why there are fewer."""
    if missing <= 0:
        return [], ""
    if health.boot_failures >= policy.breaker:
        if health.breaker_until is not None and now < health.breaker_until:
            return [], (
                f"Training servers did not come up {health.boot_failures} times in a row; "
                f"the next try is at {health.breaker_until:%H:%M} UTC. The operator has been notified."
            )
        missing = 1
    blocked = {key for key, until in health.blocked.items() if now < until}
    if policy.launches:
        offers = [offer for offer in policy.offers if offer.key not in blocked]
        if offers:
            return [Launch(offers[0]) for _ in range(missing)], ""
        return [], health.reason or "No capacity for a training server at the moment."
    stopped = [i for i in known if i.state == "stopped" and i.id not in blocked]
    starts: list[Action] = [Start(instance.id) for instance in stopped[:missing]]
    if starts:
        return starts, ""
    if any(instance.state == "stopping" for instance in known):
        return [], "The training server is still stopping; it will be started again right afterwards."
    if any(instance.state in UP for instance in known):
        return [], ""
    if blocked:
        return [], health.reason or "No capacity for a training server at the moment."
    return [], NO_MACHINE
