// What was missed once is pinned by phone, holds the documents by which it would be missed again, is let through with a reason that counts;
// and is practised as a drill, with a score sheet.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import test from "node:test";
import { post, webhookBody } from "./rig/alerts.mjs";
import { desktop, look, phone, startBrowser } from "./rig/browser.mjs";
import { signedInPage, startCompany } from "./rig/company.mjs";
import { startMailServer } from "./rig/mail.mjs";
import { Rig, until } from "./rig/process.mjs";

const late = `kind: escalation-policy
name: payments
spec:
  title: Payments
  team: payments
  steps:
  - {notify: [{person: ben}], wait: 20m}
  - {notify: [{schedule: payments-primary}], wait: 5m}
`;

test("an incident is pinned, holds what would miss it again, and is practised", async (t) => {
  const rig = await Rig.start(t);
  const mail = await startMailServer(rig);
  const allclear = await startCompany(rig, { mail, wait: "10m" });
  const firing = [{ labels: { alertname: "Errors", service: "payments", severity: "critical" }, annotations: { summary: "Cards fail" } }];
  assert.equal((await post(`${allclear.url}/in/prometheus/alertmanager`, allclear.integrationToken, webhookBody(firing))).status, 200);
  const alert = await until("an alert", async () => (await allclear.api("GET", "/alerts")).items[0]);
  const incident = await allclear.api("POST", "/incidents", { title: "Cards fail", class: "system", services: ["payments"], from: [alert.id] });
  await allclear.api("POST", `/incidents/${incident.id}/act`, { do: "resolve", why: "restarted" });

  const browser = await startBrowser(rig);
  const page = await signedInPage(browser, allclear.url, { viewport: phone });
  await page.goto(`/incidents/${incident.id}`);
  await page.getByText("Pin it as a regression").tap();
  await page.getByLabel("Because").last().fill("it cost a day");
  await page.getByRole("button", { name: "Pin it" }).tap();
  await page.waitForURL(/pins\/pin_/);
  await page.getByText("must reach whoever is on call for payments-primary within 5m").first().waitFor();
  await page.getByText("holds", { exact: true }).waitFor();
  await look(page, "pin-phone");
  const pin = new URL(page.url()).pathname.split("/").pop();

  const file = rig.file("late.yaml");
  await writeFile(file, late);
  const plan = await allclear.cli("plan", "-f", file);
  assert.equal(plan.code, 2, plan.stdout + plan.stderr);
  assert.match(plan.stdout, /0 of 1 hold/);
  assert.match(plan.stdout, /\+20m ana by/);
  const refused = await allclear.cli("apply", "-f", file, "--yes");
  assert.equal(refused.code, 3, refused.stdout + refused.stderr);
  assert.match(refused.stdout + refused.stderr, /the pin "Cards fail" would fail/);
  const applied = await allclear.cli("apply", "-f", file, "--yes", "--override", "Ana is at sea until Monday");
  assert.equal(applied.code, 0, applied.stdout + applied.stderr);
  assert.equal((await allclear.cli("pin", "list")).code, 1, "a pin fails");
  assert.equal((await allclear.api("GET", `/pins/${pin}`)).overridden, 1);
  await page.goto("/pins");
  await page.getByText("One pin fails").waitFor();
  await look(page, "pins-failing-phone");
  await page.goto(`/pins/${pin}`);
  await page.getByText("+20m ana by").waitFor();
  await look(page, "pin-failing-phone");
  await page.goto("/escalation-policies/payments");
  await page.getByText("It cannot be told").waitFor();
  await look(page, "policy-past-phone");

  const written = await allclear.cli("drill", "from-incident", incident.id);
  assert.equal(written.code, 0, written.stderr);
  const drill = rig.file("drill.json");
  await writeFile(drill, written.stdout);
  const played = await allclear.cli("drill", "run", drill, "--speed", "max", "--service", "payments");
  assert.match(played.stdout, /inc_/, played.stderr);
  const [practised] = (await allclear.api("GET", "/incidents?state=all&drill=true")).items;
  assert.match((await allclear.cli("drill", "score", practised.id)).stdout, new RegExp(`practises ${incident.id}`));
  const wide = await signedInPage(browser, allclear.url, { viewport: desktop });
  await wide.goto(`/incidents/${practised.id}/score-sheet`);
  await wide.getByText("When it was real").waitFor();
  await look(wide, "score-sheet-desktop");
  await page.goto(`/incidents/${practised.id}/score-sheet`);
  await look(page, "score-sheet-phone");
  await wide.goto("/pins");
  await look(wide, "pins-desktop");
});
