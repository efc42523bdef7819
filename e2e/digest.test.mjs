// The weekly digest in a mailbox: each line opens its record, it holds only what its reader may see, and it can be ended from the mail.
import assert from "node:assert/strict";
import test from "node:test";
import { desktop, look, openPage, phone, startBrowser } from "./rig/browser.mjs";
import { signedInPage, startCompany } from "./rig/company.mjs";
import { startMailServer } from "./rig/mail.mjs";
import { Rig, until } from "./rig/process.mjs";

test("a digest reaches a mailbox, its lines open, and whoever wants no more of them gets none", async (t) => {
  const rig = await Rig.start(t);
  const mail = await startMailServer(rig);
  const allclear = await startCompany(rig, { mail, wait: "10m", others: ["ben"] });
  const ben = (method, where, body) => allclear.api(method, where, body, { authorization: `Bearer ${allclear.tokens.ben}` });
  const owed = async (by, title, owner, more) => {
    const incident = await by("POST", "/incidents", { title: "Card payments fail", class: "system", services: ["payments"], ...more });
    const due_at = new Date(Date.now() + 1500).toISOString();
    return by("POST", `/incidents/${incident.id}/action-items`, { title, bound: "a test with 1001 is refused", owner, kind: "prevent", due_at });
  };
  const theirs = await owed(ben, "Limit <i>the queue</i> to 1000", "ben");
  const other = await owed(ben, "Add a runbook for the replica", "ana");
  const secret = await owed(ben, "Rotate the keys by themselves", "ben", { class: "security", visibility: "restricted" });
  await until("them to be overdue", async () => (await ben("GET", "/action-items?overdue=true")).items.length === 3);

  const browser = await startBrowser(rig);
  const page = await signedInPage(browser, allclear.url);
  await page.goto("/me/digest");
  await page.getByRole("button", { name: "Send it to me now" }).click();
  const sent = await mail.mail("the digest", (one) => one.to.includes("ana@example.test") && /Your week/.test(one.subject));
  assert.equal(sent.subject, "Your week: 2 overdue");
  for (const part of [sent.text, sent.html]) {
    assert.ok(part.includes(`/action-items/${theirs.id}`) && part.includes(`/action-items/${other.id}`), part);
    assert.ok(!part.includes(secret.id) && !part.includes("Rotate"), "what is restricted is not there");
  }
  assert.match(sent.text, /What is overdue\n\n- /);
  assert.ok(sent.html.includes("Limit &lt;i&gt;the queue&lt;/i&gt;"), "what others wrote is text");

  // As a mail program shows it; and every link leads somewhere.
  for (const [name, viewport] of Object.entries({ desktop, phone })) {
    const shown = await openPage(browser, { url: allclear.url, viewport });
    await shown.setContent(sent.html);
    await look(shown, `digest-mail-${name}`, ["color-contrast", "link-name", "list", "heading-order"]);
    await shown.context().close();
  }
  assert.ok(sent.links.length >= 3, sent.links.join(" "));
  for (const link of sent.links) {
    const answer = await page.goto(new URL(link).pathname);
    assert.equal(answer.status(), 200, link);
  }

  // Not any more: the link at its end leads to the button that does it.
  await page.goto(new URL(sent.links.find((link) => link.endsWith("/me/digest"))).pathname);
  await page.getByRole("button", { name: "Do not send it any more" }).click();
  await page.getByText("You do not want it: it is not sent.").waitFor();
  assert.equal((await allclear.api("GET", "/me/digest")).wanted, false);
  assert.equal((await mail.mails()).filter((one) => /Your week/.test(one.subject)).length, 1);
});
