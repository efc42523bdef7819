// Deploys come in by themselves: a stream that is signed as GitHub signs it, shuffled and repeated, comes to the same; CDEvents in
// each of the ways of CloudEvents; and a command that is run as a change.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { writeFile } from "node:fs/promises";
import test from "node:test";
import { binary } from "./rig/allclear.mjs";
import { startCompany } from "./rig/company.mjs";
import { Rig, freePort, run } from "./rig/process.mjs";

const sources = `kind: integration
name: ordered
spec: {title: GitHub in order, source: {github: {services: {acme/web: payments}}}}
---
kind: integration
name: shuffled
spec: {title: GitHub in none, source: {github: {services: {acme/web: payments}}}}
---
kind: integration
name: argocd
spec: {title: Argo CD, source: {cdevents: {environments: {prod: live}}}}
`;

/** What GitHub sends of one deployment, in the order of the deeds. */
function deployment(id, repository, states, minute) {
  const at = (step) => new Date(Date.UTC(2026, 8, 1, 10, minute + step)).toISOString().replace(".000", "");
  const common = {
    repository: { full_name: repository, default_branch: "main" },
    deployment: { id, ref: `v1.${id}.0`, sha: "9c0d1e3b5a7f4f2a9c0d", environment: "production", created_at: at(0), creator: { login: "octavia" } },
  };
  const status = (state, step) => ({ ...common, deployment_status: { id: id * 10 + step, state, created_at: at(step + 1), target_url: `https://ci.example/${id}` } });
  return [
    ["deployment", { action: "created", ...common }],
    ...states.map((state, step) => ["deployment_status", { action: "created", ...status(state, step) }]),
  ];
}

/** The same numbers in each run, so that a failure comes again. */
function shuffled(list, seed) {
  const all = [...list];
  for (let last = all.length - 1; last > 0; last--) {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    const other = seed % (last + 1);
    [all[last], all[other]] = [all[other], all[last]];
  }
  return all;
}

test("deploys: signed by GitHub, as CDEvents, and around a command", async (t) => {
  const rig = await Rig.start(t);
  const allclear = await startCompany(rig);
  await writeFile(rig.file("sources.yaml"), sources);
  await allclear.told("apply", "-f", rig.file("sources.yaml"), "--yes");
  const token = async (name) => (await allclear.told("integration", "token", name)).trim().split("\n").pop();
  const post = (path, headers, body) => fetch(`${allclear.url}/in/${path}`, { method: "POST", headers, body });
  const observed = async () => {
    const { items } = await allclear.api("GET", "/journal?since=0&limit=500");
    return items.filter((entry) => entry.kind === "change.observed");
  };

  await t.test("the same list comes of a stream in order, and of one that is shuffled and repeated", async () => {
    const stream = [
      ...deployment(1, "acme/web", ["queued", "in_progress", "success"], 0),
      ...deployment(2, "acme/web", ["in_progress", "failure"], 20),
      ...deployment(3, "acme/payments", ["in_progress", "success", "inactive"], 40),
      ...deployment(4, "acme/warehouse", ["in_progress"], 60),
    ];
    const send = async (name, secret, [event, body]) => {
      const bytes = JSON.stringify(body);
      const signature = `sha256=${createHmac("sha256", secret).update(bytes).digest("hex")}`;
      const answer = await post(`${name}/github`, { "content-type": "application/json", "x-github-event": event, "x-hub-signature-256": signature }, bytes);
      assert.equal(answer.status, 202, await answer.clone().text());
      return answer.json();
    };
    const lists = {};
    for (const [name, order] of [["ordered", stream], ["shuffled", shuffled([...stream, ...stream, ...stream], 7)]]) {
      const before = (await observed()).length;
      const secret = await token(name);
      for (const one of order) await send(name, secret, one);
      const list = {};
      for (const entry of (await observed()).slice(before)) list[entry.data.key] = entry.data.state;
      lists[name] = list;
      const count = (await observed()).length;
      for (const one of order) assert.equal((await send(name, secret, one)).new ?? 0, 0);
      assert.equal((await observed()).length, count, "what was said before changes nothing");
    }
    assert.deepEqual(lists.ordered, { "deployment/1": "finished", "deployment/2": "failed", "deployment/3": "finished", "deployment/4": "running" });
    assert.deepEqual(lists.shuffled, lists.ordered);
    const forged = await post("ordered/github", { "content-type": "application/json", "x-github-event": "deployment", "x-hub-signature-256": `sha256=${"0".repeat(64)}` }, "{}");
    assert.equal(forged.status, 401);
  });

  await t.test("CDEvents come bare, binary, structured and in a batch, and say it once", async () => {
    const authorization = `Bearer ${await token("argocd")}`;
    const type = "dev.cdevents.service.deployed.0.2.0";
    const event = (id, more = {}) => ({
      context: { version: "0.4.1", id, source: "/argocd", type, timestamp: "2026-09-01T12:00:00Z", ...more },
      subject: { id: "payments", content: { environment: { id: "prod" }, artifactId: "pkg:oci/payments@sha256%3A0b31b1c02ff458ad" } },
    });
    const carried = (data) => ({ specversion: "1.0", id: data.context.id, source: "/argocd", type: data.context.type, data });
    const send = async (headers, body) => {
      const answer = await post("argocd/cdevents", { authorization, ...headers }, JSON.stringify(body));
      assert.equal(answer.status, 202, await answer.clone().text());
      return answer.json();
    };
    const allowed = await fetch(`${allclear.url}/in/argocd/cdevents`, { method: "OPTIONS", headers: { "webhook-request-origin": "argocd.example" } });
    assert.equal(allowed.headers.get("webhook-allowed-origin"), "argocd.example");
    const json = { "content-type": "application/json" };
    assert.equal((await send(json, event("e-1"))).new, 1);
    assert.equal((await send({ ...json, "ce-specversion": "1.0", "ce-type": type, "ce-id": "e-1", "ce-source": "/argocd" }, event("e-1"))).known, 1);
    assert.equal((await send({ "content-type": "application/cloudevents+json" }, carried(event("e-1")))).known, 1);
    const batch = await send({ "content-type": "application/cloudevents-batch+json" }, [carried(event("e-1")), carried(event("e-2"))]);
    assert.deepEqual([batch.known, batch.new], [1, 1]);
    const chain = { chainId: "c-1" };
    await send(json, event("e-3", chain));
    const back = event("e-4", { ...chain, type: "dev.cdevents.service.rolledback.0.2.0", timestamp: "2026-09-01T12:20:00Z" });
    await send(json, back);
    const last = (await observed()).pop().data;
    assert.deepEqual([last.key, last.state], ["chain/c-1/payments/prod", "rolled-back"]);
  });

  await t.test("a command is run as a change: its output, its exit code, and how it ended", async () => {
    const change = (...words) => allclear.cli("change", "run", "--service", "payments", "--environment", "live", "--to", "4.2", ...words);
    const done = await change("--", "sh", "-c", "echo out; echo beside >&2");
    assert.deepEqual([done.code, done.stdout, done.stderr], [0, "out\n", "beside\n"]);
    const failed = await change("--key", "job 7", "--", "sh", "-c", "exit 3");
    assert.equal(failed.code, 3);
    const entries = (await observed()).slice(-4).map((entry) => [entry.data.state, entry.why ?? ""]);
    assert.deepEqual(entries.map(([state]) => state), ["running", "finished", "running", "failed"]);
    assert.match(entries[3][1], /exit code 3/);
    assert.equal((await change("--", "/nowhere/deploy")).code, 127);

    const away = { ALLCLEAR_URL: `http://127.0.0.1:${await freePort()}`, ALLCLEAR_TOKEN: allclear.token, NO_COLOR: "1" };
    const words = ["change", "run", "--service", "payments"];
    const alone = await run(binary, [...words, "--", "sh", "-c", "echo out; exit 5"], { env: away });
    assert.deepEqual([alone.code, alone.stdout], [5, "out\n"], "it runs all the same");
    assert.match(alone.stderr, /is not reported/);
    const gated = await run(binary, [...words, "--gate", "--", "sh", "-c", "echo out"], { env: away });
    assert.deepEqual([gated.code, gated.stdout], [3, ""], "the gate did not answer, so it does not run");
  });
});
