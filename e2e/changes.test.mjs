// Changes as people make them: proposed in the form by keyboard, approved by somebody else, begun and finished; what a freeze says;
// the calendar with its feed; and the gate from a pipeline.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import test from "node:test";
import { binary } from "./rig/allclear.mjs";
import { desktop, look, phone, startBrowser } from "./rig/browser.mjs";
import { signedInPage, startCompany } from "./rig/company.mjs";
import { Rig, until } from "./rig/process.mjs";

async function start(t) {
  const rig = await Rig.start(t);
  const allclear = await startCompany(rig, { others: ["ben"] });
  const put = (kind, name, spec) => allclear.api("PUT", `/documents/${kind}/${name}`, { kind, name, spec });
  await put("runbook", "undo", { title: "Undo a deployment", text: "Do it backwards.", services: ["payments"] });
  const ben = allclear.tokens.ben;
  /** The API as Ben. */
  const asBen = async (path, body) => {
    const answer = await fetch(`${allclear.url}/api/v1${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${ben}`, "content-type": "application/json" },
      body: JSON.stringify(body ?? {}),
    });
    assert.ok(answer.ok, `${path}: ${await answer.clone().text()}`);
    return answer.json();
  };
  return { rig, allclear, put, asBen, browser: await startBrowser(rig) };
}

test("a change from the form to its end, by keyboard; its author never approves", async (t) => {
  const { allclear, asBen, browser } = await start(t);
  const page = await signedInPage(browser, allclear.url);
  await page.goto("/changes");
  await look(page, "changes-empty-desktop");
  await page.keyboard.press("p");
  await page.waitForURL(/changes\/new/);
  const type = async (label, text) => {
    await page.getByLabel(label, { exact: true }).first().focus();
    await page.keyboard.type(text);
  };
  await type("What is changed?", "Checkout 4.2");
  await type("Why?", "Paying takes half the time");
  await page.getByLabel("Service", { exact: true }).first().selectOption("payments");
  await type("Environment", "live");
  await type("Step 1", "Deploy to one of five");
  await page.locator("#step-minutes-1").fill("5");
  await page.getByLabel(/What shows that it worked/).fill("Payments go through");
  // Kept unfinished: its page says what it lacks, and leads to where it is said.
  await page.keyboard.press("Enter").catch(() => {});
  if (page.url().endsWith("/new")) await page.getByRole("button", { name: "Propose it" }).press("Enter");
  await page.waitForURL(/changes\/cng_/);
  await page.getByText("Missing before it is approved").waitFor();
  await look(page, "change-draft-desktop");
  await page.keyboard.press("e");
  await page.waitForURL(/edit/);
  await page.getByRole("radio", { name: /By hand, by a runbook/ }).press("Space");
  assert.equal(await page.getByLabel("Which flag?").isVisible(), false, "only the fields of that way");
  await page.getByLabel("By which runbook?").selectOption("undo");
  await page.getByLabel("Who answers for it?").selectOption("ana");
  await page.getByLabel("Minutes it takes").fill("10");
  await page.locator("#abort-1").fill("errors over 2 of 100");
  await page.locator("#abort-2").waitFor(); // another row, below the last that was filled in
  await page.locator("#abort-minutes-1").fill("3");
  await page.getByLabel(/What shows that taking it back worked/).fill("Payments go through");
  await look(page, "change-edit-desktop");
  await page.getByRole("button", { name: "Save it" }).press("Enter");
  await page.waitForURL(/changes\/cng_[^/]*$/);
  const id = page.url().split("/").at(-1);
  await page.getByText("You wrote it, or a part of it: somebody else approves it.").waitFor();
  assert.equal(await page.getByRole("button", { name: /Approve/ }).count(), 0);
  await asBen(`/changes/${id}/approve`, { revision: 2 });
  await page.reload();
  await page.keyboard.press("b"); // begin
  await page.getByText("It goes on from now").waitFor();
  await page.keyboard.press("f"); // finished
  await page.getByText("It is finished").waitFor();
  await look(page, "change-finished-desktop");
  const sheet = await allclear.api("GET", `/changes/${id}`);
  assert.equal(sheet.change.state, "finished");
  assert.deepEqual(sheet.stages.map((one) => one.stage), ["began", "finished"]);

  // It is taken back from its own page, by hand, and that stands there.
  await page.goto(`/changes/${id}`);
  await page.keyboard.press("r");
  await page.getByText("Could it run now?").waitFor();
  await look(page, "change-rollback-desktop");
  await page.getByLabel("Why", { exact: true }).fill("half of the payments fail");
  // The business stops without what it touches: a second person says yes.
  await page.getByRole("button", { name: "Ask for it" }).click();
  await page.getByText("A second person is asked").waitFor();
  const [run] = (await allclear.api("GET", `/changes/${id}`)).rollbacks;
  await asBen(`/rollbacks/${run.id}`, { do: "confirm" });
  await page.reload();
  await page.getByLabel("What came of it").fill("4.1 is live again");
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByText("It is noted").waitFor();
  assert.match(await page.locator("[aria-labelledby=rollbacks]").innerText(), /verdict to come|blind/);
  await look(page, "change-taken-back-desktop");

  // Ben's is approved by Ana, with one key, on a telephone too.
  const { change } = await allclear.api("GET", `/changes/${id}`);
  const { kind, why, targets, steps, rollback, verification } = change;
  const other = await asBen("/changes", { kind, title: "Checkout 4.3", why, targets, steps, rollback, verification });
  await page.goto(`/changes/${other.id}`);
  await page.keyboard.press("a");
  await page.getByText("Approved", { exact: true }).first().waitFor();
  const small = await signedInPage(browser, allclear.url, { viewport: phone, colorScheme: "dark" });
  for (const [path, name] of [["/changes?tab=all", "changes"], [`/changes/${id}`, "change"], ["/changes/new", "change-new"], ["/changes/calendar", "calendar"], ["/insights/changes", "insights-changes"], ["/insights/changes?which=done", "insights-changes-list"]]) {
    await small.goto(path);
    await look(small, `${name}-phone-dark`);
    await page.goto(path);
    await look(page, `${name}-desktop`);
  }
});

test("a freeze holds, an administrator exempts, the calendar shows it and the gate tells a pipeline", async (t) => {
  const { allclear, put, asBen, browser } = await start(t);
  const day = 24 * 3600 * 1000;
  const [from, to] = [new Date(Date.now() - day).toISOString(), new Date(Date.now() + day).toISOString()];
  await put("freeze", "sale", { title: "Black Friday", why: "most money is made", from, to, services: ["payments"], hard: true });
  const rollback = { way: { manual: { runbook: "undo" } }, owner: "ben", estimate: "10m", abort_when: [{ when: "errors", lasting: "3m" }], data: "untouched", verification: ["it answers"] };
  const { id } = await asBen("/changes", { kind: "deploy", title: "Checkout 4.2", why: "faster", targets: [{ service: "payments", environment: "live" }], steps: [{ text: "deploy", estimate: "5m" }], verification: ["it answers"], rollback });
  await allclear.api("POST", `/changes/${id}/approve`, { revision: 1 });
  const gate = (...words) => spawnSync(binary, ["change", "gate", ...words, "--url", allclear.url], { encoding: "utf8", env: { ...process.env, ALLCLEAR_TOKEN: allclear.token } });
  const held = gate(id);
  assert.equal(held.status, 3, held.stdout + held.stderr);
  assert.match(held.stdout, /freeze sale: Black Friday until .* \(an administrator may exempt\)/);
  assert.equal(gate("--service", "payments", "--kind", "deploy").status, 3);

  const page = await signedInPage(browser, allclear.url, { viewport: desktop });
  await page.goto(`/changes/${id}`);
  await page.getByText(/Black Friday until/).waitFor();
  assert.equal(await page.getByRole("button", { name: /Begin/ }).count(), 0);
  await page.getByText("Exempt it", { exact: true }).click();
  await page.getByLabel("Why it cannot wait").fill("the certificate ends tomorrow");
  await page.getByRole("button", { name: "Exempt revision 1" }).click();
  await page.getByText("It is exempted").waitFor();
  await look(page, "change-exempted-desktop");
  await until("the gate to open", async () => gate(id).status === 0);

  await page.goto("/changes");
  await page.getByText("holds now").waitFor();
  await page.goto("/changes/calendar?view=week");
  await page.getByText("Black Friday").first().waitFor();
  await look(page, "calendar-week-desktop");
  await page.getByText("Subscribe in a calendar program").click();
  const address = await page.locator("#feed").textContent();
  const feed = await fetch(new URL(new URL(address).pathname, allclear.url));
  assert.equal(feed.status, 200);
  assert.match(await feed.text(), /SUMMARY:Hard freeze: Black Friday/);
});

test("documents are proposed, approved by a second person, applied in one press and taken back; a freeze holds an edit", async (t) => {
  const { rig, allclear, put, asBen, browser } = await start(t);
  const service = (title) => ({ kind: "service", name: "payments", spec: { title, team: "payments", tier: 1, escalation_policy: "payments" } });
  const made = await asBen("/changes/documents", { title: "Cards and wallets", why: "wallets come", set: { documents: [service("Cards and wallets")] } });
  const page = await signedInPage(browser, allclear.url);
  await page.goto(`/changes/${made.id}`);
  await page.getByRole("heading", { name: "What changes" }).waitFor();
  await page.getByText("Cards and wallets").first().waitFor();
  await look(page, "change-documents-desktop");
  await page.keyboard.press("a");
  await page.getByText("Approved", { exact: true }).first().waitFor();
  await page.keyboard.press("b"); // apply
  await page.getByText("Its documents are in force").waitFor();
  await page.getByRole("heading", { name: "What was changed" }).waitFor();
  const title = async () => (await allclear.api("GET", "/documents/service/payments")).spec.title;
  assert.equal(await title(), "Cards and wallets");
  const small = await signedInPage(browser, allclear.url, { viewport: phone, colorScheme: "dark" });
  await small.goto(`/changes/${made.id}`);
  await look(small, "change-documents-phone-dark");

  // Taken back as any change, once.
  const { id: incident } = await allclear.api("POST", "/incidents", { title: "Cards fail", class: "system", severity: "SEV3", services: ["payments"] });
  const { suspects } = await allclear.api("GET", `/incidents/${incident}/suspects`);
  assert.equal(suspects.filter((one) => one.suspect === made.id).length, 1, JSON.stringify(suspects));
  // What touches a service of the first tier is taken back by two.
  const run = await asBen(`/incidents/${incident}/rollbacks`, { suspect: made.id, why: "the name confuses" });
  if (run.state === "asked") await allclear.api("POST", `/rollbacks/${run.id}`, { do: "confirm" });
  const back = async () => (await title()) !== "Cards and wallets";
  await until("the documents of before", back);
  assert.equal((await allclear.api("GET", `/changes/${made.id}`)).change.state, "rolled-back");

  // A freeze holds an edit: the plan says so in calm words, and proposes it on one press.
  const day = 24 * 3600 * 1000;
  const [from, to] = [new Date(Date.now() - day).toISOString(), new Date(Date.now() + day).toISOString()];
  await put("freeze", "sale", { title: "Black Friday", why: "most money is made", from, to, services: ["payments"] });
  const file = rig.file("held.yaml");
  await writeFile(file, `kind: service\nname: payments\nspec: {title: Wallets, team: payments, tier: 1, escalation_policy: payments}\n`);
  const held = await allclear.cli("apply", "-f", file, "--take-all", "--yes");
  assert.equal(held.code, 3, held.stdout + held.stderr);
  assert.match(held.stdout, /held .*Black Friday until .* \(a manager may let it through\)/);
  await page.goto("/documents/service/payments/edit");
  await page.getByLabel("YAML").fill("kind: service\nname: payments\nspec: {title: Wallets, team: payments, tier: 1, escalation_policy: payments}\n");
  await page.getByRole("button", { name: "Show what it would do" }).click();
  await page.getByRole("heading", { name: "Held for now" }).waitFor();
  await look(page, "plan-held-desktop");
  await page.getByLabel(/Why \(kept/).fill("wallets are all we do");
  await page.getByRole("button", { name: "Propose for review" }).click();
  await page.waitForURL(/changes\/cng_/);
  await page.getByText(/Black Friday until/).waitFor();
  await page.goto("/documents/service/payments/edit");
  await page.getByLabel("YAML").fill("kind: service\nname: payments\nspec: {title: Wallets, team: payments, tier: 1, escalation_policy: payments}\n");
  await page.getByRole("button", { name: "Show what it would do" }).click();
  await page.getByLabel(/Why \(kept/).fill("wallets are all we do");
  await page.getByLabel("Why it cannot wait").fill("the old name is forbidden from today");
  await page.getByRole("button", { name: "Apply all the same" }).click();
  await page.getByText(/Applied, as changeset/).waitFor();
  assert.equal(await title(), "Wallets");
});
