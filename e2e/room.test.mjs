// The incident room as people use it: declared with one key from the alert, led, written on; two browsers see the same
// within a second, and a connection that is lost loses nothing.
import assert from "node:assert/strict";
import test from "node:test";
import { post, webhookBody } from "./rig/alerts.mjs";
import { desktop, look, phone, startBrowser } from "./rig/browser.mjs";
import { signedInPage, startCompany } from "./rig/company.mjs";
import { startMailServer } from "./rig/mail.mjs";
import { Rig, until } from "./rig/process.mjs";

async function start(t) {
  const rig = await Rig.start(t);
  const mail = await startMailServer(rig);
  const allclear = await startCompany(rig, { mail, wait: "10m" });
  const firing = [{ labels: { alertname: "CardErrors", service: "payments", severity: "critical" }, annotations: { summary: "14 % of card payments fail" } }];
  const send = (status) => post(`${allclear.url}/in/prometheus/alertmanager`, allclear.integrationToken, webhookBody(firing, status));
  assert.equal((await send("firing")).status, 200);
  return { allclear, send, browser: await startBrowser(rig) };
}

const live = (page) => page.locator("#live", { hasText: "Live" }).waitFor();

test("from the alert to the all-clear, by keyboard; another browser follows", async (t) => {
  const { allclear, send, browser } = await start(t);
  const page = await signedInPage(browser, allclear.url);
  await page.goto("/alerts");
  await page.getByText("14 % of card payments fail").first().click();
  await page.waitForURL(/alerts\/alr_/);
  await page.keyboard.press("d"); // declare
  await page.waitForURL(/incidents\/inc_/);
  const room = new URL(page.url()).pathname;
  await page.getByRole("heading", { level: 1, name: /14 % of card payments fail/ }).waitFor();
  await live(page);

  const other = await signedInPage(browser, allclear.url, { viewport: phone });
  await other.goto(room);
  await live(other);
  await other.getByText("Nobody commands").waitFor();
  await other.evaluate(() => (window.sameDocument = true));

  await page.keyboard.press("c"); // take command
  await page.getByText("You have command").waitFor();
  await other.getByText("Ana Silva commands").waitFor();

  // Written with w and Ctrl+Enter; there within a second for whoever is in the room, also while they write themselves.
  await other.locator("#entry").fill("half a senten");
  await other.locator("#entry").focus();
  const took = [];
  for (const text of ["pay-1 and pay-3 refuse cards", "pay-2 does not", "rolling back 4.12.0"]) {
    await page.keyboard.press("w");
    await page.keyboard.type(text);
    const sent = Date.now();
    await page.keyboard.press("Control+Enter");
    await other.getByText(text).waitFor();
    took.push(Date.now() - sent);
    await page.locator(".entry-text", { hasText: text }).waitFor();
    await until("the field to be empty", async () => (await page.locator("#entry").inputValue()) === "");
    await page.keyboard.press("Escape");
  }
  t.diagnostic(`seen by the other after ${took.join(", ")} ms`);
  assert.ok(Math.min(...took) < 1500, `an entry took ${took} ms`);
  assert.equal(await other.locator("#entry").inputValue(), "half a senten");
  assert.equal(await other.evaluate(() => document.activeElement.id), "entry", "the focus");
  assert.ok(await other.evaluate(() => window.sameDocument), "no page was loaded");

  // What is refused is not lost.
  await page.locator("#entry").fill("   ");
  await page.getByRole("button", { name: "Add" }).click();
  await page.locator("#composer-error").waitFor();
  await page.reload();

  // Lost, and back: nothing is missing.
  await other.context().setOffline(true);
  other.forgive = /ERR_|Failed to load|net::/;
  await allclear.api("POST", `${room}/entries`, { text: "while the phone was in a tunnel", sort: "observation" });
  await other.context().setOffline(false);
  await other.getByText("while the phone was in a tunnel").waitFor({ timeout: 20_000 });

  // It is not over while something is not at its end; then it is.
  await page.keyboard.press("r");
  await page.getByText("impact is back under the threshold").waitFor();
  await page.getByRole("button", { name: "It is over" }).click();
  await page.getByText(/Not everything is at its end/).waitFor();
  await page.getByRole("button", { name: "Mitigated" }).click();
  await page.getByText("Mitigated: impact is back").waitFor();
  await send("resolved");
  await page.getByText("all have cleared").waitFor();
  await page.keyboard.press("r");
  await page.getByRole("button", { name: "It is over" }).click();
  await page.locator(".room-head .badge", { hasText: "Resolved" }).waitFor();
  await other.locator(".room-head .badge", { hasText: "Resolved" }).waitFor();

  // An entry is corrected, and says what it said.
  await page.getByRole("listitem").filter({ hasText: "pay-2 does not" }).getByRole("link", { name: /Correct/ }).click();
  await page.getByLabel("It should say").fill("pay-2 does not, pay-4 neither");
  await page.getByRole("button", { name: "Correct it" }).click();
  await page.locator("del", { hasText: "pay-2 does not" }).waitFor();
  assert.deepEqual(page.complaints, []);
});

test("the room without JavaScript, and looked at in all widths and lights", async (t) => {
  const { allclear, browser } = await start(t);
  const plain = await signedInPage(browser, allclear.url, { javaScriptEnabled: false });
  await plain.goto("/incidents/new");
  await plain.getByLabel("What is wrong?").fill("A token of a build server was used from elsewhere");
  await plain.getByLabel(/^Security/).check();
  await plain.getByLabel(/How bad/).selectOption("SEV2");
  await plain.getByRole("button", { name: "Declare", exact: true }).click();
  await plain.getByText(/Restricted: /).first().waitFor();
  const room = new URL(plain.url()).pathname;
  await plain.getByRole("button", { name: "Take command" }).click();
  await plain.getByText("Ana Silva commands").waitFor();
  await plain.getByLabel("Write on the timeline").fill("The token is revoked.\nThe log of its use is kept.");
  await plain.getByText("Decision", { exact: true }).click();
  await plain.getByText("It was earlier, or somebody objected").click();
  await plain.getByLabel("Objections to a decision").fill("Ben: the attacker sees that");
  await plain.getByRole("button", { name: "Add" }).click();
  await plain.getByText("Objections: Ben: the attacker sees that").waitFor();
  await plain.getByText("Say when something happened").click();
  await plain.locator("#milestone").selectOption("compromise-started");
  await plain.locator("#stamp-at").fill("2026-11");
  await plain.getByRole("button", { name: "Say so" }).click();
  await plain.locator("dd", { hasText: "November 2026" }).waitFor();
  await plain.locator("#task-title").fill("Revoke the other tokens of that server");
  await plain.getByRole("button", { name: "Give it" }).click();
  await plain.getByText("commands and has a task of repair").waitFor(); // nobody sees the whole then
  await plain.getByLabel(/^Revoke the other tokens.*: done/).click();
  await plain.getByLabel("What came of it").fill("Three of them, all revoked");
  await plain.getByRole("button", { name: "Done", exact: true }).last().click();
  await plain.getByText("Done: Revoke the other tokens of that server. Three of them, all revoked").waitFor();
  await plain.getByRole("button", { name: "Begin: Containment" }).click();
  await plain.getByRole("button", { name: "Containment is done" }).click();
  await plain.getByText("Containment is done").first().waitFor();

  // The record: a file is kept, what is in a text is picked from it, a count and a technique are claimed.
  await plain.getByRole("link", { name: "Evidence", exact: true }).click();
  await plain.getByText("Add evidence", { exact: true }).click();
  await plain.getByLabel("What it is").fill("Log of the build server");
  await plain.locator("#evidence-file").setInputFiles({ name: "build.log", mimeType: "text/plain", buffer: Buffer.from("a token was used") });
  await plain.getByRole("button", { name: "Keep it" }).click();
  await plain.getByText("build.log").waitFor();
  await plain.getByText("Add observables", { exact: true }).click();
  await plain.locator("#observables-text").fill("It was used from 192[.]0[.]2[.]7 by hxxps://build-mirror[.]example/fetch?a=1.");
  await plain.getByRole("button", { name: "Look through it" }).click();
  await plain.getByText("hxxps://build-mirror[.]example/fetch?a=1").waitFor();
  const found = plain.url();
  assert.match(found, /observables$/);
  await plain.getByRole("button", { name: "Add what is ticked" }).click();
  await plain.getByText("192[.]0[.]2[.]7").waitFor();
  await plain.getByText("Count something", { exact: true }).click();
  await plain.locator("#affected-count").fill("at least 3");
  await plain.locator("#affected-subject").selectOption("accounts");
  await plain.getByRole("button", { name: "Enter it" }).last().click();
  await plain.getByText("at least 3").waitFor();
  await plain.getByText("Name a technique", { exact: true }).click();
  await plain.locator("#technique-id").fill("T1078");
  await plain.getByRole("button", { name: "Name it" }).click();
  await plain.getByText("Valid Accounts", { exact: true }).waitFor();
  const [download] = await Promise.all([plain.waitForEvent("download"), plain.getByRole("button", { name: "Download a copy of Log of the build server" }).click()]);
  assert.equal(download.suggestedFilename(), "build.log");

  const wrong = [];
  for (const [device, viewport, colorScheme] of [
    ["desktop", desktop, "light"],
    ["phone", phone, "light"],
    ["desktop-dark", desktop, "dark"],
    ["phone-dark", phone, "dark"],
  ]) {
    const page = await signedInPage(browser, allclear.url, { viewport, colorScheme });
    await page.goto(room);
    await look(page, `room-${device}`).catch((error) => wrong.push(error.message));
    await page.goto(`${room}/record`);
    for (const summary of await page.locator("main details > summary").all()) await summary.click();
    await look(page, `record-${device}`).catch((error) => wrong.push(error.message));
    await page.goto(room);
    await page.locator(".entry-more").first().click();
    await page.waitForURL(/entries\/evt_/);
    await look(page, `entry-${device}`).catch((error) => wrong.push(error.message));
    await page.context().close();
  }
  assert.deepEqual(wrong, [], wrong.join("\n"));
});
