// From an empty directory to a first page, in a browser, as somebody who has never seen it; then the same
// without JavaScript.
import assert from "node:assert/strict";
import test from "node:test";
import { startAllclear } from "./rig/allclear.mjs";
import { desktop, look, openPage, phone, startBrowser } from "./rig/browser.mjs";
import { password } from "./rig/company.mjs";
import { startMailServer } from "./rig/mail.mjs";
import { Rig } from "./rig/process.mjs";

for (const [device, viewport, more] of [
  ["desktop", desktop, {}],
  ["phone", phone, {}],
  ["plain", desktop, { javaScriptEnabled: false }],
]) {
  test(`first run (${device}): from an empty directory to a page in the mailbox`, async (t) => {
    const rig = await Rig.start(t);
    const mail = await startMailServer(rig);
    const allclear = await startAllclear(rig, { mail });
    const browser = await startBrowser(rig);
    const page = await openPage(browser, { url: allclear.url, viewport, ...more });
    const see = (name) => (device === "plain" ? undefined : look(page, `first-run-${name}-${device}`));
    const began = Date.now();

    await page.goto("/");
    assert.equal(new URL(page.url()).pathname, "/setup");
    await see("1-setup");
    await page.getByLabel(/your name|full name/i).fill("Ana Silva");
    await page.getByLabel(/e-?mail/i).first().fill("ana@example.test");
    await page.getByLabel(/password/i).first().fill("short");
    await page.getByRole("button", { name: /create|continue|next/i }).click();
    assert.equal(new URL(page.url()).pathname, "/setup", "a short password is refused, and what was typed stays");
    assert.equal(await page.getByLabel(/your name|full name/i).inputValue(), "Ana Silva");
    await page.getByLabel(/password/i).first().fill(password);
    await page.getByRole("button", { name: /create|continue|next/i }).click();
    await page.waitForURL((url) => url.pathname !== "/setup" || url.search !== "");
    await see("2-created");
    await page.getByRole("button", { name: /send.*(test )?page/i }).click();
    const paged = await mail.mail("the first page", (mail) => /ana@example\.test/.test(mail.to));
    await see("3-sent");
    t.diagnostic(`${device}: a first page after ${((Date.now() - began) / 1000).toFixed(1)} s: ${paged.subject}`);

    const link = paged.links.find((link) => link.startsWith(`${allclear.url}/p/`));
    assert.ok(link, paged.text);
    await page.goto(link);
    await see("4-link");
    await page.getByRole("button", { name: /acknowledge/i }).click();
    await page.getByText(/acknowledged/i).first().waitFor();
    await see("5-acknowledged");

    // Set-up is over for good.
    const again = await fetch(`${allclear.url}/setup`, { redirect: "manual" });
    assert.ok(again.status >= 300 && again.status < 500, `${again.status}`);
  });
}
