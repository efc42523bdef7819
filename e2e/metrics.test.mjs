// The operator's side: promtool accepts the metrics, /health says what is wrong, a backup can be restored.
import assert from "node:assert/strict";
import test from "node:test";
import { post, webhookBody } from "./rig/alerts.mjs";
import { binary, startAllclear } from "./rig/allclear.mjs";
import { startCompany } from "./rig/company.mjs";
import { ran, Rig, run } from "./rig/process.mjs";

test("promtool accepts /metrics, also after some load", async (t) => {
  const rig = await Rig.start(t);
  const allclear = await startCompany(rig);
  const alerts = Array.from({ length: 20 }, (_, n) => ({ labels: { alertname: `A${n}`, service: "payments" } }));
  assert.equal((await post(`${allclear.url}/in/prometheus/alertmanager`, allclear.integrationToken, webhookBody(alerts))).status, 200);
  const metrics = await (await fetch(`${allclear.url}/metrics`)).text();
  const checked = await run("promtool", ["check", "metrics"], { input: metrics });
  assert.equal(checked.code, 0, checked.stdout + checked.stderr);
  assert.match(metrics, /^allclear_/m);
});

test("a backup made while it runs can be restored into an empty directory", async (t) => {
  const rig = await Rig.start(t);
  const allclear = await startCompany(rig);
  const alert = { labels: { alertname: "Before", service: "payments" } };
  assert.equal((await post(`${allclear.url}/in/prometheus/alertmanager`, allclear.integrationToken, webhookBody([alert]))).status, 200);
  const file = rig.file("backup.db");
  await ran(binary, ["backup", file, "--data", allclear.data]);
  const again = rig.file("again");
  await ran(binary, ["restore", file, "--data", again]);
  await ran(binary, ["check", "--data", again]);
  const second = await startAllclear(rig, { data: again });
  second.token = allclear.token;
  const { items } = await second.api("GET", "/alerts");
  assert.deepEqual(items.map((alert) => alert.labels.alertname), ["Before"]);
  const onto = async () => run(binary, ["restore", file, "--data", again]);
  const running = await onto();
  assert.notEqual(running.code, 0, "a restore under a running server must be refused");
  assert.match(running.stderr, /in use/);
  await second.program.stop();
  const there = await onto();
  assert.notEqual(there.code, 0, "a restore onto a database that is there must be refused");
  assert.match(there.stderr, /already|exists|--force/);
});
