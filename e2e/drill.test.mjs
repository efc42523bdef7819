// A drill is played against a server that knows nothing of it, and says what it is wherever it is named; and a made-up company is
// there to look around in.
import assert from "node:assert/strict";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import test from "node:test";
import { binary, startAllclear } from "./rig/allclear.mjs";
import { desktop, look, openPage, phone, startBrowser } from "./rig/browser.mjs";
import { signedInPage, startCompany } from "./rig/company.mjs";
import { startMailServer } from "./rig/mail.mjs";
import { Rig, ran, run } from "./rig/process.mjs";

const example = new URL("../docs/examples/wrong-invoices.json", import.meta.url).pathname;
const widths = { desktop, phone };

test("a drill is played, pages, is marked everywhere, and its checks are told", async (t) => {
  const rig = await Rig.start(t);
  const mail = await startMailServer(rig);
  const allclear = await startCompany(rig, { mail, wait: "10m" });

  const played = await allclear.cli("drill", "run", example, "--speed", "max", "--service", "payments");
  assert.equal(played.code, 0, played.stdout + played.stderr);
  assert.match(played.stdout, /time_to_mitigate_min +31 +31 +equal/);
  assert.match(played.stdout, /gdpr authority due +2026-03-07 09:40:00Z +2026-03-07 09:40:00Z +equal/);
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
