"""A page of another site, open in the same browser as the UI, tries every way that a page has of acting on it."""

from __future__ import annotations

import json
import urllib.request
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser

from recs_platform_tests.e2e.server import Server

pytestmark = pytest.mark.e2e
_RESUME = "mutation { setAutoMaterializePaused(paused: false) }"

_ATTACKS = """
async ([ui, get, body]) => {
  const settled = (promise) => promise.then(() => "sent", () => "refused");
  const loaded = (element) => new Promise((done) => {
    element.onload = element.onerror = done;
    document.body.append(element);
  });
  await loaded(Object.assign(new Image(), { src: get }));
  await loaded(Object.assign(document.createElement("iframe"), { src: get }));
  const answers = [];
  for (const type of ["text/plain", "application/json", "application/x-www-form-urlencoded"]) {
    for (const mode of ["no-cors", "cors"]) {
      const headers = { "Content-Type": type };
      answers.push(await settled(fetch(ui + "/graphql", { method: "POST", mode, headers, body })));
    }
  }
  const socket = new WebSocket(ui.replace("http", "ws") + "/graphql", "graphql-ws");
  answers.push(await new Promise((done) => {
    socket.onopen = () => done("open");
    socket.onerror = () => done("closed");
  }));
  return answers;
}
"""


def _is_paused(server: Server) -> bool:
    body = json.dumps({"query": "{ instance { autoMaterializePaused } }"}).encode()
    request = urllib.request.Request(f"{server.url}/graphql", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        return bool(json.load(reply)["data"]["instance"]["autoMaterializePaused"])


def test_a_page_of_another_site_changes_nothing(server: Server, browser: Browser) -> None:
    page = browser.new_page()
    page.route("http://evil.example/**", lambda route: route.fulfill(body="<html><body></body></html>"))
    page.goto("http://evil.example/")
    get = f"{server.url}/graphql?{urlencode({'query': _RESUME})}"
    answers = page.evaluate(_ATTACKS, [server.url, get, json.dumps({"query": _RESUME})])
    assert answers[-1] == "closed"
    assert _is_paused(server)
    page.goto(server.url)
    own = page.evaluate(
        """async (query) => (await fetch("/graphql", { method: "POST", headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ query }) })).status""",
        "{ instance { autoMaterializePaused } }",
    )
    assert own == 200
    page.close()
