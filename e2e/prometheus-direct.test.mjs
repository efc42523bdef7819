// Prometheus posts straight to the v2 API, and Debian's amtool works unchanged: alerts, silences, status. On
// PostgreSQL, where the tests have one.
import assert from "node:assert/strict";
import test from "node:test";
import { freshDatabase } from "./rig/allclear.mjs";
import { startCompany } from "./rig/company.mjs";
import { startMailServer } from "./rig/mail.mjs";
import { ran, Rig, run, sleep, until } from "./rig/process.mjs";
import { startPrometheus, startService } from "./rig/prometheus.mjs";

async function start(t) {
  const rig = await Rig.start(t);
  const mail = await startMailServer(rig);
  const allclear = await startCompany(rig, { mail, database: await freshDatabase(rig), wait: "10m" });
  return { rig, mail, allclear };
}

/** amtool with an API token as password, as its users write it: a source may only bring signals, and they do more. */
function amtoolOf(rig, allclear) {
  const url = new URL(`${allclear.url}/in/prometheus`);
  url.username = "amtool";
  url.password = allclear.token;
  const args = (words) => [`--alertmanager.url=${url}`, ...words];
  const env = { HOME: rig.dir, XDG_CONFIG_HOME: rig.dir };
  return {
    told: (...words) => ran("amtool", args(words), { env }),
    run: (...words) => run("amtool", args(words), { env }),
  };
}

test("Prometheus alone: its alert pages, and resolves when the metric goes back", async (t) => {
  const { rig, mail, allclear } = await start(t);
  const service = await startService(rig);
  await startPrometheus(rig, {
    service,
    alertmanager: { address: `127.0.0.1:${allclear.port}`, pathPrefix: "/in/prometheus", token: allclear.integrationToken },
  });
  service.full = true;
  const paged = await mail.mail("the mail of the page", (mail) => /The disk sda1 of payments is full/.test(mail.subject), { within: 40_000 });
  assert.match(paged.text, /The disk sda1 of payments is full/);
  const state = async () => (await allclear.api("GET", "/alerts?state=all")).items[0].state;
  assert.equal(await state(), "firing");
  // Prometheus sends a firing alert again and again: still one alert, one mail.
  await sleep(7000);
  assert.equal((await allclear.api("GET", "/alerts?state=all")).items.length, 1);
  assert.equal((await mail.mails()).filter((mail) => /The disk sda1 of payments is full/.test(mail.subject)).length, 1);
  service.full = false;
  await until("the alert to resolve", async () => (await state()) === "resolved", { within: 30_000 });
});

test("amtool works unchanged: alert add and query, silence add, query and expire, status", async (t) => {
  const { rig, mail, allclear } = await start(t);
  const amtool = amtoolOf(rig, allclear);
  assert.match(await amtool.told("cluster", "show"), /Cluster Status:\s+(ready|disabled)/);
  assert.match(await amtool.told("config", "show"), /\S/);

  await amtool.told("alert", "add", "alertname=Quiet", "service=payments", "severity=critical", "--annotation=summary=all quiet");
  await mail.mail("the mail of the first alert", (mail) => /Quiet/.test(mail.text));
  assert.match(await amtool.told("alert", "query", "alertname=~Qu.*"), /Quiet.*all quiet/s);
  assert.doesNotMatch(await amtool.told("alert", "query", "alertname!=Quiet"), /Quiet/);
  const [found] = JSON.parse(await amtool.told("-o", "json", "alert", "query", "service=payments"));
  assert.equal(found.status.state, "active");
  assert.equal(found.labels.alertname, "Quiet");
  assert.match(found.fingerprint, /^[0-9a-f]{16}$/);

  const id = (await amtool.told("silence", "add", "alertname=Loud", "service=~pay.*", "-c", "known, being mended", "-d", "1h", "-a", "ana")).trim();
  assert.match(id, /^\S+$/);
  assert.match(await amtool.told("silence", "query"), /Loud.*known, being mended/s);
  await amtool.told("alert", "add", "alertname=Loud", "service=payments", "severity=critical");
  const [loud] = await until("the silenced alert", async () => JSON.parse(await amtool.told("-o", "json", "alert", "query", "-s", "alertname=Loud")));
  assert.equal(loud.status.state, "suppressed");
  assert.deepEqual(loud.status.silencedBy, [id]);
  await sleep(2000);
  assert.ok(!(await mail.mails()).some((mail) => /Loud/.test(mail.text)), "a silenced alert paged");

  await amtool.told("silence", "expire", id);
  assert.doesNotMatch(await amtool.told("silence", "query"), /Loud/);
  assert.match(await amtool.told("silence", "query", "--expired"), /Loud/);
  await mail.mail("the mail of the alert that is no longer silenced", (mail) => /Loud/.test(mail.text));
});

test("the v2 API answers what it cannot take as Alertmanager does, and takes the rest", async (t) => {
  const { allclear } = await start(t);
  const headers = { authorization: `Bearer ${allclear.integrationToken}`, "content-type": "application/json" };
  const url = `${allclear.url}/in/prometheus/api/v2/alerts`;
  const send = (body, more = {}) => fetch(url, { method: "POST", headers: { ...headers, ...more }, body: typeof body === "string" ? body : JSON.stringify(body) });
  const good = { labels: { alertname: "Good", service: "payments" } };
  const reader = { authorization: `Bearer ${allclear.token}` };
  const names = async () => (await (await fetch(url, { headers: reader })).json()).map((alert) => alert.labels.alertname).sort();

  for (const [what, body, status] of [
    ["no JSON", "{", 400],
    ["not an array", { labels: {} }, 400],
    ["an alert without labels", [{ labels: {} }], 400],
    ["an end before the start", [{ labels: { alertname: "A" }, startsAt: "2026-01-02T00:00:00Z", endsAt: "2026-01-01T00:00:00Z" }], 400],
  ]) {
    const answer = await send(body);
    assert.equal(answer.status, status, `${what}: ${answer.status} ${await answer.text()}`);
  }
  assert.deepEqual(await names(), [], "what is refused leaves nothing");
  const mixed = await send([good, { labels: {} }]);
  assert.equal(mixed.status, 400, "one of the two is wrong");
  assert.deepEqual(await names(), ["Good"], "and the other is kept: Prometheus does not send it again");
  const empty = await send([]);
  assert.deepEqual([empty.status, await empty.text()], [200, ""]);

  const status = (token) => fetch(url, { method: "POST", body: "[]", headers: { "content-type": "application/json", ...token } }).then((answer) => answer.status);
  assert.equal(await status({}), 401, "without a token");
  assert.equal(await status({ authorization: "Bearer wrong" }), 401);
  const basic = (token) => ({ authorization: `Basic ${Buffer.from(`x:${token}`).toString("base64")}` });
  assert.equal(await status(basic(allclear.integrationToken)), 200);
  assert.equal((await fetch(`${url}?token=${allclear.integrationToken}`, { method: "POST", body: "[]", headers: { "content-type": "application/json" } })).status, 200);
  // The token of a source stands in many configuration files: it brings signals, and reads nothing.
  assert.equal((await fetch(url, { headers })).status, 403);
  assert.equal((await fetch(`${allclear.url}/in/prometheus/api/v2/status`, { headers: basic(allclear.token) })).status, 200);
  assert.equal((await fetch(`${allclear.url}/api/v2/status`, { headers })).status, 200, "also without the name of the integration");
});
