// Configuration as code: a plan says whom past pages would reach, what was set by hand is kept and told, drift is found on
// the command line, every change is a commit in a mirror, and a branch is shown before a person applies it.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import test from "node:test";
import { post, webhookBody } from "./rig/alerts.mjs";
import { startBrowser } from "./rig/browser.mjs";
import { documents, signedIn, signedInPage, startCompany } from "./rig/company.mjs";
import { ran, Rig, until } from "./rig/process.mjs";

const who = { GIT_AUTHOR_NAME: "Ana", GIT_AUTHOR_EMAIL: "a@example.test", GIT_COMMITTER_NAME: "Ana", GIT_COMMITTER_EMAIL: "a@example.test" };

test("configuration: what if, kept by hand, drift, mirror and source", async (t) => {
  const rig = await Rig.start(t);
  const origin = rig.file("origin");
  const git = (folder, ...words) => ran("git", ["-C", folder, ...words], { env: who });
  await ran("git", ["init", "--quiet", "--initial-branch=main", origin]);
  const commit = async (text, message) => {
    await writeFile(`${origin}/company.yaml`, text);
    await git(origin, "add", "company.yaml");
    await git(origin, "commit", "--quiet", "-m", message);
  };
  const files = documents({ wait: "2s" });
  await commit(files, "The company");
  // Nobody is written to here; but people must be reached by what there is.
  const mail = ["--smtp", "smtp://localhost:25?tls=none"];
  const mirror = rig.file("mirror.git");
  const allclear = await startCompany(rig, { wait: "2s", args: ["--git-mirror", mirror, "--git-source", origin, ...mail] });
  const ana = await signedIn(allclear);
  const file = rig.file("company.yaml");
  const log = async () => (await git(mirror, "log", "--format=%an|%s", "main")).trim().split("\n");

  await t.test("a plan says whom the pages of the last days would reach", async () => {
    const fired = webhookBody([{ labels: { alertname: "CardsFail", service: "payments" } }]);
    const { status, text } = await post(`${allclear.url}/in/prometheus/alertmanager`, allclear.integrationToken, fired);
    assert.equal(status, 200, text);
    await until("the page", async () => (await allclear.api("GET", "/pages?state=all")).items.length > 0);
    const changed = files.replace("notify: [{schedule: payments-primary}]", "notify: [{person: ben}]");
    assert.notEqual(changed, files);
    const other = rig.file("other.yaml");
    await writeFile(other, changed);
    const planned = await allclear.cli("plan", "-f", other, "--days", "7");
    assert.equal(planned.code, 2, planned.stderr);
    assert.match(planned.stdout, /what if 1 of 1 page of the last 7 days changes recipient/);
    assert.match(planned.stdout, /CardsFail.* tells ben instead of ana/);
    assert.match(planned.stdout, /coverage Proven: /);
    assert.equal((await allclear.cli("plan", "-f", other, "--check")).code, 2);
    await writeFile(other, files.replace("title: Card payments", "title: Cards"));
    assert.equal((await allclear.cli("plan", "-f", other)).code, 2);
    assert.equal((await allclear.cli("plan", "-f", other, "--check")).code, 0, "nobody would notice");
    const yaml = /kind: escalation-policy[\s\S]*?(?=\n---)/.exec(changed)[0];
    const page = await ana.press(await ana.get("/documents/escalation-policy/payments/edit"), /show what it would do/i, { yaml });
    assert.match(page.text, /1 of 1 page of the last 30 days changes recipient/);
  });

  await t.test("what is set by hand is kept, told as drift, and overwritten only in words", async () => {
    assert.equal((await allclear.cli("drift", "-f", file)).code, 0);
    const yaml = "kind: team\nname: payments\nspec: {title: Money, members: [ana, ben]}\n";
    const plan = await ana.press(await ana.get("/documents/team/payments/edit"), /show what it would do/i, { yaml });
    await ana.press(plan, /^apply$/i, { reason: "we do refunds too" });
    const drift = await allclear.cli("drift", "-f", file);
    assert.equal(drift.code, 2, drift.stderr);
    assert.match(drift.stdout, /team\/payments:\/title: Money here, Payments in files; set by ana \(page\).*we do refunds too/);
    assert.match((await ana.get("/documents/drift")).text, /Money here, Payments in files/);
    const kept = await allclear.cli("apply", "-f", file, "--yes");
    assert.equal(kept.code, 0, kept.stderr);
    assert.match(kept.stdout, /1 field was set by hand and stays as it is/);
    assert.equal((await allclear.api("GET", "/documents/team/payments")).spec.title, "Money");
    const taken = await allclear.cli("apply", "-f", file, "--yes", "--take", "team/payments:/title", "--reason", "as agreed");
    assert.equal(taken.code, 0, taken.stderr);
    assert.equal((await allclear.api("GET", "/documents/team/payments")).spec.title, "Payments");
    assert.equal((await allclear.cli("drift", "-f", file)).code, 0);
  });

  await t.test("every change is a commit in the mirror, once, also after a kill", async () => {
    const commits = await until("the mirror", async () => {
      const commits = await log();
      return commits[0] === "Ana Silva|as agreed" && commits;
    });
    assert.equal(commits[1], "Ana Silva|we do refunds too");
    allclear.program.kill("SIGKILL");
    await allclear.program.ended;
    await allclear.start();
    await allclear.api("POST", "/documents/team/payments/rollback", { to: 2, reason: "a rollback" });
    const after = await until("the commit", async () => (await log()).length > commits.length && log());
    assert.deepEqual(after, ["Ana Silva|a rollback", ...commits]);
    const clone = rig.file("clone");
    await ran("git", ["clone", "--quiet", mirror, clone]);
    const person = await readFile(`${clone}/person/ana.yaml`, "utf8");
    assert.match(person, /a…@example\.test/);
    assert.doesNotMatch(await git(mirror, "log", "-p", "main"), /ana@example\.test/, "no address");
  });

  await t.test("a branch is shown, and applied by a person", async () => {
    await commit(files.replace("title: Card payments", "title: Cards and wallets"), "Wallets");
    await allclear.api("POST", "/documents/source");
    const line = await until("the line", async () => {
      const page = await ana.get("/documents");
      return /main at [0-9a-f]{7} would change 1 document/.test(page.text) && page;
    });
    assert.ok(line);
    const page = await ana.get("/documents/source");
    assert.match(page.text, /Wallets/);
    const applied = await ana.press(page, /^apply$/i, { reason: "wallets come" });
    assert.equal(applied.path, "/documents");
    assert.equal((await allclear.api("GET", "/documents/service/payments")).spec.title, "Cards and wallets");
    assert.doesNotMatch((await ana.get("/documents")).text, /would change/);
    assert.match((await allclear.api("GET", "/documents/service/payments/history")).items[0].changeset.reason, /^wallets come \(main at /);
    const changes = await ana.get("/documents/changes?service=payments&hours=1");
    assert.match(changes.text, /service\/payments/);
    const back = await ana.press(changes, /take it back/i, {});
    assert.match(back.text, /This is what would happen/);
  });

  await t.test("a branch is proposed, and a push while that is open is its next revision", async () => {
    const push = async (title) => {
      await commit(files.replace("title: Card payments", `title: ${title}`), title);
      await allclear.api("POST", "/documents/source");
    };
    await push("Cards only");
    const page = await until("the branch", async () => {
      const page = await ana.get("/documents/source");
      return /Cards only/.test(page.text) && page;
    });
    const proposed = await ana.press(page, /propose for review/i, { reason: "wallets go" });
    assert.match(proposed.path, /^\/changes\/cng_/);
    assert.match(proposed.text, /follows the branch main/);
    const id = proposed.path.split("/").at(-1);
    await push("Cards alone");
    await until("the next revision", async () => (await allclear.api("GET", `/changes/${id}`)).change.revision === 2);
    const { plan, branch } = await allclear.api("GET", `/changes/${id}/documents`);
    assert.equal(branch, "main");
    assert.match(JSON.stringify(plan.changes), /Cards alone/);
    assert.match((await ana.get("/documents/source")).text, /It is proposed as/);
  });

  await t.test("the pages fit a phone", async () => {
    const browser = await startBrowser(rig);
    const page = await signedInPage(browser, allclear.url, { viewport: { width: 360, height: 740 } });
    for (const path of ["/documents", "/documents/source", "/documents/drift", "/documents/changes?service=payments", "/documents/team/payments"]) {
      await page.goto(path);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wide <= 0, `${path} is ${wide} px too wide`);
    }
  });
});
