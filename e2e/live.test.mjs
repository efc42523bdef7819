// A page that stays open stays true: what happens elsewhere shows within about a second, and takes nothing away from
// whoever is at it: not the selection, the focus, the place, nor what was typed. And the sign that says "Live" says so
// only while that is so.
import assert from "node:assert/strict";
import test from "node:test";
import { post, webhookBody } from "./rig/alerts.mjs";
import { startBrowser } from "./rig/browser.mjs";
import { signedInPage, startCompany } from "./rig/company.mjs";
import { startMailServer } from "./rig/mail.mjs";
import { Rig, until } from "./rig/process.mjs";

const alert = (name, more = {}) => ({
  labels: { alertname: name, service: "payments", severity: "critical", ...more },
  annotations: { summary: `${name} of payments` },
});

async function start(t) {
  const rig = await Rig.start(t);
  const mail = await startMailServer(rig);
  const allclear = await startCompany(rig, { mail, wait: "10m" });
  const send = async (alerts, status) => {
    const answer = await post(`${allclear.url}/in/prometheus/alertmanager`, allclear.integrationToken, webhookBody(alerts, status));
    assert.equal(answer.status, 200, answer.text);
  };
  return { rig, mail, allclear, send, browser: await startBrowser(rig) };
}

const sign = (page, word) => page.locator("#live", { hasText: word }).waitFor();

/** How long something takes to show; about a second is asked for, on a machine that does much else. */
async function soon(t, what, show) {
  const began = Date.now();
  await show();
  const took = Date.now() - began;
  t.diagnostic(`${what}: ${took} ms`);
  assert.ok(took < 4000, `${what} took ${took} ms`);
}

test("an open list, alert, schedule and page of one's own follow along, and nothing is lost", async (t) => {
  const { mail, allclear, send, browser } = await start(t);
  await send(Array.from({ length: 30 }, (_, number) => alert(`Disk${number}`, { device: `sd${number}` })));
  const page = await signedInPage(browser, allclear.url);

  await t.test("the list", async () => {
    await page.goto("/alerts");
    await sign(page, "Live");
    await page.evaluate(() => (window.sameDocument = true));
    const box = page.locator(".alert-check input").nth(20);
    await box.check();
    await page.keyboard.press("j");
    const chosen = await page.locator(".alert-check input:checked").inputValue();
    const focused = await page.evaluate(() => document.activeElement.closest("[data-row]")?.id ?? document.activeElement.id);
    const place = await page.evaluate(() => scrollY);
    assert.ok(place > 0, "the list is longer than the window");
    await send([alert("SomethingNew")]);
    await soon(t, "a new alert in the list", () => page.getByText("SomethingNew of payments").waitFor());
    assert.equal(await page.locator(".alert-check input:checked").inputValue(), chosen, "the selection");
    assert.equal(await page.textContent("[data-count]"), "1 selected");
    assert.equal(await page.evaluate(() => document.activeElement.closest("[data-row]")?.id ?? document.activeElement.id), focused, "the focus");
    assert.ok(Math.abs((await page.evaluate(() => scrollY)) - place) < 200, "the place");
    await send([alert("SomethingNew")], "resolved");
    await soon(t, "a resolved alert leaves the list", () => page.getByText("SomethingNew of payments").waitFor({ state: "detached" }));
    assert.ok(await page.evaluate(() => window.sameDocument), "no page was loaded");
  });

  await t.test("the alert, its page and its deliveries", async () => {
    await send([alert("Queue")]);
    const { id } = (await allclear.api("GET", "/alerts")).items.find((one) => one.labels.alertname === "Queue");
    await page.goto(`/alerts/${id}`);
    await sign(page, "Live");
    await page.getByText("Sent", { exact: true }).first().waitFor(); // the mail, as it goes out
    await allclear.api("POST", "/alerts/acknowledge", { alerts: [id] });
    await soon(t, "an acknowledgement on the alert", () => page.locator(".alert-head.alert-acknowledged").waitFor());
    await page.locator("section", { has: page.getByRole("heading", { name: "Page" }) }).getByText("Acknowledged", { exact: true }).waitFor();
    assert.equal((await mail.mails()).length > 0, true);
  });

  await t.test("who is on call", async () => {
    await page.goto("/schedules");
    await sign(page, "Live");
    const at = (hours) => new Date(Date.now() + hours * 3_600_000).toISOString();
    await allclear.api("POST", "/schedules/payments-primary/overrides", { person: "ben", starts_at: at(0), ends_at: at(4), reason: "The dentist" });
    await soon(t, "an override on the list of schedules", () => page.locator("main").getByText("Ben Okafor").first().waitFor());
    await page.locator(".oncall-chip").waitFor({ state: "detached" }); // Ana is not on call any more
    // Somebody writes an override while another is made: what stands in the form stays.
    await page.goto("/schedules/payments-primary");
    await sign(page, "Live");
    await page.getByLabel("On call instead").selectOption("ben");
    await page.getByLabel("From", { exact: true }).fill("2030-01-01T10:00");
    await page.getByLabel(/^Why/).fill("A long weekend");
    await allclear.api("POST", "/schedules/payments-primary/overrides", { person: "ben", starts_at: at(30), ends_at: at(31), reason: "A course" });
    await soon(t, "an override on its schedule", () => page.getByText("A course").waitFor());
    assert.equal(await page.getByLabel("On call instead").inputValue(), "ben");
    assert.equal(await page.getByLabel("From", { exact: true }).inputValue(), "2030-01-01T10:00");
    assert.equal(await page.getByLabel(/^Why/).inputValue(), "A long weekend");
    assert.equal(await page.evaluate(() => document.activeElement.id), "override-reason", "the focus");
  });

  await t.test("my page, while somebody writes on it", async () => {
    await page.goto("/me");
    await sign(page, "Live");
    await page.getByText("Add a contact").click();
    await page.locator("#contact-address").fill("https://ntfy.example.test/half-a-top");
    await page.locator("#main details", { hasText: "Change" }).first().locator("summary").click();
    await page.getByLabel("Minutes until contact 1").first().fill("7");
    await allclear.api("POST", "/pages/test", {});
    await soon(t, "a test page on my page", () => page.locator(".delivery-test").first().waitFor());
    assert.equal(await page.locator("#contact-address").inputValue(), "https://ntfy.example.test/half-a-top");
    assert.equal(await page.getByLabel("Minutes until contact 1").first().inputValue(), "7");
  });
  assert.deepEqual(page.complaints, []);
});

test("the sign tells the truth when the server is gone, when it is back, and when the session has ended", async (t) => {
  const { allclear, send, browser } = await start(t);
  const page = await signedInPage(browser, allclear.url);
  page.forgive = /ERR_|Failed to load resource|net::|401/;
  await page.goto("/alerts");
  await sign(page, "Live");
  const other = await page.context().newPage(); // a second tab shares the stream of the first
  await other.goto(`${allclear.url}/alerts`);
  await sign(other, "Live");

  await allclear.program.kill();
  await soon(t, "the sign says that the server is gone", () => sign(page, "Reconnecting"));
  await soon(t, "the second tab, too", () => sign(other, "Reconnecting"));
  await allclear.start();
  await send([alert("WhileAway")]);
  await until("the sign", async () => (await page.textContent("#live")) === "Live", { within: 15_000 });
  await sign(other, "Live");
  await page.getByText("WhileAway of payments").waitFor();
  await other.getByText("WhileAway of payments").waitFor();

  // A tab that is opened while the server is away says no more than it knows.
  await page.close();
  await sign(other, "Live");
  await send([alert("Later")]);
  await other.getByText("Later of payments").waitFor();

  const elsewhere = await signedInPage(browser, allclear.url);
  await elsewhere.goto("/me");
  for (const button of await elsewhere.getByRole("button", { name: "Sign out", exact: true }).all()) {
    if (await button.isVisible()) {
      await button.click();
      break;
    }
  }
  await allclear.program.kill();
  await allclear.start();
  await until("the sign", async () => (await other.textContent("#live")) === "Signed out", { within: 20_000 });
});
