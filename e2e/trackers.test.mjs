// An action item and its issue: made once though the answer was lost, closed there and done here, reopened, closed from here, and of a
// restricted incident only with consent. GitHub and Jira are played by recorders.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { writeFile } from "node:fs/promises";
import test from "node:test";
import { desktop, look, phone, startBrowser } from "./rig/browser.mjs";
import { documents, signedInPage, startCompany } from "./rig/company.mjs";
import { Rig, until } from "./rig/process.mjs";
import { startGithub, startJira } from "./rig/trackers.mjs";

const account = "allclear@example.org";

test("an item and its issue say the same, whichever changes, and nothing there proves anything", async (t) => {
  const rig = await Rig.start(t);
  const github = await startGithub(rig, { token: "ghp_shop" });
  const jira = await startJira(rig, { account, token: "jira_ops" });
  await writeFile(rig.file("trackers"), "shop.token=ghp_shop\nshop.webhook=s3cr3t\nops.token=jira_ops\n");
  const trackers = `---
kind: tracker
name: shop
spec: {title: Issues of the shop, system: {github: {api: '${github.url}', repository: example/shop, labels: [incident]}}}
---
kind: tracker
name: ops
spec: {title: Operations, system: {jira: {url: '${jira.url}', project: OPS, account: ${account}}}}
`;
  const allclear = await startCompany(rig, { documents: documents({ wait: "10m" }) + trackers, args: ["--tracker-secrets", rig.file("trackers")] });
  const item = (id) => allclear.api("GET", `/action-items/${id}`);
  const act = (id, deed) => allclear.api("POST", `/action-items/${id}`, deed);
  const stands = (id, what, so) => until(what, async () => so(await item(id)));
  // What is asked every two minutes is asked at once, if somebody asks for it anew.
  const again = async (id, tracker, issue) => {
    await act(id, { do: "untrack" });
    await act(id, { do: "track", tracker, issue });
  };
  const propose = async (title, more = {}) => {
    const incident = await allclear.api("POST", "/incidents", { title: "Payments fail", class: "system", services: ["payments"], ...more });
    return allclear.api("POST", `/incidents/${incident.id}/action-items`, { title, bound: "a test with 1001 is refused, says @ben in #7", owner: "ana", kind: "prevent" });
  };

  // Made once, though nobody heard that it was.
  github.loseNext = true;
  const first = await propose("Limit the queue to 1000");
  await act(first.id, { do: "track", tracker: "shop" });
  await stands(first.id, "the trouble", (one) => one.tracked?.trouble);
  await stands(first.id, "the issue that is there", (one) => one.tracked?.issue === "1" && !one.tracked.trouble);
  assert.equal(github.issues.length, 1, "there is one");
  assert.match(github.issues[0].body, new RegExp(`Allclear reference: ${first.id}`));
  assert.ok(!github.issues[0].body.includes("@ben") && !github.issues[0].body.includes("#7"), "nobody is called there by our words");
  assert.deepEqual(github.issues[0].labels, ["incident"]);

  const browser = await startBrowser(rig);
  for (const viewport of [desktop, phone]) {
    const page = await signedInPage(browser, allclear.url, { viewport });
    await page.goto(`/action-items/${first.id}`);
    await page.getByRole("link", { name: "1: Limit the queue to 1000" }).waitFor();
    await look(page, `tracker-${viewport === phone ? "phone" : "desktop"}`);
    await page.context().close();
  }

  // Done here closes it; reopened here opens it again.
  await act(first.id, { do: "done" });
  await until("the issue to be closed", () => github.issues[0].state === "closed");
  await act(first.id, { do: "reopen", why: "it was not enough" });
  await until("the issue to be open", () => github.issues[0].state === "open");

  // Closed there: done here, and not proven. Our own change was no news meanwhile.
  await stands(first.id, "both to agree", (one) => one.state === "accepted" && one.tracked.status === "open");
  github.issues[0].state = "closed";
  await again(first.id, "shop", "https://github.com/example/shop/issues/1");
  await stands(first.id, "the item to be done", (one) => one.state === "done" && one.tracked.status === "closed");
  assert.match((await allclear.told("action-item", "show", first.id)).replaceAll(/\s+/g, " "), /issues\/1 in shop: closed/);

  // Reopened there, and GitHub calls: open here within seconds, though issues of what is over are asked once an hour.
  github.issues[0].state = "open";
  const told = JSON.stringify({ action: "reopened", issue: { number: 1, state: "open" }, repository: { full_name: "example/shop" } });
  const call = (secret) => {
    const signature = `sha256=${createHmac("sha256", secret).update(told).digest("hex")}`;
    const headers = { "content-type": "application/json", "x-github-event": "issues", "x-hub-signature-256": signature };
    return fetch(`${allclear.url}/trackers/shop/webhook`, { method: "POST", headers, body: told });
  };
  assert.equal((await call("other")).status, 401);
  assert.equal((await call("s3cr3t")).status, 204);
  await stands(first.id, "the item to be open", (one) => one.state === "accepted" && one.tracked.status === "open");

  // Jira: by its categories, whatever the statuses are called.
  const second = await propose("Add a runbook for the replica");
  await allclear.told("action-item", "track", second.id, "--in", "ops");
  await stands(second.id, "the issue in Jira", (one) => one.tracked?.issue === "OPS-1");
  assert.equal(jira.issues[0].labels[0], `allclear-${second.id}`);
  await act(second.id, { do: "done" });
  await until("it to be Done there", () => jira.issues[0].status === "Done");

  // What is restricted, what is not there, and what is somebody else's.
  const quiet = await propose("Rotate the keys of the vault", { class: "security", visibility: "restricted" });
  await assert.rejects(act(quiet.id, { do: "track", tracker: "shop" }), /restricted/);
  assert.equal((await item(quiet.id)).tracked, undefined);
  await assert.rejects(act(quiet.id, { do: "track", tracker: "shpo", consent: true }), /did you mean/);
  await assert.rejects(act(quiet.id, { do: "track", tracker: "shop", issue: "https://evil.example/issues/1", consent: true }), /no issue there/);
  await assert.rejects(act(quiet.id, { do: "track", tracker: "shop", issue: "https://github.com/example/shop/issues/1", consent: true }), /follows/);
  assert.ok(![...github.calls, ...jira.calls].some((call) => JSON.stringify(call.body ?? "").includes("vault")), "nothing left the house");
});
