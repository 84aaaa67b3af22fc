"""Who reaches whom: the policies played through for every two pods, against a list of all that is allowed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from recs_platform_tests.deploy.kubernetes.manifests import COMPONENT, NAME, Object, built, kinds, one

BASE, GKE = built("base"), built("overlays/gke")
COMPONENTS = (
    "webserver",
    "daemon",
    "code",
    "run",
    "service",
    "metrics",
    "migrate",
    "housekeeping",
    "doctor",
    "operator",
)
PORTS = (3000, 4000, 5432, 6378, 6379, 8000, 9464)
INSIDE = {
    ("webserver", "code", 4000),
    ("daemon", "code", 4000),
    ("run", "service", 8000),
    ("code", "service", 8000),
    ("doctor", "service", 8000),
    ("operator", "service", 8000),
}
LABELLED = {
    ("recs-platform/ingress=allowed", "service", 8000),
    ("recs-platform/ingress=allowed", "webserver", 3000),
    ("recs-platform/monitoring=allowed", "service", 8000),
    ("recs-platform/monitoring=allowed", "metrics", 9464),
}
BALANCERS, COLLECTORS = ("130.211.0.0/22", "35.191.0.0/16"), "kubernetes.io/metadata.name=gmp-system"
ASKS_GOOGLE = ("code", "run", "service", "metrics", "housekeeping", "doctor", "operator")
NAMES = ("kubernetes.io/metadata.name=kube-system", 53)


def selects(selector: Object, component: str) -> bool:
    labels = {NAME: "recs-platform", COMPONENT: component}
    for rule in selector.get("matchExpressions", []):
        assert rule["operator"] == "In"
        if labels.get(rule["key"]) not in rule["values"]:
            return False
    return selector.get("matchLabels", {}).items() <= labels.items()


def _rules(objects: Sequence[Object], component: str, way: str) -> Iterator[tuple[list[Any], set[int]]]:
    """Peers and ports that the policies of a pod allow, for one direction."""
    for policy in kinds(objects, "NetworkPolicy"):
        spec = policy["spec"]
        if selects(spec["podSelector"], component):
            assert (way in spec) <= (way.capitalize() in spec["policyTypes"])
            for rule in spec.get(way, []):
                peers, ports = rule["to" if way == "egress" else "from"], rule["ports"]
                assert peers and ports, "an empty list would allow everything"
                yield peers, {port["port"] for port in ports}


def allows(objects: Sequence[Object], component: str, way: str, other: str, port: int) -> bool:
    return any(
        port in ports and any("podSelector" in peer and selects(peer["podSelector"], other) for peer in peers)
        for peers, ports in _rules(objects, component, way)
    )


def outside(objects: Sequence[Object], component: str, way: str) -> set[tuple[str, int]]:
    """Everybody beyond the namespace."""
    return {
        (_named(peer), port)
        for peers, ports in _rules(objects, component, way)
        for peer in peers
        if "ipBlock" in peer or "namespaceSelector" in peer
        for port in ports
    }


def _named(peer: Object) -> str:
    if "ipBlock" in peer:
        return str(peer["ipBlock"]["cidr"])
    ((name, value),) = peer["namespaceSelector"]["matchLabels"].items()
    return f"{name}={value}"


@pytest.mark.parametrize("objects", [BASE, GKE], ids=["base", "gke"])
def test_by_default_nobody_reaches_anybody(objects: tuple[Object, ...]) -> None:
    closed = one(objects, "NetworkPolicy", "closed")["spec"]
    assert closed == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for way in ("ingress", "egress"):
        assert outside(objects, "somebody-new", way) <= {NAMES, ("169.254.20.10/32", 53)}


@pytest.mark.parametrize("objects", [BASE, GKE], ids=["base", "gke"])
def test_inside_the_namespace_these_reach_these_and_no_others(objects: tuple[Object, ...]) -> None:
    reached = {
        (asking, asked, port)
        for asking in COMPONENTS
        for asked in COMPONENTS
        for port in PORTS
        if allows(objects, asking, "egress", asked, port) and allows(objects, asked, "ingress", asking, port)
    }
    assert reached == INSIDE


@pytest.mark.parametrize("objects", [BASE, GKE], ids=["base", "gke"])
def test_who_may_ask_is_let_in_and_who_is_let_in_may_ask(objects: tuple[Object, ...]) -> None:
    """A half of a pair would say something that does not happen."""
    for asking in COMPONENTS:
        for asked in COMPONENTS:
            for port in PORTS:
                out = allows(objects, asking, "egress", asked, port)
                assert out == allows(objects, asked, "ingress", asking, port), (asking, asked, port)


def _let_in(objects: Sequence[Object]) -> set[tuple[str, str, int]]:
    return {(who, component, port) for component in COMPONENTS for who, port in outside(objects, component, "ingress")}


def test_from_outside_the_ingress_and_prometheus_come_in_and_nobody_else() -> None:
    assert _let_in(BASE) == LABELLED
    assert _let_in(GKE) == {
        *((address, "service", 8000) for address in BALANCERS),
        *((address, "webserver", 3000) for address in BALANCERS),
        (COLLECTORS, "service", 8000),
        (COLLECTORS, "metrics", 9464),
    }


def test_to_the_outside_each_reaches_what_it_needs() -> None:
    for component in COMPONENTS:
        wide, own = outside(BASE, component, "egress"), outside(GKE, component, "egress")
        google, launches = component in ASKS_GOOGLE, component in ("webserver", "daemon")
        assert wide == {
            NAMES,
            *(("10.0.0.0/8", port) for port in (5432, 6378, 6379)),
            *((("0.0.0.0/0", 443),) if google else ()),
            *(
                (address, port)
                for address in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
                for port in (443, 6443)
                if launches
            ),
        }, component
        assert own == {
            NAMES,
            ("169.254.20.10/32", 53),
            *(("10.20.0.0/20", port) for port in (5432, 6378, 6379)),
            *((("0.0.0.0/0", 443),) if google else ()),
            *((("169.254.169.252/32", 988),) if google else ()),
            *((("169.254.169.254/32", port) for port in (80, 8080)) if google else ()),
            *((("172.16.0.0/28", 443),) if launches else ()),
        }, component


def test_what_is_public_is_no_way_into_private_networks() -> None:
    (rule,) = one(BASE, "NetworkPolicy", "public-apis")["spec"]["egress"]
    (peer,) = rule["to"]
    assert set(peer["ipBlock"]["except"]) == {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"}
