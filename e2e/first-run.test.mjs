// From an empty directory to a first page, in a browser, as somebody who has never seen it; then the same
// without JavaScript.
import assert from "node:assert/strict";
import test from "node:test";
import { startAllclear } from "./rig/allclear.mjs";
import { desktop, look, openPage, phone, startBrowser } from "./rig/browser.mjs";
import { firstRun, password } from "./rig/company.mjs";
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
    const pathname = () => new URL(page.url()).pathname;
    assert.match(pathname(), firstRun);
    const start = pathname();
    await see("1-you");
    const create = page.getByRole("button", { name: /create the administrator/i });
    await page.getByLabel("Your name").fill("Ana Silva");
    await page.getByLabel("E-mail").fill("ana@example.test");
    await page.getByLabel("Time zone").fill("Europe/Atlantis");
    await page.getByLabel("Password").fill(password);
    await create.click();
    assert.equal(pathname(), start, "a time zone that is none is refused");
    await page.getByText(/Europe\/Atlantis/).first().waitFor();
    assert.equal(await page.getByLabel("Your name").inputValue(), "Ana Silva", "and what was typed stays");
    await see("2-refused");
    await page.getByLabel("Time zone").fill("Europe/Berlin");
    await page.getByLabel("Password").fill(password);
    await create.click();
    const send = page.getByRole("button", { name: /send me the first page/i });
    await send.waitFor();
    await see("3-created");
    await page.getByRole("radio", { name: /e-mail/i }).check();
    await send.click();
    const paged = await mail.mail("the first page", (mail) => /ana@example\.test/.test(mail.to));
    await see("4-sent");
    t.diagnostic(`${device}: a first page after ${((Date.now() - began) / 1000).toFixed(1)} s: ${paged.subject}`);

    const link = paged.links.find((link) => link.startsWith(`${allclear.url}/p/`));
    assert.ok(link, paged.text);
    // On the telephone, where nobody is signed in.
    const telephone = await openPage(browser, { url: allclear.url, viewport: phone, ...more });
    await telephone.goto(link);
    if (device !== "plain") await look(telephone, `first-run-5-link-${device}`);
    await telephone.getByRole("button", { name: /^acknowledge/i }).click();
    await telephone.getByText(/acknowledged/i).filter({ visible: true }).first().waitFor();
    if (device !== "plain") await look(telephone, `first-run-6-acknowledged-${device}`);
    // The first window follows along by itself; without JavaScript it is loaded again.
    if (device === "plain") await page.getByRole("link", { name: /look again/i }).click();
    await page.getByText(/it works/i).first().waitFor();
    await see("7-it-works");

    // Set-up is over for good.
    const again = await fetch(`${allclear.url}${start}`, { redirect: "manual" });
    assert.ok(again.status >= 300 && again.status < 500, `${start} answers ${again.status} once there is an administrator`);
  });
}
