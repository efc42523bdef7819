// What customers read: derived from the postmortem inside, looked through, published by another, told by mail, served from a folder, and
// corrected in public, where the version before stays.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { desktop, look, openPage, phone, startBrowser } from "./rig/browser.mjs";
import { documents, signedInPage, startCompany } from "./rig/company.mjs";
import { startMailServer } from "./rig/mail.mjs";
import { Rig, until } from "./rig/process.mjs";

const page = `---
kind: person
name: carla
spec: {full_name: Carla Diaz, email: carla@example.test, access: responder}
---
kind: status-page
name: main
spec:
  title: Example Shop status
  groups: [{components: [{name: checkout, title: Checkout, services: [payments]}]}]
`;

/** The file, once it says this. */
const says = (file, text) =>
  until(`${file} says ${text}`, async () => {
    const found = await readFile(file, "utf8").catch(() => "");
    return text.test(found) ? found : undefined;
  });

test("customers read what was learned, and what of it was corrected", async (t) => {
  const rig = await Rig.start(t);
  const mail = await startMailServer(rig);
  const folder = rig.file("public");
  const allclear = await startCompany(rig, { mail, documents: documents() + page, others: ["ben", "carla"], args: ["--publish-status", folder] });
  const by = (token) => (method, where, body) => allclear.api(method, where, body, { authorization: `Bearer ${token}` });
  const [ben, carla] = [by(allclear.tokens.ben), by(allclear.tokens.carla)];
  const browser = await startBrowser(rig);

  // A reader subscribes, and says so from the mail.
  const reader = await openPage(browser, { url: allclear.url });
  await reader.goto("/status/subscribe");
  await reader.getByLabel(/mail/i).first().fill("reader@example.test");
  await reader.getByRole("button", { name: /Subscribe/ }).first().click();
  const asked = await mail.mail("that the address is asked", (one) => /Confirm/.test(one.subject));
  await reader.goto(asked.text.match(/https?:\S+subscriptions\S+/)[0]);
  await reader.getByRole("button").first().click();

  const { id } = await ben("POST", "/incidents", { title: "Card payments fail", class: "system", severity: "SEV1", services: ["payments"] });
  await ben("POST", `/incidents/${id}/act`, { do: "resolve", why: "payments work again" });
  const judged = await ben("GET", `/incidents/${id}/postmortem`);
  const words = "A pool of connections at Acme Hosting ran full on db-2, see OPS-12.\n\n- 1,204 payments failed";
  await ben("POST", `/incidents/${id}/postmortem/sections`, { sections: judged.form_sections.map((section) => ({ section, text: words })) });
  for (const text of ["The pool has no limit", "Nothing tried a release with two pools"]) await ben("POST", `/incidents/${id}/postmortem/factors`, { text });
  await ben("POST", `/incidents/${id}/postmortem`, { do: "submit" });
  await carla("POST", `/incidents/${id}/postmortem`, { do: "publish" });
  const item = await ben("POST", `/incidents/${id}/action-items`, {
    title: "Add a limit to the pool of connections", bound: "the 1001st connection is refused", owner: "ben", kind: "prevent", check: { by: "manual" },
  });

  // Ana prepares it, at a phone's width without JavaScript.
  const plain = await signedInPage(browser, allclear.url, { viewport: phone, javaScriptEnabled: false });
  await plain.goto(`/incidents/${id}/postmortem`);
  await plain.getByRole("link", { name: "For customers" }).click();
  await plain.getByLabel("What customers call it").fill("Card payments failed");
  await plain.getByLabel(/The first lines/).fill("We are **sorry**: for 27 minutes you could not pay by card.");
  await plain.getByLabel("Words", { exact: true }).first().fill("Acme Hosting");
  await plain.getByLabel("Why", { exact: true }).first().selectOption("vendor");
  await plain.getByLabel(/Instead/).first().fill("our host");
  await plain.getByLabel("Words", { exact: true }).nth(1).fill("db-2");
  await plain.getByLabel("Add a limit to the pool").check();
  await plain.getByRole("button", { name: "Save and look" }).click();
  await plain.getByText("Saved: this is what").waitFor();
  await plain.getByLabel("Why OPS-12 may stay").fill("customers have this number");
  await plain.getByRole("button", { name: "It may stay" }).click();
  await plain.getByText("all answered").waitFor();
  await plain.getByText("You prepared it").waitFor();

  const desk = await signedInPage(browser, allclear.url, { viewport: desktop });
  await desk.goto(`/incidents/${id}/customer-postmortem`);
  await desk.locator("del", { hasText: "Acme Hosting" }).first().waitFor();
  await look(desk, "customer-postmortem-desktop");
  const narrow = await signedInPage(browser, allclear.url, { viewport: phone });
  await narrow.goto(`/incidents/${id}/customer-postmortem`);
  await look(narrow, "customer-postmortem-phone");

  const where = `/incidents/${id}/customer-postmortem`;
  const seen = await carla("GET", where);
  await assert.rejects(carla("POST", where, { do: "publish", revision: seen.revision - 1 }), /409/);
  const out = await carla("POST", where, { do: "publish", revision: seen.revision });
  const told = await mail.mail("that the reader is told", (one) => /Postmortem/.test(one.subject) && one.to.includes("reader@example.test"));
  assert.match(told.text, /our host/);
  assert.doesNotMatch(told.text, /Acme|db-2/);

  const public_ = new URL(out.public_url).pathname;
  await reader.goto(public_);
  await reader.getByText("0 of 1 done").waitFor();
  await look(reader, "status-report");
  const file = path.join(folder, public_, "index.html");
  await says(file, /0 of 1 done/);

  // What was promised is shown as it stands.
  await ben("POST", `/action-items/${item.id}`, { do: "done" });
  await says(file, /1 of 1 done/);

  // It was not so: the correction says what and why, and the version before stays.
  const { plan, revision } = out;
  await ben("POST", where, { do: "prepare", revision, plan: { ...plan, blocks: ["impact"], correction: "It was 1,240 payments: some were not counted." } });
  await carla("POST", where, { do: "publish", revision: revision + 1 });
  const corrected = await says(file, /Corrections/);
  assert.match(corrected, /It was 1,240 payments/);
  assert.match(await says(path.join(folder, public_, "1", "index.html"), /It was corrected/), /<h2>Summary<\/h2>/);
});
