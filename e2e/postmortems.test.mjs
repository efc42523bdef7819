// From the end of an incident to what was learned: the policy says that it is due, somebody is asked by mail and sees to it, two
// people write without losing a word, somebody who did not write publishes it; also of a drill, with its minutes as the file has them.
import assert from "node:assert/strict";
import test from "node:test";
import { desktop, look, phone, startBrowser } from "./rig/browser.mjs";
import { documents, signedInPage, startCompany } from "./rig/company.mjs";
import { startMailServer } from "./rig/mail.mjs";
import { Rig } from "./rig/process.mjs";

const example = new URL("../docs/examples/wrong-invoices.json", import.meta.url).pathname;

async function start(t) {
  const rig = await Rig.start(t);
  const mail = await startMailServer(rig);
  const carla = "---\nkind: person\nname: carla\nspec: {full_name: Carla Diaz, email: carla@example.test, access: responder}\n";
  const allclear = await startCompany(rig, { mail, documents: documents() + carla, others: ["ben", "carla"] });
  const by = (token) => (method, path, body) => allclear.api(method, path, body, { authorization: `Bearer ${token}` });
  return { rig, mail, allclear, ben: by(allclear.tokens.ben), carla: by(allclear.tokens.carla), browser: await startBrowser(rig) };
}

test("a severe incident is learned from: asked by mail, written by two, reviewed, published, corrected", async (t) => {
  const { mail, allclear, ben, carla, browser } = await start(t);
  const { id } = await ben("POST", "/incidents", { title: "Card payments fail", class: "system", severity: "SEV2", services: ["payments"] });
  await ben("POST", `/incidents/${id}/act`, { do: "resolve", why: "payments work again" });

  // Ana manages in the team of what broke.
  const asked = await mail.mail("that she is asked", (one) => /Postmortem/.test(one.subject));
  assert.match(asked.text, /asked to own it/);
  const page = await signedInPage(browser, allclear.url, { viewport: desktop });
  await page.goto("/postmortems");
  await page.getByText("the worst that it was is SEV2").first().waitFor();
  await look(page, "postmortems-desktop");
  await page.getByRole("link", { name: "Card payments fail" }).click();
  await page.getByText("is asked to own it").waitFor();
  await look(page, "postmortem-due-desktop");
  await page.keyboard.press("a");
  await page.getByText("owns it").waitFor();

  // It is owed: the incident is not closed.
  await assert.rejects(ben("POST", `/incidents/${id}/act`, { do: "close" }), /409.*published or waived/);

  // Without JavaScript, on a phone: what Ben saved meanwhile is not overwritten, and what Ana typed is not lost.
  const plain = await signedInPage(browser, allclear.url, { viewport: phone, javaScriptEnabled: false });
  await plain.goto(`/incidents/${id}/postmortem`);
  await plain.getByLabel("Summary").fill("Half of all card payments failed for 27 minutes.");
  await plain.getByLabel("Impact").fill("- 1,204 payments failed");
  await ben("POST", `/incidents/${id}/postmortem/sections`, { sections: [{ section: "summary", text: "Card payments failed.", from: 0 }] });
  await plain.getByRole("button", { name: "Save" }).click();
  await plain.getByText("Summary was written anew by ben").waitFor();
  await plain.getByText("Card payments failed.", { exact: true }).waitFor();
  assert.equal(await plain.getByLabel("Summary").inputValue(), "Half of all card payments failed for 27 minutes.");
  assert.equal(await plain.getByLabel("Impact").inputValue(), "- 1,204 payments failed");
  await plain.getByRole("button", { name: "Save" }).click();
  await plain.getByText("Saved").waitFor();
  const written = await ben("GET", `/incidents/${id}/postmortem`);
  assert.deepEqual(
    written.sections.map((one) => [one.section, one.author, one.revision]),
    [["summary", "ana", 2], ["impact", "ana", 1]],
  );
  assert.equal((await ben("GET", `/incidents/${id}/postmortem/sections/summary`)).items[0].text, "Card payments failed.");

  await page.reload();
  await page.locator(".editor").first().waitFor(); // a moment later the fields are those of the editor
  for (const [label, text] of [
    ["Background", "Cards are charged through a pool of connections."],
    ["Detection", "A monitor saw the rate of errors."],
    ["Trigger", "A release opened a second pool."],
    ["Response", "The release was rolled back."],
    ["Mitigation and resolution", "The rollback ended it."],
    ["What went well", "The alert came within a minute."],
    ["What was hard", "Two dashboards disagreed."],
    ["Where luck helped", "It was not a Friday."],
    ["What surprised us", "The pool has no limit."],
  ]) {
    await page.getByLabel(label, { exact: true }).fill(text);
  }
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved").waitFor();

  // No person is a factor.
  page.forgive = /422/;
  const factor = page.getByLabel("A condition that had to be there");
  await factor.fill("Ben Okafor released on a Thursday");
  await page.getByRole("button", { name: "Name it" }).click();
  await page.getByText("no person is a factor").waitFor();
  for (const text of ["The pool of connections has no limit", "Nothing tried the release with two pools"]) {
    await factor.fill(text);
    await page.getByRole("button", { name: "Name it" }).click();
    await page.locator(".things", { hasText: text }).waitFor();
  }
  await look(page, "postmortem-draft-desktop");
  await page.getByRole("button", { name: "Ready for review" }).click();
  await page.getByText("You wrote in it").waitFor();

  // Ben wrote in it, too, so neither of them publishes it.
  await assert.rejects(ben("POST", `/incidents/${id}/postmortem`, { do: "publish" }), /403.*you wrote in it/);
  const published = await carla("POST", `/incidents/${id}/postmortem`, { do: "publish" });
  assert.deepEqual([published.state, published.reviewer], ["published", "carla"]);
  await page.reload();
  await page.getByRole("heading", { name: "What was published" }).waitFor();
  await look(page, "postmortem-published-desktop");
  await page.getByText("Something in it is not so").click();
  await page.getByLabel("What is so instead").fill("It was 1,240 payments.");
  await page.getByRole("button", { name: "Publish the correction" }).click();
  await page.locator(".correction", { hasText: "1,240" }).waitFor();
  const small = await signedInPage(browser, allclear.url, { viewport: phone });
  await small.goto(`/incidents/${id}/postmortem`);
  await look(small, "postmortem-published-phone");
  await ben("POST", `/incidents/${id}/act`, { do: "close" });
  await page.goto(`/incidents/${id}`);
  await page.getByRole("link", { name: /Postmortem/ }).first().waitFor();
});

test("a drill goes the whole way, and its minutes are those of the file", async (t) => {
  const { allclear, ben } = await start(t);
  const played = await allclear.cli("drill", "run", example, "--speed", "max", "--service", "payments");
  assert.equal(played.code, 0, played.stdout + played.stderr);
  const [{ id }] = (await allclear.api("GET", "/incidents?state=all&drill=true")).items;
  const judged = await allclear.api("GET", `/incidents/${id}/postmortem`);
  assert.equal(judged.state, "not-due", "nobody is chased for a drill");
  assert.equal(judged.effect, "recommended");
  assert.ok(judged.reasons.length > 0);
  const sections = judged.form_sections.map((section) => ({ section, text: "Invoices went to the wrong customers." }));
  await allclear.api("POST", `/incidents/${id}/postmortem/sections`, { sections });
  for (const text of ["The template took the address of the order before", "Nothing compared the names"]) {
    await allclear.api("POST", `/incidents/${id}/postmortem/factors`, { text });
  }
  await allclear.api("POST", `/incidents/${id}/postmortem`, { do: "submit" });
  await ben("POST", `/incidents/${id}/postmortem`, { do: "publish" });
  const { versions } = await allclear.api("GET", `/incidents/${id}/postmortem`);
  const mitigate = versions[0].body.totals.find((one) => one.measure === "mitigate");
  assert.equal(mitigate.seconds, 31 * 60);
});

test("a waiver is named, and listed", async (t) => {
  const { allclear, ben, browser } = await start(t);
  const { id } = await ben("POST", "/incidents", { title: "The report is late", class: "operational", severity: "SEV3" });
  await ben("POST", `/incidents/${id}/act`, { do: "resolve", why: "it is there" });
  const page = await signedInPage(browser, allclear.url, { viewport: phone });
  await page.goto(`/incidents/${id}/postmortem`);
  await page.getByText("Ask for one").click();
  await page.getByLabel("What is to be learned").fill("customers ask");
  await page.getByRole("button", { name: "Ask for it" }).click();
  await page.getByText("requested").first().waitFor();
  await look(page, "postmortem-due-phone");
  await page.locator("summary", { hasText: "Waive" }).click();
  await page.getByLabel(/Nothing is to be learned here/).fill("Customers were told in a letter, and nothing else is new.");
  await page.getByRole("button", { name: "Waive it" }).click();
  await page.getByText("waived it").waitFor();
  await page.goto("/postmortems?state=waived");
  await page.getByText("waived by ana: Customers were told in a letter").waitFor();
  await look(page, "postmortems-waived-phone");
});
