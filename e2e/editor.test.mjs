// Several write one postmortem at once: what is typed in one browser appears in the other, the network is cut in between, and
// nothing is lost; the plain form edits the same text.
import assert from "node:assert/strict";
import test from "node:test";
import { desktop, look, phone, startBrowser } from "./rig/browser.mjs";
import { documents, signedInPage, startCompany } from "./rig/company.mjs";
import { startMailServer } from "./rig/mail.mjs";
import { Rig } from "./rig/process.mjs";

async function start(t) {
  const rig = await Rig.start(t);
  const mail = await startMailServer(rig);
  const allclear = await startCompany(rig, { mail, documents: documents(), others: ["ben"] });
  const ben = (method, path, body) => allclear.api(method, path, body, { authorization: `Bearer ${allclear.tokens.ben}` });
  const { id } = await ben("POST", "/incidents", { title: "Card payments fail", class: "system", severity: "SEV2", services: ["payments"] });
  await ben("POST", `/incidents/${id}/act`, { do: "resolve", why: "payments work again" });
  return { rig, allclear, ben, id, browser: await startBrowser(rig) };
}

const summary = (page) => page.getByLabel("Summary", { exact: true });
const saved = (page) => page.locator(".editor-status", { hasText: "Saved" }).waitFor();
/// What the field behind the editor holds: the words alone, without the names beside cursors.
const words = (page) => page.locator("#text-summary").inputValue();

async function until(what, check) {
  const end = Date.now() + 10_000;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`did not come to be: ${what}`);
    await new Promise((next) => setTimeout(next, 50));
  }
}

test("two browsers write one text, the network is cut in between, and nothing is lost", async (t) => {
  const { allclear, ben, id, browser } = await start(t);
  const path = `/incidents/${id}/postmortem`;
  const one = await signedInPage(browser, allclear.url, { viewport: desktop });
  const other = await signedInPage(browser, allclear.url, { viewport: phone });
  for (const page of [one, other]) {
    page.forgive = /ERR_INTERNET_DISCONNECTED|WebSocket|Failed to fetch/;
    await page.goto(path);
    await page.locator(".editor").first().waitFor();
  }
  await summary(one).click();
  await one.keyboard.type("Half of all card payments failed.");
  await until("the other reads it", async () => (await words(other)) === "Half of all card payments failed.");
  // Whose cursor it is stands beside it, and above the text.
  await other.locator(".other-name", { hasText: "Ana Silva" }).waitFor();
  await other.getByText("Also here: Ana Silva (Summary)").waitFor();

  // Ana's network is cut; both go on.
  await one.context().setOffline(true);
  await one.getByText(/^Offline/).waitFor();
  await summary(one).press("Control+Home");
  await one.keyboard.type("For 27 minutes: ");
  await one.getByText(/Offline: \d+ changes? (is|are) kept in this browser/).waitFor();
  await summary(other).press("Control+End");
  await other.keyboard.type(" Refunds went on.");
  await saved(other);
  await look(one, "editor-offline-desktop");
  await one.context().setOffline(false);
  const both = "For 27 minutes: Half of all card payments failed. Refunds went on.";
  for (const page of [one, other]) await until("both read both", async () => (await words(page)) === both);
  await saved(one);

  // After a pause it is a revision.
  const written = await until("it is a revision", async () => {
    const { sections } = await ben("GET", path);
    return sections.find((part) => part.section === "summary" && part.text === both);
  });
  assert.equal(written.author, "ana");

  // The plain form edits the same text: those who have it open read it at once.
  const plain = await signedInPage(browser, allclear.url, { viewport: phone, javaScriptEnabled: false });
  await plain.goto(path);
  assert.equal(await plain.getByLabel("Summary").inputValue(), both);
  await summary(other).press("Control+End");
  await other.keyboard.type(" Nobody was charged twice.");
  await saved(other);
  await plain.getByLabel("Summary").fill(both.replace("27", "28"));
  await plain.getByRole("button", { name: "Save" }).click();
  await plain.getByText("Saved").waitFor();
  const all = "For 28 minutes: Half of all card payments failed. Refunds went on. Nobody was charged twice.";
  for (const page of [one, other]) await until("both read the form's", async () => (await words(page)) === all);
  await look(one, "editor-desktop");
  await look(other, "editor-phone");

  // Words that are selected are commented on; an earlier text is written anew, and the comment outlives its words.
  await summary(one).press("Control+Home");
  await one.keyboard.press("Shift+Control+ArrowRight");
  for (let step = 0; step < 2; step++) await one.keyboard.press("Shift+Control+ArrowRight");
  await one.getByRole("group", { name: /Summary/ }).getByRole("button", { name: "Comment" }).click();
  assert.match(await one.getByLabel(/The words that it is about/).inputValue(), /^For 28 minutes/);
  await one.getByLabel("Comment", { exact: true }).fill("By which clock?");
  await one.getByRole("button", { name: "Comment", exact: true }).click();
  await one.getByText("By which clock?").waitFor();
  await one.getByRole("button", { name: "Write it anew: revision 1" }).click();
  await one.getByText("The text it was about is gone").waitFor();
  await until("whoever writes reads the earlier text", async () => (await words(other)) !== all);
  await look(one, "postmortem-section-desktop");
  await other.goto(`${path}/sections/summary`);
  await look(other, "postmortem-section-phone");
});

test("what was typed while the network was cut outlives the page; keys and buttons write Markdown", async (t) => {
  const { allclear, id, browser } = await start(t);
  const path = `/incidents/${id}/postmortem`;
  const page = await signedInPage(browser, allclear.url, { viewport: desktop });
  page.forgive = /ERR_INTERNET_DISCONNECTED|WebSocket|Failed to fetch/;
  await page.goto(path);
  await page.locator(".editor").first().waitFor();
  await page.context().setOffline(true);
  await page.getByText(/^Offline/).waitFor();
  await summary(page).click();
  await page.keyboard.press("Control+b");
  await page.keyboard.type("Half");
  await page.keyboard.press("End");
  await page.keyboard.type(" failed");
  await page.keyboard.press("Enter");
  await page.getByRole("group", { name: /Summary/ }).getByRole("button", { name: "List" }).click();
  await page.keyboard.type("cards");
  await page.keyboard.press("Enter");
  await page.keyboard.type("transfers");
  await page.getByText(/changes are kept in this browser/).waitFor();
  await page.goto("about:blank");
  await page.context().setOffline(false);
  await page.goto(path);
  await until("it is there again", async () => (await words(page)) === "**Half** failed\n- cards\n- transfers");
  await saved(page);
  const kept = await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("allclear-kept")));
  assert.deepEqual(kept, [], "what is on disk is not kept here");
});
