// A real Prometheus fires, a real Alertmanager posts its webhook, Ana's mail arrives at a real mail server, her
// push and her webhook too; a link scanner follows the link and changes nothing; Ana taps; the service recovers.
import assert from "node:assert/strict";
import test from "node:test";
import { post, webhookBody } from "./rig/alerts.mjs";
import { startAllclear } from "./rig/allclear.mjs";
import { byHand, documents, signedIn, startCompany } from "./rig/company.mjs";
import { startMailServer } from "./rig/mail.mjs";
import { Rig, sleep, until } from "./rig/process.mjs";
import { startAlertmanager, startPrometheus, startService } from "./rig/prometheus.mjs";
import { startSink } from "./rig/sinks.mjs";
import { Visitor } from "./rig/visitor.mjs";

test("from a real Prometheus over a real Alertmanager to an acknowledged page, and back to well", async (t) => {
  const rig = await Rig.start(t);
  const mail = await startMailServer(rig);
  const [push, hook] = [await startSink(rig), await startSink(rig)];
  const allclear = await startAllclear(rig, { mail });
  const ana = await byHand(rig, allclear, { ntfy: push.url, hook: hook.url, wait: "10m" });
  const service = await startService(rig);
  const alertmanager = await startAlertmanager(rig, { webhook: `${allclear.url}/in/prometheus/alertmanager`, token: allclear.integrationToken });
  await startPrometheus(rig, { service, alertmanager });

  service.full = true;
  const paged = await mail.mail("the mail of the page", (mail) => /The disk sda1 of payments is full/.test(mail.subject), { within: 40_000 });
  assert.match(paged.to, /ana@example\.test/);
  assert.match(paged.text, /The disk sda1 of payments is full/);
  assert.match(paged.text, /DiskFull/);
  assert.match(paged.html, /The disk sda1 of payments is full/);
  assert.match(paged.headers["received"], /with esmtpsa/i, "by TLS, and signed in");
  assert.match(paged.headers["auto-submitted"] ?? "", /auto-generated/, "no machine shall answer it");
  const pushed = await push.request("the push", () => true);
  assert.match(`${pushed.body} ${pushed.headers.title}`, /DiskFull/);
  const hooked = await hook.request("the webhook", () => true);
  assert.match(hooked.headers["webhook-id"], /^dlv_/);
  assert.match(hooked.headers["webhook-signature"], /^v1,/);
  assert.match(hooked.body, /DiskFull/);

  const state = async () => (await allclear.api("GET", "/alerts?state=all")).items[0];
  const alert = await state();
  assert.equal(alert.state, "firing");

  // A link scanner follows every link of the mail: nothing changes.
  const links = paged.links.filter((link) => link.startsWith(`${allclear.url}/p/`));
  assert.ok(links.length > 0, `no link to act by in:\n${paged.text}`);
  for (const link of links) {
    const scanner = new Visitor(allclear.url);
    assert.equal((await scanner.get(link)).status, 200);
    await fetch(link, { method: "HEAD" });
  }
  await sleep(500);
  assert.equal((await state()).state, "firing", "a GET acknowledged");

  // A link with one letter changed is worth nothing.
  const [link] = links;
  const forged = link.slice(0, -3) + (link.at(-3) === "A" ? "B" : "A") + link.slice(-2);
  const refused = await new Visitor(allclear.url).get(forged);
  assert.ok(refused.status >= 400 && refused.status < 500, `a forged link gives ${refused.status}`);

  // Ana taps the button: nobody is signed in on this telephone.
  const telephone = new Visitor(allclear.url);
  const page = await telephone.get(link);
  assert.match(page.text, /The disk sda1 of payments is full/);
  const after = await telephone.press(page, /^acknowledge/i);
  assert.equal(after.status, 200);
  assert.match(after.text, /acknowledged/i);
  await until("the alert to be acknowledged", async () => (await state()).state === "acknowledged");
  const mailsBefore = (await mail.mails()).length;

  service.full = false;
  await until("the alert to resolve", async () => (await state()).state === "resolved", { within: 40_000 });
  const shown = await ana.get(`/alerts/${alert.id}`);
  assert.equal(shown.status, 200);
  for (const word of ["DiskFull", "Ana Silva", "acknowledged", "resolved", "ana@example.test"]) {
    assert.match(shown.text, new RegExp(word, "i"), `the page of the alert does not tell of: ${word}`);
  }
  assert.ok((await mail.mails()).every((mail) => !/ben@/.test(mail.to)), "Ben was paged although Ana had it");
  t.diagnostic(`mails ${mailsBefore}, pushes ${push.requests.length}, webhooks ${hook.requests.length}`);
});

test("nobody answers: the page goes on to Ben", async (t) => {
  const rig = await Rig.start(t);
  const mail = await startMailServer(rig);
  const allclear = await startCompany(rig, { mail, wait: "2s" });
  const alert = { labels: { alertname: "DiskFull", service: "payments", severity: "critical" }, annotations: { summary: "The disk is full" } };
  const { status } = await post(`${allclear.url}/in/prometheus/alertmanager`, allclear.integrationToken, webhookBody([alert]));
  assert.equal(status, 200);
  const first = await mail.mail("Ana's mail", (mail) => /ana@/.test(mail.to));
  const second = await mail.mail("Ben's mail", (mail) => /ben@/.test(mail.to));
  assert.notEqual(first.headers["message-id"], second.headers["message-id"]);
});

test("a mailbox that is not there: the next contact is told at once, and the ledger shows what the mail server said", async (t) => {
  const rig = await Rig.start(t);
  const mail = await startMailServer(rig);
  const push = await startSink(rig);
  const contacts = `contacts: [{name: gone, email: nobody@example.test}, {name: push, ntfy: '${push.url}/ana-topic'}]`;
  const ladder = "ladder: {high: [{contact: gone}, {contact: push, after: 30m}], low: [{contact: gone}], waking: '00:00-24:00'}";
  const text = documents().replace(/contacts: \[\{name: mail, email: ana@.*\n.*ladder:.*/, `${contacts}\n  ${ladder}`);
  const allclear = await startCompany(rig, { mail, documents: text });
  const alert = { labels: { alertname: "DiskFull", service: "payments", severity: "critical" } };
  assert.equal((await post(`${allclear.url}/in/prometheus/alertmanager`, allclear.integrationToken, webhookBody([alert]))).status, 200);
  await push.request("the push, half an hour before its turn", () => true, { within: 15_000 });
  const [{ id }] = (await allclear.api("GET", "/alerts")).items;
  const shown = await (await signedIn(allclear)).get(`/alerts/${id}`);
  assert.match(shown.text, /there is no such mailbox/);
});
