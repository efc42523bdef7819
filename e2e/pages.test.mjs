// What people look at, at desktop and phone width, dark and light: screenshots are kept, axe finds nothing, no
// page must be scrolled sideways. And what they do there: acknowledge with a thumb, override a shift.
import assert from "node:assert/strict";
import test from "node:test";
import { post, webhookBody } from "./rig/alerts.mjs";
import { desktop, look, openPage, phone, startBrowser } from "./rig/browser.mjs";
import { password, signIn, startCompany } from "./rig/company.mjs";
import { startMailServer } from "./rig/mail.mjs";
import { Rig, until } from "./rig/process.mjs";

async function start(t) {
  const rig = await Rig.start(t);
  const mail = await startMailServer(rig);
  const allclear = await startCompany(rig, { mail, wait: "10m" });
  const url = `${allclear.url}/in/prometheus/alertmanager`;
  const alerts = [
    { labels: { alertname: "DiskFull", service: "payments", severity: "critical", device: "sda1" }, annotations: { summary: "The disk sda1 of payments is full" } },
    { labels: { alertname: "Latency", service: "payments", severity: "warning" }, annotations: { summary: "The 99th percentile of card payments is above one second" } },
    { labels: { alertname: "NodeDown", severity: "critical", instance: "a-very-long-host-name-that-does-not-fit.example.test:9100" }, annotations: { summary: "A node is down" } },
  ];
  assert.equal((await post(url, allclear.integrationToken, webhookBody(alerts))).status, 200);
  const gone = { labels: { alertname: "Restarted", service: "payments", severity: "info" } };
  await post(url, allclear.integrationToken, webhookBody([gone]));
  await post(url, allclear.integrationToken, webhookBody([gone], "resolved"));
  await allclear.api("PUT", "/documents/outgoing-webhook/tickets", {
    kind: "outgoing-webhook",
    name: "tickets",
    spec: { title: "Ticket system", url: "https://tickets.example.test/hooks/allclear", events: ["incident.*"] },
  });
  return { rig, mail, allclear, browser: await startBrowser(rig) };
}

const paths = [
  "/alerts",
  "/alerts?tab=resolved",
  "/alerts?sort=severity",
  "/incidents",
  "/incidents/new",
  "/changes",
  "/changes/new",
  "/changes/calendar",
  "/obligations",
  "/action-items",
  "/pins",
  "/language",
  "/insights",
  "/insights/changes",
  "/insights/mitigate",
  "/insights/incidents",
  "/insights/promises",
  "/insights/paging",
  "/notices",
  "/subscribers",
  "/schedules",
  "/schedules/payments-primary",
  "/escalation-policies",
  "/escalation-policies/payments",
  "/services",
  "/services/payments",
  "/documents",
  "/documents/schedule/payments-primary",
  "/documents/new?kind=schedule",
  "/integrations",
  "/integrations/prometheus",
  "/integrations/new",
  "/chats",
  "/flags",
  "/outgoing-webhooks",
  "/outgoing-webhooks/tickets",
  "/outgoing-webhooks/new",
  "/silences",
  "/silences/new",
  "/people",
  "/people/ana",
  "/tokens",
  "/me",
  "/me/digest",
];

test("every page, at desktop and phone width, dark and light: handsome, accessible, and not too wide", async (t) => {
  const { allclear, browser } = await start(t);
  const alert = (await allclear.api("GET", "/alerts")).items.find((alert) => alert.labels.alertname === "DiskFull");
  const incident = await allclear.api("POST", "/incidents", { title: "Payments fail", class: "system", from: [alert.id] });
  for (const [device, viewport, colorScheme] of [
    ["desktop", desktop, "light"],
    ["phone", phone, "light"],
    ["desktop-dark", desktop, "dark"],
    ["phone-dark", phone, "dark"],
  ]) {
    await t.test(device, async () => {
      const page = await openPage(browser, { url: allclear.url, viewport, colorScheme });
      await page.goto("/sign-in");
      await look(page, `sign-in-${device}`);
      await signIn(page);
      const wrong = [];
      for (const path of [...paths, `/alerts/${alert.id}`, `/incidents/${incident.id}/draft`]) {
        const name = path.replace(alert.id, "one").replace(incident.id, "one").slice(1).replaceAll(/[^a-z]+/g, "-");
        const answer = await page.goto(path);
        if (answer.status() !== 200) wrong.push(`${path}: ${answer.status()}`);
        else await look(page, `${name}-${device}`).catch((error) => wrong.push(error.message));
      }
      const missing = await page.goto("/alerts/alr_0000000000000000");
      assert.equal(missing.status(), 404);
      page.complaints.length = 0; // the browser logs the 404
      await look(page, `not-found-${device}`);
      assert.deepEqual(wrong, [], wrong.join("\n"));
      await page.context().close();
    });
  }
});

test("Ana acknowledges with one thumb, and another window sees it without being loaded again", async (t) => {
  const { allclear, browser } = await start(t);
  const [{ id }] = (await allclear.api("GET", "/alerts")).items.filter((alert) => alert.labels.alertname === "DiskFull");
  const watching = await openPage(browser, { url: allclear.url });
  await signIn(watching);
  await watching.goto(`/alerts/${id}`);
  const telephone = await openPage(browser, { url: allclear.url, viewport: phone });
  await signIn(telephone);
  await telephone.goto(`/alerts/${id}`);
  const button = telephone.getByRole("button", { name: /^acknowledge/i }).first();
  const box = await button.boundingBox();
  assert.ok(box.height >= 44, `${box.height} px is too low for a thumb`);
  assert.ok(box.y + box.height <= phone.height, "it must be seen without scrolling");
  await button.tap();
  await telephone.getByText(/acknowledged/i).filter({ visible: true }).first().waitFor();
  await watching.getByText(/acknowledged/i).filter({ visible: true }).first().waitFor();
  await look(telephone, "alert-acknowledged-phone");
  const state = await until("the state", async () => (await allclear.api("GET", `/alerts/${id}`)).state);
  assert.equal(state, "acknowledged");
});

test("everything essential without JavaScript: sign in, see, acknowledge, resolve, override, send a test page", async (t) => {
  const { mail, allclear } = await start(t);
  const ana = allclear.visitor();
  const entry = await ana.get("/alerts");
  assert.equal(entry.path, "/sign-in", "a stranger is asked to sign in");
  const wrong = await ana.press(entry, /sign in/i, { email: "ana@example.test", password: "wrong wrong wrong" });
  assert.equal(wrong.path, "/sign-in");
  const list = await ana.press(wrong, /sign in/i, { email: "ana@example.test", password });
  assert.equal(list.path, "/alerts", "and comes to where she wanted to go");
  assert.match(list.text, /DiskFull/);
  const [, id] = /\/alerts\/(alr_[0-9a-z]+)[^>]*>[^<]*(?:<[^>]*>[^<]*)*?DiskFull/.exec(list.html) ?? [];
  assert.ok(id, "the list links to the alert");
  const alert = await ana.get(`/alerts/${id}`);
  const acknowledged = await ana.press(alert, /^acknowledge/i);
  assert.match(acknowledged.text, /acknowledged/i);
  const resolved = await ana.press(acknowledged, /^resolve/i);
  assert.match(resolved.text, /resolved/i);
  const schedule = await ana.get("/schedules/payments-primary");
  assert.match(schedule.text, /Ana Silva/);
  const overridden = await ana.press(schedule, /add (the|an)? ?override/i, { person: "ben", reason: "Ana is at the dentist's" });
  assert.match(overridden.text, /the dentist's/);
  const me = await ana.get("/me");
  const before = (await mail.mails()).length;
  await ana.press(me, /test page/i);
  await until("the test page", async () => (await mail.mails()).length > before);
  const one = (await mail.mails()).length;
  const tested = await ana.press(await ana.get("/me"), /^test$/i);
  assert.match(tested.text, /a test is on its way by mail/i);
  await until("the test of one contact", async () => (await mail.mails()).length > one);
  const changed = await ana.press(tested, /^save$/i, { contact: "mail", after: "2" });
  assert.match(changed.text, /saved: when it may wake you/i);
  assert.match(changed.text, /after 2 min/i);
});
