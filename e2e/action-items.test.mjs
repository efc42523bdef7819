// What follows from an incident: proposed from the room with a thumb, proven by a document as soon as it says what it must, by a
// page that answers, and by the incident's own signals, played once more through what is set up by then.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import test from "node:test";
import { post, webhookBody } from "./rig/alerts.mjs";
import { desktop, look, openPage, phone, startBrowser } from "./rig/browser.mjs";
import { documents, signIn, signedInPage, startCompany } from "./rig/company.mjs";
import { Rig, until } from "./rig/process.mjs";

// Nobody is paged for what concerns the ledger: no route names it.
const quiet = `${documents({ wait: "10m" })}
---
kind: route
name: ledger
spec: {order: 5, match: [service=ledger], urgency: none}
`;

async function start(t) {
  const rig = await Rig.start(t);
  const allclear = await startCompany(rig, { documents: quiet });
  return { rig, allclear };
}

const item = async (allclear, id) => allclear.api("GET", `/action-items/${id}`);
const reaches = (allclear, id, state) => until(`the item to be ${state}`, async () => (await item(allclear, id)).state === state);
const propose = (allclear, incident, check, more = {}) =>
  allclear.api("POST", `/incidents/${incident}/action-items`, { title: "Add what is missing", bound: "its check says so", owner: "ana", kind: "detect", check, ...more });

test("added in the room by phone, refused where nobody can do it, done, and verified as soon as the document says so", async (t) => {
  const { rig, allclear } = await start(t);
  const incident = await allclear.api("POST", "/incidents", { title: "Payments fail", class: "system", services: ["payments"] });
  const page = await signedInPage(await startBrowser(rig), allclear.url, { viewport: phone });
  await page.goto(`/incidents/${incident.id}`);
  await page.getByText("Propose an action item").tap();
  await page.getByLabel("What is to be otherwise").fill("Improve monitoring");
  await page.getByLabel("It is done when").fill("the service names a runbook");
  page.forgive = /422/;
  await page.getByRole("button", { name: "Propose it" }).tap();
  await page.getByText(/cannot be done as it is written/).waitFor();
  assert.equal(await page.getByLabel("It is done when").inputValue(), "the service names a runbook", "what was typed is kept");
  await look(page, "action-item-refused-phone");
  page.forgive = undefined;
  await page.getByLabel("What is to be otherwise").fill("Add a runbook for card payments");
  await page.getByLabel("What it is for").selectOption("mitigate");
  await page.getByLabel("What proves it").selectOption("document");
  await page.getByText("More of the proof, and the factor").tap();
  await page.getByLabel("Which", { exact: true }).fill("service/payments");
  await page.getByLabel("Its field").fill("/runbook");
  await page.getByRole("button", { name: "Propose it" }).tap();
  await page.waitForURL(/action-items\/act_/);
  const id = new URL(page.url()).pathname.split("/").pop();
  await page.getByText("/runbook of service/payments is there").waitFor();
  await look(page, "action-item-phone");
  await page.locator("summary", { hasText: "Done" }).first().tap();
  await page.getByLabel("What was done").fill("it is in the wiki");
  await page.getByRole("button", { name: "It is done" }).tap();
  await page.getByText("done, not proven").waitFor();
  await page.getByText("service/payments has no /runbook").waitFor();
  const spec = { title: "Card payments", team: "payments", tier: 1, escalation_policy: "payments", runbook: "https://wiki.example.test/payments" };
  await allclear.api("POST", "/apply", { documents: [{ kind: "service", name: "payments", spec }], reason: "it is written" });
  await reaches(allclear, id, "verified");
  await page.goto(`/action-items/${id}`);
  await page.getByText("Verified", { exact: false }).first().waitFor();
  await page.goto("/action-items?tab=all");
  await page.getByText("Add a runbook for card payments").waitFor();
  await page.getByText("It cannot be told: 1 are too few, it takes 5.").waitFor();
  await look(page, "action-items-list-phone");
  await page.goto(`/incidents/${incident.id}`);
  await look(page, "room-action-items-phone");
});

test("a page proves it by what it says, and the incident's own signals by whom they reach", async (t) => {
  const { rig, allclear } = await start(t);
  let says = "nothing yet";
  const site = createServer((_, answer) => answer.end(says));
  await new Promise((done) => site.listen(0, "127.0.0.1", done));
  rig.atEnd(() => site.close());
  const firing = [{ labels: { alertname: "Locks", service: "ledger", severity: "critical" }, annotations: { summary: "The ledger is locked" } }];
  assert.equal((await post(`${allclear.url}/in/prometheus/alertmanager`, allclear.integrationToken, webhookBody(firing))).status, 200);
  const [alert] = (await allclear.api("GET", "/alerts")).items;
  const incident = await allclear.api("POST", "/incidents", { title: "The ledger stands still", class: "system", from: [alert.id] });

  const url = await propose(allclear, incident.id, { by: "url", url: `http://127.0.0.1:${site.address().port}/`, contains: "all is well" });
  await allclear.api("POST", `/action-items/${url.id}`, { do: "done" });
  const seen = (id, answer) => until(`${answer} to be seen`, async () => (await item(allclear, id)).evidence.find((one) => one.answer === answer));
  assert.match((await seen(url.id, "no")).said, /not in the text/);
  says = "all is well";
  await allclear.api("POST", `/action-items/${url.id}`, { do: "check" });
  await reaches(allclear, url.id, "verified");
  says = "on fire";
  await allclear.api("POST", `/action-items/${url.id}`, { do: "check" });
  await reaches(allclear, url.id, "done");

  const inside = await propose(allclear, incident.id, { by: "url", url: "http://10.1.2.3/" });
  await allclear.api("POST", `/action-items/${inside.id}`, { do: "done" });
  assert.match((await seen(inside.id, "unknown")).said, /there is no answer/);

  const replay = await propose(allclear, incident.id, { by: "replay", within: "5m" });
  await allclear.api("POST", `/action-items/${replay.id}`, { do: "done" });
  assert.match((await seen(replay.id, "no")).said, /nobody is paged/);
  const route = { order: 5, match: ["service=ledger"], escalation_policy: "payments" };
  await allclear.api("POST", "/apply", { documents: [{ kind: "route", name: "ledger", spec: route }], reason: "somebody is to know" });
  await allclear.api("POST", `/action-items/${replay.id}`, { do: "check" });
  await reaches(allclear, replay.id, "verified");
  assert.match((await item(allclear, replay.id)).evidence[0].said, /ana is paged .* after the first signal: Locks/);

  const listed = await allclear.told("action-item", "list", "--all", "--json");
  assert.equal(JSON.parse(listed.stdout ?? listed).items.length, 3);
  const page = await openPage(await startBrowser(rig), { url: allclear.url, viewport: desktop, colorScheme: "dark" });
  await signIn(page);
  await page.goto(`/action-items/${replay.id}`);
  await look(page, "action-item-verified-dark");
});
