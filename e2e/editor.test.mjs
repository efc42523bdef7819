// Several write one postmortem at once: what is typed in one browser appears in the other, the network is cut in between, and
// nothing is lost; the plain form edits the same text.
import assert from "node:assert/strict";
import test from "node:test";
import { desktop, look, phone, startBrowser } from "./rig/browser.mjs";
import { documents, signedInPage, startCompany } from "./rig/company.mjs";
import { startMailServer } from "./rig/mail.mjs";
import { Rig } from "./rig/process.mjs";

async function start(t, more = {}) {
  const rig = await Rig.start(t);
  const mail = await startMailServer(rig);
  const allclear = await startCompany(rig, { mail, documents: documents(), others: ["ben"], ...more });
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

/// A picture of one pixel.
const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPj/HwADAgH/p9vU1QAAAABJRU5ErkJggg==";

/// Gives a field a file, as somebody does who pastes or drops one.
const give = (field, how, { name, type, base64 }) =>
  field.evaluate(
    (element, { how, name, type, base64 }) => {
      const bytes = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
      const data = new DataTransfer();
      data.items.add(new File([bytes], name, { type }));
      const { x, y, height } = element.getBoundingClientRect();
      const at = { bubbles: true, cancelable: true, clientX: x + 4, clientY: y + height / 2 };
      element.dispatchEvent(how === "paste" ? new ClipboardEvent("paste", { ...at, clipboardData: data }) : new DragEvent("drop", { ...at, dataTransfer: data }));
    },
    { how, name, type, base64 },
  );

test("two people write with their names beside their cursors; the line is cut and the server is killed, and nothing is lost", async (t) => {
  const { allclear, ben, id, browser } = await start(t, { accounts: ["ben"] });
  const path = `/incidents/${id}/postmortem`;
  const ana = await signedInPage(browser, allclear.url, { viewport: desktop });
  const other = await signedInPage(browser, allclear.url, { viewport: desktop, email: "ben@example.test" });
  for (const page of [ana, other]) {
    page.forgive = /ERR_|WebSocket|Failed to (fetch|load)/;
    await page.goto(path);
    await page.locator(".editor").first().waitFor();
  }
  await summary(ana).click();
  await ana.keyboard.type("Cards failed.");
  await until("Ben reads it", async () => (await words(other)) === "Cards failed.");
  await summary(other).press("Control+End");
  await other.keyboard.type(" Refunds went on.");
  await until("Ana reads it", async () => (await words(ana)) === "Cards failed. Refunds went on.");
  await ana.locator(".other-name", { hasText: "Ben Okafor" }).waitFor();
  await other.locator(".other-name", { hasText: "Ana Silva" }).waitFor();
  await ana.getByText("Also here: Ben Okafor (Summary)").waitFor();

  // Ben's network is cut, then the server dies under both in the middle of their words.
  await other.context().setOffline(true);
  await other.getByText(/^Offline/).waitFor();
  await other.keyboard.type(" Ben wrote this offline.");
  await summary(ana).press("Control+Home");
  const typing = ana.keyboard.type("For half an hour: ", { delay: 25 });
  await new Promise((next) => setTimeout(next, 200));
  await allclear.program.kill("SIGKILL");
  await typing;
  await ana.getByText(/^Offline/).waitFor();
  await summary(ana).press("Control+Home");
  await ana.keyboard.type("Ana: ");
  await other.context().setOffline(false);
  await allclear.start();
  const all = "Ana: For half an hour: Cards failed. Refunds went on. Ben wrote this offline.";
  for (const page of [ana, other]) {
    await until("both read all of it", async () => (await words(page)) === all);
    await saved(page);
  }
  const written = await until("it is a revision", async () => {
    const { sections } = await ben("GET", path);
    return sections.find((part) => part.section === "summary" && part.text === all);
  });
  assert.deepEqual([written.author, ...(written.others ?? [])].sort(), ["ana", "ben"]);
  const plain = await signedInPage(browser, allclear.url, { viewport: phone, javaScriptEnabled: false, email: "ben@example.test" });
  await plain.goto(path);
  assert.equal(await plain.getByLabel("Summary").inputValue(), all);
});

test("people, things and pictures are mentioned by keyboard, and each reader sees what they may see", async (t) => {
  const { allclear, ben, id, browser } = await start(t, { accounts: ["ben"] });
  const api = (method, path, body) => allclear.api(method, path, body);
  const note = await ben("POST", `/incidents/${id}/entries`, { sort: "action", text: "restarted the connection pool" });
  await ben("POST", `/incidents/${id}/entries`, { sort: "note", text: "customers write in" });
  const hidden = await api("POST", "/incidents", { title: "Payroll was read", class: "security", severity: "SEV2", visibility: "restricted" });
  const path = `/incidents/${id}/postmortem`;
  const page = await signedInPage(browser, allclear.url, { viewport: desktop });
  await page.goto(path);
  await page.locator(".editor").first().waitFor();

  // By keyboard: a person, an entry; and what is written by its id.
  await summary(page).click();
  await page.keyboard.type("@oka");
  const offered = page.getByRole("listbox", { name: "What may be mentioned" });
  await offered.getByRole("option", { name: /Ben Okafor/ }).waitFor();
  await page.keyboard.press("Enter");
  await until("Ben is mentioned", async () => (await words(page)) === "@ben ");
  await page.keyboard.type("acted: #pool");
  await offered.getByRole("option", { name: /restarted the connection pool/ }).waitFor();
  await look(page, "editor-offers-desktop");
  await page.keyboard.press("Enter");
  await until("the entry is mentioned", async () => (await words(page)) === `@ben acted: ${note.id} `);
  await page.keyboard.type(`and \`${note.id}\`; see ${hidden.id}.`);
  const named = page.locator(".mention-name");
  await named.filter({ hasText: /^Ben Okafor$/ }).waitFor();
  await named.filter({ hasText: /restarted the connection pool/ }).waitFor();
  await named.filter({ hasText: "Payroll was read · SEV2, active" }).waitFor();
  assert.equal(await named.count(), 3, "not in code");
  await look(page, "editor-mentions-desktop");

  // The name is that of now.
  await ben("POST", `/incidents/${id}/entries/${note.id}`, { do: "correct", text: "restarted both pools" });
  await named.filter({ hasText: "restarted both pools" }).waitFor();

  // A picture is pasted and described; what is none is refused, and the text is as it was.
  await summary(page).press("Control+End");
  const before = await words(page);
  const field = summary(page);
  await give(field, "paste", { name: "drawing.svg", type: "image/svg+xml", base64: btoa("<svg xmlns='http://www.w3.org/2000/svg'/>") });
  await page.getByText("drawing.svg was not attached: it is no PNG, JPEG, GIF or WebP. Your text is as it was.").waitFor();
  assert.equal(await words(page), before);
  await give(field, "paste", { name: "graph.png", type: "image/png", base64: PIXEL });
  await page.getByText("It is kept as evidence.").waitFor();
  await page.keyboard.type("the graph of failures");
  const picture = /!\[the graph of failures\]\((evd_\w{16})\)/;
  await until("the picture is in the text", async () => picture.test(await words(page)));
  const [, evidence] = picture.exec(await words(page));
  const kept = await ben("GET", `/incidents/${id}/evidence/${evidence}`);
  assert.deepEqual([kept.file, kept.media_type, kept.custody.length], ["graph.png", "image/png", 1]);
  page.forgive = /ERR_INTERNET_DISCONNECTED|WebSocket|Failed to fetch/;
  await page.context().setOffline(true);
  await page.getByText(/^Offline/).waitFor();
  await give(field, "drop", { name: "late.png", type: "image/png", base64: PIXEL });
  await page.getByText(/late.png was not attached: the server is not reached/).waitFor();
  await page.context().setOffline(false);
  await saved(page);
  await until("it is a revision", async () => (await ben("GET", path)).sections.some((part) => picture.test(part.text)));

  // Ana reads all names, Ben the bare id of what he does not see.
  const part = `${path}/sections/summary`;
  await page.goto(part);
  const said = page.locator(".prose").first();
  await said.getByRole("link", { name: "Payroll was read · SEV2, active" }).waitFor();
  await said.getByRole("img", { name: "the graph of failures" }).waitFor();
  assert.equal(await said.locator("img").evaluate((image) => image.decode().then(() => image.naturalWidth)), 1);
  await look(page, "mentions-desktop");
  const reader = await signedInPage(browser, allclear.url, { viewport: phone, email: "ben@example.test" });
  await reader.goto(part);
  const read = reader.locator(".prose").first();
  await read.getByRole("link", { name: /restarted both pools/ }).waitFor();
  await read.getByText(hidden.id).waitFor();
  assert.ok(!(await reader.content()).includes("Payroll"));
  await look(reader, "mentions-phone");
  const writer = await reader.context().newPage();
  await writer.goto(path);
  await writer.locator(".mention-name").first().waitFor();
  assert.ok(!(await writer.content()).includes("Payroll"));
  await look(Object.assign(writer, { complaints: [] }), "editor-mentions-phone");
});
