// Somebody looks for what was done the last time: on the page with the keyboard, on the command line, after a restart, and never
// for what is not theirs to read.
import assert from "node:assert/strict";
import { readdir, rm } from "node:fs/promises";
import test from "node:test";
import { desktop, look, phone, startBrowser } from "./rig/browser.mjs";
import { signedInPage, startCompany } from "./rig/company.mjs";
import { startMailServer } from "./rig/mail.mjs";
import { Rig, until } from "./rig/process.mjs";

const widths = { desktop, phone };

test("what was written is found at once, marked, narrowed and opened with the keyboard", async (t) => {
  const rig = await Rig.start(t);
  const mail = await startMailServer(rig);
  const allclear = await startCompany(rig, { mail, wait: "10m" });
  const make = (body) => allclear.api("POST", "/incidents", { class: "system", ...body });
  const write = (id, text) => allclear.api("POST", `/incidents/${id}/entries`, { text });
  const before = await make({ title: "Payments time out", because: "the pool of connections to the gateway is exhausted" });
  await write(before.id, "Failover of db-7.shop.example to the replica began");
  await write(before.id, "Rolled back <b>payments</b> 2.14.0 by hand");
  const now = await make({ title: "Payments time out again", because: "the pool of connections to the gateway is exhausted" });
  const quiet = await make({ title: "Ledger breach", class: "security", visibility: "restricted" });
  await write(quiet.id, "The intruder used the vault");

  const found = async (q) => (await allclear.api("GET", `/search?q=${encodeURIComponent(q)}`)).results;
  assert.equal((await found("db-7.shop.example")).length, 1);
  assert.deepEqual((await found("replcia ")).map((one) => one.matched), ["nearly"]);
  assert.match(await allclear.told("search", "rolled", "back"), /Rolled back <b>payments<\/b> 2\.14\.0 by hand/);
  const nothing = await allclear.cli("search", "nowhere-to-be-found");
  assert.equal(nothing.code, 0, nothing.stderr);
  assert.match(nothing.stdout + nothing.stderr, /Nothing was found/);

  const browser = await startBrowser(rig);
  for (const [name, viewport] of Object.entries(widths)) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await signedInPage(browser, allclear.url, { viewport, colorScheme });
      await page.goto("/search?q=payments%20rolled");
      await page.locator(".search-results mark", { hasText: "payments" }).waitFor();
      await look(page, `search-${name}-${colorScheme}`);
      await page.goto(`/incidents/${now.id}`);
      await page.getByRole("heading", { name: "Seen before" }).waitFor();
      await page.getByText("told in the same words").waitFor();
      await look(page, `search-similar-${name}-${colorScheme}`);
      await page.context().close();
    }
  }
  const page = await signedInPage(browser, allclear.url);
  await page.goto("/search");
  await page.keyboard.press("/");
  await page.keyboard.type("payments");
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "Newest" }).click();
  await page.waitForURL(/order=newest/);
  await page.getByRole("link", { name: "Timeline entries" }).click();
  await page.waitForURL(/kind%3Aentry/);
  assert.equal(await page.locator(".search-results > li").count(), 1);
  await page.locator(".search-results a.thing-title").first().click();
  await page.waitForURL(/\/entries\/evt_/);

  // Whoever is not named finds nothing of it, on no page and with no token.
  assert.equal((await found("intruder")).length, 1);

  // A restart goes on; without its index it makes another.
  const folder = rig.file("data/search");
  await until("the index is on disk", async () => (await readdir(folder)).includes("meta.json"));
  for (const again of [false, true]) {
    await allclear.program.kill();
    if (again) await rm(folder, { recursive: true });
    await allclear.start();
    assert.equal((await found("failover")).length, 1);
    assert.equal((await found("intruder")).length, 1);
  }
});
