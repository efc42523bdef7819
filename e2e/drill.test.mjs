// A drill is played against a server that knows nothing of it, and says what it is wherever it is named; and a made-up company is
// there to look around in.
import assert from "node:assert/strict";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import test from "node:test";
import { binary, startAllclear } from "./rig/allclear.mjs";
import { desktop, look, openPage, phone, startBrowser } from "./rig/browser.mjs";
import { documents, signedInPage, startCompany } from "./rig/company.mjs";
import { startMailServer } from "./rig/mail.mjs";
import { Rig, ran, run } from "./rig/process.mjs";

const example = new URL("../docs/examples/wrong-invoices.json", import.meta.url).pathname;
const widths = { desktop, phone };
const runbook = `---
kind: runbook
name: stand-still
spec: { title: It stands still, services: [payments], text: Look at the queue first. }
`;

test("a drill is played, pages, is marked everywhere, and its checks are told", async (t) => {
  const rig = await Rig.start(t);
  const mail = await startMailServer(rig);
  const allclear = await startCompany(rig, { mail, wait: "10m" });

  const played = await allclear.cli("drill", "run", example, "--speed", "max", "--service", "payments");
  assert.equal(played.code, 0, played.stdout + played.stderr);
  assert.match(played.stdout, /time_to_mitigate_min +31 +31 +equal/);
  assert.match(played.stdout, /gdpr authority due +2026-03-07 09:40:00Z +2026-03-07 09:40:00Z +equal/);
  assert.match(played.stdout, /taken_back +taken_back +default\/taken-back +fires/);
  assert.match(played.stdout, /the wrong people read something +none +none +look yourselves/);
  assert.match(played.stdout, /Every check holds\./);
  const [incident] = (await allclear.api("GET", "/incidents?state=all&drill=true")).items;
  assert.equal((await allclear.api("GET", "/incidents?state=all&drill=false")).items.length, 0);
  assert.match(await allclear.told("incident", "list", "--all"), /DRILL: Invoices go to the wrong customers/);

  // Whoever was paged read at once what it is.
  const message = await mail.mail("a page of the drill", (one) => /^DRILL: /.test(one.subject));
  assert.match(message.text, /DRILL\. This is an exercise\./);

  // Nothing of it is said in public.
  const said = { audience: "public", stage: "investigating", text: "Invoices are wrong" };
  await assert.rejects(allclear.api("POST", `/incidents/${incident.id}/updates`, said), /409.*a drill says nothing in public/);

  const browser = await startBrowser(rig);
  for (const [name, viewport] of Object.entries(widths)) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await signedInPage(browser, allclear.url, { viewport, colorScheme });
      await page.goto("/incidents?tab=all");
      await page.locator("#rows .badge-drill", { hasText: "DRILL" }).waitFor();
      await look(page, `drill-list-${name}-${colorScheme}`);
      await page.goto(`/incidents/${incident.id}`);
      await page.locator(".room-head .badge-drill", { hasText: "DRILL" }).waitFor();
      await page.getByText("This is a drill.").waitFor();
      assert.match(await page.title(), /^DRILL: /);
      await look(page, `drill-room-${name}-${colorScheme}`);
      await page.context().close();
    }
  }

  // A file whose checks do not hold, and one that is wrong.
  const file = JSON.parse(await readFile(example, "utf8"));
  file.expected.timestamps.acknowledged = "2026-03-04T09:14:00Z";
  const other = rig.file("other.json");
  await writeFile(other, JSON.stringify(file));
  const differs = await allclear.cli("drill", "run", other, "--speed", "max");
  assert.equal(differs.code, 1);
  assert.match(differs.stdout, /acknowledged +2026-03-04 09:14Z +2026-03-04 09:15Z +DIFFERS/);
  file.events[3].kind = "aknowledgement";
  await writeFile(other, JSON.stringify(file));
  const wrong = await allclear.cli("drill", "check", other);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /\/events\/3\/kind: there is no kind "aknowledgement" \(did you mean "acknowledgement"\?\)/);
});

test("a drill that is stopped leaves nobody being called, and says what stays", async (t) => {
  const rig = await Rig.start(t);
  const allclear = await startCompany(rig, { wait: "10m" });
  const env = { ALLCLEAR_URL: allclear.url, ALLCLEAR_TOKEN: allclear.token };
  // The alert comes after two seconds and is over two seconds later: it is stopped while it fires.
  const drill = rig.spawn("drill", binary, ["drill", "run", example, "--speed", "600", "--service", "payments"], { env });
  let alerts = [];
  for (let n = 0; n < 200 && alerts.length === 0; n += 1) {
    await new Promise((done) => setTimeout(done, 100));
    alerts = (await allclear.api("GET", "/alerts")).items;
  }
  assert.match(alerts[0].summary, /^DRILL: /);
  const { code } = await drill.kill("SIGINT");
  assert.equal(code, 1);
  assert.match(await drill.log(), /Stopped after \d+ of 10 events.*\n.*allclear incident resolve inc_/);
  assert.deepEqual((await allclear.api("GET", "/alerts")).items, []);
  const [open] = (await allclear.api("GET", "/incidents?drill=true")).items;
  assert.equal(open.phase, "active");
});

test("a company is made up in an empty directory, and looked around in", async (t) => {
  const rig = await Rig.start(t);
  const data = rig.file("demo");
  const made = JSON.parse(await ran(binary, ["demo", "--data", data, "--json"]));
  assert.ok(made.incidents >= 25 && made.people === 8, JSON.stringify(made));
  const again = await run(binary, ["demo", "--data", data]);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /has a database already/);
  const full = rig.file("full");
  await mkdir(full);
  await writeFile(`${full}/thesis.txt`, "years of work");
  assert.equal((await run(binary, ["demo", "--data", full])).code, 1);
  assert.deepEqual(await readdir(full), ["thesis.txt"]);

  const allclear = await startAllclear(rig, { data });
  const browser = await startBrowser(rig);
  for (const [name, viewport] of Object.entries(widths)) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await openPage(browser, { url: allclear.url, viewport, colorScheme });
      await page.goto("/sign-in");
      await page.getByLabel(/e-?mail/i).fill(made.sign_in);
      await page.getByLabel(/password/i).fill(made.password);
      await page.getByRole("button", { name: /sign in/i }).click();
      await page.waitForURL((url) => url.pathname !== "/sign-in");
      await look(page, `demo-home-${name}-${colorScheme}`);
      await page.goto("/incidents?tab=all");
      await page.locator("#rows", { hasText: "DRILL" }).waitFor();
      await look(page, `demo-incidents-${name}-${colorScheme}`);
      await page.goto("/incidents");
      await page.locator("#rows a", { hasText: "Refunds fail for one card brand" }).click();
      await page.waitForURL(/incidents\/inc_/);
      await page.getByText("Mara Lindqvist commands").waitFor();
      await look(page, `demo-room-${name}-${colorScheme}`);
      await page.goto("/status");
      await page.getByText("Refunds are late for one card brand").first().waitFor();
      await look(page, `demo-status-${name}-${colorScheme}`);
      await page.context().close();
    }
  }
});

// Each file of this folder goes the same way as our own example.
const others = process.env.ALLCLEAR_TEST_DRILLS;
const files = [example];
if (others) files.push(...(await readdir(others)).filter((name) => name.endsWith(".json")).sort().map((name) => `${others}/${name}`));

for (const path of files) {
  test(`a drill goes the whole way until it is published: ${path.split("/").pop()}`, async (t) => {
    const file = JSON.parse(await readFile(path, "utf8"));
    const rig = await Rig.start(t);
    const allclear = await startCompany(rig, { wait: "10m", documents: documents() + runbook, others: ["ben"] });
    const ben = (method, where, body) => allclear.api(method, where, body, { authorization: `Bearer ${allclear.tokens.ben}` });
    // It takes some seconds, so that people can take part: somebody leads and contains it, goes by a runbook, tells those inside.
    const [first, last] = [file.events[0], file.events.at(-1)].map((one) => Date.parse(one.t));
    const speed = String(Math.max(1, Math.round((last - first) / 10_000)));
    const env = { ALLCLEAR_URL: allclear.url, ALLCLEAR_TOKEN: allclear.token };
    const drill = rig.spawn("drill", binary, ["drill", "run", path, "--speed", speed, "--service", "payments"], { env });
    let id;
    for (let n = 0; n < 100 && !id; n += 1) {
      await new Promise((done) => setTimeout(done, 100));
      id = (await allclear.api("GET", "/incidents?state=all&drill=true")).items[0]?.id;
    }
    await allclear.api("POST", `/incidents/${id}/roles`, { do: "offer", role: "incident-commander", person: "ana" });
    await allclear.api("POST", `/incidents/${id}/act`, { do: "begin", activity: "containment" });
    await allclear.api("POST", `/incidents/${id}/updates`, { audience: "internal", text: "We practise, and contain it" });
    await allclear.api("POST", `/incidents/${id}/entries`, { sort: "action", text: "We went by the runbook", followed: ["runbook/stand-still"] });
    await allclear.api("POST", `/incidents/${id}/act`, { do: "end", activity: "containment" });
    const impact = file.events.find((one) => one.kind === "impact").text;
    for (let n = 0; n < 200 && !(await drill.log()).includes(impact.slice(0, 60)); n += 1) {
      await new Promise((done) => setTimeout(done, 100));
    }
    await new Promise((done) => setTimeout(done, 500));
    await allclear.api("POST", `/incidents/${id}/entries`, { sort: "observation", text: impact });
    const { code } = await drill.ended;
    const said = await drill.log();
    assert.equal(code, 0, said);
    t.diagnostic(said.slice(said.indexOf("CHECK ")));
    const { phase, commander } = await allclear.api("GET", `/incidents/${id}`);
    assert.deepEqual([phase, commander], ["resolved", "ana"]);
    const runbookOf = await allclear.api("GET", "/documents/runbook/stand-still");
    assert.equal(runbookOf.rehearsed.drill, id);

    // Its sheet names what was there; what Ana wrote was taken in, and the rest was missed.
    const sheet = await allclear.api("GET", `/incidents/${id}/score-sheet`);
    const there = sheet.evidence.map((one) => one.says).join("\n");
    assert.match(there, /^named after /m);
    assert.match(there, /^missed: /m);
    assert.equal(sheet.lines.find((one) => one.title === "Time to a commander").drill === "not on record", false);
    t.diagnostic(there);

    // The policies said why it is learned from; then it is written, and read by somebody else.
    const judged = await allclear.api("GET", `/incidents/${id}/postmortem`);
    assert.equal(judged.effect, "recommended", "nobody is chased for a drill");
    assert.ok(judged.reasons.length > 0);
    const draft = await allclear.api("GET", `/incidents/${id}/draft`);
    assert.ok(draft.sections.length > 0);
    const sections = judged.form_sections.map((section) => ({ section, text: "What was practised, and what was hard." }));
    await allclear.api("POST", `/incidents/${id}/postmortem/sections`, { sections });
    for (const text of ["Nothing compared what left with what came in", "The way back was rehearsed by nobody"]) {
      await allclear.api("POST", `/incidents/${id}/postmortem/factors`, { text });
    }
    const item = await allclear.api("POST", `/incidents/${id}/action-items`, {
      title: "Compare what leaves with what came in", bound: "a wrong name is refused", owner: "ana", kind: "prevent", check: { by: "manual" },
    });
    await allclear.api("POST", `/action-items/${item.id}`, { do: "done", said: "it is refused" });
    const held = await ben("POST", `/action-items/${item.id}`, { do: "confirm", seen: "a wrong name was refused before my eyes" });
    assert.equal(held.state, "verified");
    await allclear.api("POST", `/incidents/${id}/postmortem`, { do: "submit" });
    await ben("POST", `/incidents/${id}/postmortem`, { do: "publish" });

    // What was published has the minutes of the file, and the clocks are due when the file says.
    const { state, versions } = await allclear.api("GET", `/incidents/${id}/postmortem`);
    assert.equal(state, "published");
    const { totals } = versions[0].body;
    const found = await allclear.api("GET", `/incidents/${id}`);
    for (const [name, minutes] of Object.entries(file.expected.derived_minutes)) {
      const measure = { time_to_detect_min: "detect", time_to_acknowledge_min: "acknowledge", time_to_declare_min: "declare", time_to_contain_min: "contain", time_to_mitigate_min: "mitigate", time_to_recover_min: "recover", time_to_resolve_min: "resolve" }[name];
      if (!measure) continue;
      const total = totals.find((one) => one.measure === measure);
      assert.ok(total, `${name} is in the ledger: ${JSON.stringify(totals)}`);
      assert.equal(total.seconds, minutes * 60, `${name} in the ledger`);
      assert.equal(found.measures.find((one) => one.measure === measure).seconds, minutes * 60, name);
      t.diagnostic(`${name}: ${minutes} in the file, ${total.seconds / 60} in what was published`);
    }
    const owed = await allclear.api("GET", `/incidents/${id}/obligations`);
    for (const { pack, clock, due_at } of file.expected.clocks ?? []) {
      const running = owed.regimes.find((one) => one.pack === pack).clocks.find((one) => one.clock === clock);
      assert.equal(Date.parse(running.due_at), Date.parse(due_at), `${pack} ${clock}`);
      t.diagnostic(`${pack} ${clock}: ${due_at} in the file, ${running.due_at} here`);
    }

    // What was played is written again as it was.
    const again = JSON.parse(await allclear.told("drill", "from-incident", id));
    assert.deepEqual(again.events.map((one) => one.text), file.events.map((one) => one.text));
    assert.doesNotMatch(JSON.stringify(again), /Ana Silva|Ben Okafor/);

    if (path !== example) return;
    const browser = await startBrowser(rig);
    for (const [name, viewport] of Object.entries(widths)) {
      for (const colorScheme of ["light", "dark"]) {
        const page = await signedInPage(browser, allclear.url, { viewport, colorScheme });
        await page.goto(`/incidents/${id}/score-sheet`);
        await page.getByRole("heading", { name: "What was there" }).waitFor();
        await look(page, `score-sheet-${name}-${colorScheme}`);
        await page.goto("/runbooks/stand-still");
        await page.getByText("Last rehearsed").waitFor();
        await look(page, `runbook-rehearsed-${name}-${colorScheme}`);
        await page.goto(`/incidents/${id}`);
        await page.locator("#runbooks").waitFor();
        await look(page, `runbook-in-room-${name}-${colorScheme}`);
        await page.context().close();
      }
    }
  });
}
