// The same alert again: whoever is paged reads in one line what it led to before, in the mail, behind its link and on the alert's
// page; the numbers about many open what they count; and the digest says what is overdue.
import assert from "node:assert/strict";
import test from "node:test";
import { post, webhookBody } from "./rig/alerts.mjs";
import { desktop, look, phone, startBrowser } from "./rig/browser.mjs";
import { signedInPage, startCompany } from "./rig/company.mjs";
import { startMailServer } from "./rig/mail.mjs";
import { Rig, until } from "./rig/process.mjs";

const widths = { desktop, phone };

test("the page says what the same alerts led to before, each part with its record", async (t) => {
  const rig = await Rig.start(t);
  const mail = await startMailServer(rig);
  const allclear = await startCompany(rig, { mail, wait: "10m" });
  const alert = [{ labels: { alertname: "PaymentsErrorRate", service: "payments", severity: "critical" }, annotations: { summary: "14 % of payments fail" } }];
  const fire = (status) => post(`${allclear.url}/in/prometheus/alertmanager`, allclear.integrationToken, webhookBody(alert, status));
  const open = async () => (await allclear.api("GET", "/alerts")).items.find((one) => one.labels.alertname === "PaymentsErrorRate");
  const mails = () => mail.mails().then((all) => all.filter((one) => /14 % of payments fail/.test(one.subject)));

  await fire("firing");
  const first = await until("the alert", open);
  await until("the first page", async () => (await mails()).length >= 1);
  assert.ok(!(await mails())[0].text.includes("before"), "nothing is known yet");
  const incident = await allclear.api("POST", "/incidents", { title: "Card payments fail", class: "system", services: ["payments"] });
  await allclear.api("POST", `/incidents/${incident.id}/links`, { subject: first.id });
  const item = await allclear.api("POST", `/incidents/${incident.id}/action-items`, { title: "Limit the queue to 1000", bound: "a test with 1001 is refused", owner: "ana", kind: "prevent" });
  await fire("resolved");
  await until("the alert to be over", async () => !(await open()));
  await allclear.api("POST", `/incidents/${incident.id}/act`, { do: "resolve", why: "the pool is larger" });

  const told = (await mails()).length;
  await fire("firing");
  const again = await until("the alert again", open);
  const page = await until("the second page", async () => (await mails()).slice(told)[0]);
  assert.match(page.text.replaceAll(/\s+/g, " "), /Seen once before, the last time on \d+ \w+ \d+; its action item is not done yet/);
  assert.ok(page.text.includes(`/incidents/${incident.id}`) && page.text.includes(`/action-items/${item.id}`), page.text);
  const link = page.links.find((one) => one.includes("/p/"));

  const browser = await startBrowser(rig);
  for (const [name, viewport] of Object.entries(widths)) {
    const seen = await signedInPage(browser, allclear.url, { viewport });
    await seen.goto(`/alerts/${again.id}`);
    await seen.getByRole("link", { name: /seen once before/ }).waitFor();
    await look(seen, `memory-alert-${name}`);
    await seen.goto(new URL(link).pathname);
    await seen.getByRole("link", { name: /its action item is not done yet/ }).waitFor();
    await look(seen, `memory-page-${name}`);
    await seen.goto("/insights/paging");
    await seen.getByRole("heading", { name: "What the pages of each alert were good for" }).waitFor();
    await seen.getByRole("heading", { name: "Had a policy waited less" }).waitFor();
    await look(seen, `insights-paging-${name}`);
    await seen.getByRole("link", { name: "2: pages" }).first().click();
    await seen.getByRole("heading", { name: "Ana Silva" }).waitFor();
    assert.equal(await seen.locator("[data-opened]").count(), 2, "a number opens what it counts");
    await look(seen, `insights-paging-opened-${name}`);
    await seen.goto("/action-items?tab=all");
    assert.match(await seen.getByRole("link", { name: "As CSV" }).getAttribute("href"), /^\/api\/v1\/action-items\.csv$/);
    await look(seen, `action-items-csv-${name}`);
    await seen.goto("/me/digest");
    await seen.getByRole("heading", { name: "Weekly digest" }).waitFor();
    await look(seen, `digest-${name}`);
    await seen.goto("/insights");
    await look(seen, `insights-memory-${name}`);
    await seen.context().close();
  }

  // Every number as a table, in which nothing is a formula.
  const csv = await allclear.told("insights", "incidents", "--csv");
  assert.match(csv, /^incident,title,class,severity,at,detect_seconds/);
  assert.ok(csv.includes("Card payments fail"));
  assert.match(await allclear.told("insights", "alerts", "--csv"), /PaymentsErrorRate,payments,2,0,1,0,1/);
  assert.match(await allclear.told("insights", "nights", "--csv"), /^person,pages,by_night,nights\r?\nana,2,/);
  assert.match(await allclear.told("insights", "--csv"), /^measure,known,of,before,seconds_50/);
  assert.match(await allclear.told("action-item", "list", "--all", "--csv"), /^action_item,title,[^]*\r?\nact_\w+,Limit the queue to 1000,a test with 1001 is refused,ana,prevent,normal,/);

  // The digest: nothing is overdue, so there is nothing to send; and it can be ended.
  assert.match(await allclear.told("digest"), /nothing to say/i);
  assert.equal((await allclear.api("PUT", "/me/digest", { wanted: false })).wanted, false);
});
