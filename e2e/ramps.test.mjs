// A rule is about to take a deploy back: the room shows the countdown, and somebody stops it; another time nobody does, and it is done
// once, by the receiver of the guide, over signed webhooks.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import test from "node:test";
import { post, webhookBody } from "./rig/alerts.mjs";
import { desktop, look, phone, startBrowser } from "./rig/browser.mjs";
import { documents, signedInPage, startCompany } from "./rig/company.mjs";
import { freePort, ran, Rig, until } from "./rig/process.mjs";
import { SECRET, startReceiver } from "./rig/receiver.mjs";

const service = (name) => `---
kind: service
name: ${name}
spec: {title: ${name}, team: payments, tier: 3, escalation_policy: payments}
---
kind: route
name: ${name}
spec: {order: 5, match: [service=${name}], service: ${name}, group_by: [alertname]}
`;

const more = (port) => `${service("shop")}${service("cart")}---
kind: rollback-adapter
name: deployer
spec:
  title: The deployer
  system: {webhook: {url: 'http://127.0.0.1:${port}/'}}
  deploys:
    services: [shop, cart]
    estimate: 1m
    data: untouched
    last_rehearsed: ${new Date(Date.now() - 86_400_000).toISOString()}
    watch: {settle: 2s, hold: 3s, patience: 20s}
`;

/** Writes what nobody has time for here: a record of twenty, and two minutes that pass. */
async function rewritten(allclear, statement, ...values) {
  await allclear.program.stop();
  const script = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); assert c.execute(sys.argv[2],sys.argv[3:]).rowcount > 0; c.commit(); c.close()";
  await ran("python3", ["-c", script, `${allclear.data}/allclear.db`, statement, ...values]);
  await allclear.start();
}

test("a rule counts down in the room, is stopped there, and does it once where nobody stops it", async (t) => {
  const rig = await Rig.start(t);
  const hook = await freePort();
  await writeFile(rig.file("adapters"), `deployer.signing-secret=${SECRET}\n`);
  const allclear = await startCompany(rig, { documents: documents({ wait: "10m" }) + more(hook), args: ["--adapter-secrets", rig.file("adapters")] });
  await startReceiver(rig, hook, (name) => rig.file(`version-${name}`));
  const browser = await startBrowser(rig);
  const done = async () => (await readFile(rig.file("done.log"), "utf8").catch(() => "")).trim().split("\n").filter(Boolean);
  const fires = async (name, status) => {
    const body = webhookBody([{ labels: { alertname: "Errors", service: name, severity: "critical" } }], status);
    const answer = await post(`${allclear.url}/in/prometheus/alertmanager`, allclear.integrationToken, body);
    assert.equal(answer.status, 200, answer.text);
  };
  const breaks = async (name) => {
    await allclear.api("POST", "/changes/observed", { key: `${name}-v2`, stage: "finished", title: `${name} v2`, targets: [{ service: name, from: "v1", to: "v2" }] });
    await fires(name, "firing");
    const alert = await until("the alert", async () => (await allclear.api("GET", "/alerts")).items.find((one) => one.labels.service === name));
    return `/incidents/${(await allclear.api("POST", "/incidents", { title: `${name} fails`, class: "system", services: [name], from: [alert.id] })).id}`;
  };
  const counting = (room) => until("the countdown", async () => (await allclear.api("GET", `${room}/reflexes`)).items.find((one) => one.state === "counting"), { within: 60_000 });

  // One step at a time, and beyond suggesting only by its record.
  for (const name of ["shop", "cart"]) await allclear.told("ramp", "set", name, "suggest", "--why", "to know how good it is");
  const early = await allclear.cli("ramp", "set", "shop", "countdown", "--why", "we trust it");
  assert.equal(early.code, 1);
  assert.match(early.stderr, /people agreed with 0 of 0 suggestions/);
  await rewritten(allclear, "UPDATE ramps SET ramp=?", "countdown");
  assert.match(await allclear.told("ramp", "show", "shop"), /countdown/);

  // Somebody stops it, in the room.
  const page = await signedInPage(browser, allclear.url, { viewport: desktop });
  const first = await breaks("shop");
  await counting(first);
  assert.match(await allclear.told("ramp", "list"), /shop v2/);
  await page.goto(first);
  await page.getByRole("button", { name: /stop/i }).first().waitFor();
  await look(page, "room-countdown");
  const small = await signedInPage(browser, allclear.url, { viewport: phone });
  await small.goto(first);
  await look(small, "room-countdown-phone");
  await page.getByRole("button", { name: /stop/i }).first().click();
  await until("the stop", async () => (await allclear.api("GET", `${first}/reflexes`)).items[0].state === "stopped");
  assert.equal((await allclear.api("GET", "/reflexes")).items.length, 0);
  const late = await allclear.cli("ramp", "stop", first.split("/").pop());
  assert.match(late.stderr, /nothing to stop/);
  await page.goto(first);
  await look(page, "room-countdown-stopped");
  for (const one of [page, small]) await one.goto("about:blank"); // no stream is open while the server restarts

  // Nobody stops this one: it is done when its two minutes are over, once, and what it came to is said.
  const second = await breaks("cart");
  const made = await counting(second);
  assert.ok(Date.parse(made.due_at) - Date.now() > 60_000, made.due_at);
  assert.deepEqual(await done(), [], "not before its time");
  await rewritten(allclear, "UPDATE reflexes SET due_at = at WHERE state = ?", "counting");
  await until("the end of the countdown", async () => (await allclear.api("GET", `${second}/reflexes`)).items[0].state === "ran", { within: 60_000 });
  await until("the receiver", async () => (await done()).length > 0);
  await fires("cart", "resolved");
  const [run] = (await allclear.api("GET", `${second}/rollbacks`)).items;
  assert.equal(run.asked_by, "a rule");
  const judged = await until("the verdict", async () => (await allclear.api("GET", `/rollbacks/${run.id}`)).verdict, { within: 60_000, every: 250 });
  assert.equal(judged.outcome, "resolved", judged.why);
  assert.deepEqual(await done(), ["cart - v1"], "once");
  assert.equal((await readFile(rig.file("version-cart"), "utf8")).trim(), "v1");
  await page.goto(second);
  await look(page, "room-countdown-ran");
});
