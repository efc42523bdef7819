// The public word: read without a script in both lights and widths, subscribed to by real mail, served from a folder by a
// plain web server, where the page says so when Allclear is killed.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { desktop, look, openPage, phone, startBrowser } from "./rig/browser.mjs";
import { documents, signIn, startCompany } from "./rig/company.mjs";
import { startMailServer } from "./rig/mail.mjs";
import { Rig, until } from "./rig/process.mjs";

const page = `---
kind: status-page
name: main
spec:
  title: Example Shop status
  about: How our shop and the services behind it are.
  support: mailto:help@example.test
  groups:
  - title: Shop
    components:
    - {name: checkout, title: Checkout, description: Paying by card and invoice, services: [payments], since: 2020-01-01}
    - {name: search, title: Search}
  - components:
    - {name: api, title: API}
`;

async function start(t) {
  const rig = await Rig.start(t);
  const mail = await startMailServer(rig);
  const folder = rig.file("public");
  const allclear = await startCompany(rig, { documents: documents({}) + page, mail, args: ["--publish-status", folder] });
  return { rig, mail, folder, allclear };
}

const ahead = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString();

/** A server that knows nothing but files, as any host has one. */
async function serve(rig, folder) {
  const kinds = { ".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".json": "application/json", ".svg": "image/svg+xml" };
  const server = createServer(async (request, response) => {
    let file = path.join(folder, path.normalize(decodeURI(request.url.split("?")[0])));
    try {
      if ((await stat(file)).isDirectory()) file = path.join(file, "index.html");
      const body = await readFile(file);
      response.writeHead(200, { "content-type": kinds[path.extname(file)] ?? "text/plain" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  rig.atEnd(() => server.closeAllConnections() ?? server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

test("the page is read without a script, in both lights and widths, and from inside", async (t) => {
  const { rig, allclear } = await start(t);
  const incident = await allclear.api("POST", "/incidents", { title: "Cards fail inside", class: "system", severity: "SEV3", services: ["payments"] });
  const gap = await allclear.api("GET", "/status-audit");
  assert.deepEqual(gap.items.map((one) => [one.kind, one.component, one.title]), [["silent", "checkout", "Cards fail inside"]]);
  const notice = await allclear.api("POST", "/notices", {
    title: "Card payments fail for some customers",
    state: "investigating",
    text: "About **one in five** card payments fails. Paying by invoice works.",
    components: { checkout: "partial-outage" },
    incident: incident.id,
    next_update_by: ahead(20),
  });
  await allclear.api("POST", "/notices", {
    title: "Database upgrade",
    kind: "maintenance",
    text: "The API may answer late.",
    components: { api: "maintenance" },
    scheduled_for: ahead(2000),
    scheduled_until: ahead(2100),
  });
  assert.deepEqual((await allclear.api("GET", "/status-audit")).items, []);
  const browser = await startBrowser(rig);
  const wrong = [];
  for (const [device, viewport, colorScheme] of [["desktop", desktop, "light"], ["phone", phone, "light"], ["desktop-dark", desktop, "dark"], ["phone-dark", phone, "dark"]]) {
    // Public pages: nothing of ours is run. axe itself needs scripts, so the switch is the page's own file.
    const open = await openPage(browser, { url: allclear.url, viewport, colorScheme });
    await open.route("**/assets/status*.js", (route) => route.fulfill({ contentType: "text/javascript", body: "" }));
    for (const at of ["/status", "/status/history", `/status/notices/${notice.id}`, "/status/subscribe"]) {
      const answer = await open.goto(at);
      assert.equal(answer.status(), 200);
      assert.equal(answer.headers()["set-cookie"], undefined, at);
      await look(open, `public${at.replace(notice.id, "one").replaceAll("/", "-")}-${device}`).catch((error) => wrong.push(error.message));
    }
    await open.goto("/status");
    assert.match(await open.locator("h1").innerText(), /Partial outage/);
    assert.match(await open.locator("main").innerText(), /one in five[^]*Database upgrade/);
    await open.context().close();
    const inside = await openPage(browser, { url: allclear.url, viewport, colorScheme });
    await signIn(inside);
    for (const at of ["/notices", "/notices/new", `/notices/${notice.id}`, "/subscribers"]) {
      await inside.goto(at);
      await look(inside, `inside${at.replace(notice.id, "one").replaceAll("/", "-")}-${device}`).catch((error) => wrong.push(error.message));
    }
    await inside.context().close();
  }
  assert.deepEqual(wrong, [], wrong.join("\n"));
});

test("whoever subscribes confirms by mail, is told, and leaves by one click of a mail program", async (t) => {
  const { mail, allclear } = await start(t);
  const post = (url, body) => fetch(url, { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body });
  const asked = await post(`${allclear.url}/status/subscribe`, "email=customer%40example.test&component=checkout");
  assert.equal(asked.status, 200);
  const ask = await mail.mail("the question", (one) => one.to === "customer@example.test" && /Confirm/.test(one.subject));
  const confirm = ask.links.find((link) => link.includes("/status/subscriptions/"));
  assert.match(await (await fetch(confirm)).text(), /Yes, tell me/);
  assert.deepEqual((await allclear.api("GET", "/subscribers")).items.map((one) => one.confirmed_at), [undefined], "opening it does nothing");
  assert.equal((await post(confirm, "")).status, 200);
  await allclear.api("POST", "/notices", { title: "Search is slow", text: "We look.", components: { search: "degraded" } });
  const notice = await allclear.api("POST", "/notices", { title: "Cards fail", state: "identified", text: "**Found** it <b>", components: { checkout: "degraded" } });
  const told = await mail.mail("the notice", (one) => one.to === "customer@example.test" && /Cards fail/.test(one.subject));
  assert.match(told.text, /\*\*Found\*\* it <b>[^]*Checkout: Degraded performance/);
  assert.match(told.html, /<strong>Found<\/strong> it &lt;b&gt;/);
  assert.ok(told.links.includes(`${allclear.url}/status/notices/${notice.id}`));
  assert.equal(told.headers["list-unsubscribe-post"], "List-Unsubscribe=One-Click");
  const leave = told.headers["list-unsubscribe"].match(/<([^>]*)>/)[1];
  assert.equal((await post(leave, "List-Unsubscribe=One-Click")).status, 200);
  assert.deepEqual((await allclear.api("GET", "/subscribers")).items, []);
  await allclear.api("POST", `/notices/${notice.id}/posts`, { state: "resolved", text: "Over." });
  await until("the outbox is empty", async () => !/allclear_deliveries_due [1-9]/.test(await (await fetch(`${allclear.url}/metrics`)).text()));
  const all = (await mail.mails()).filter((one) => one.to === "customer@example.test");
  assert.deepEqual(all.map((one) => one.subject.replace(/^.*?: /, "")), [all[0].subject.replace(/^.*?: /, ""), "Cards fail"], "told of what they asked for, and no more once they left");
});

test("the folder goes on being read when Allclear is killed, and says that its publisher is silent", async (t) => {
  const { rig, folder, allclear } = await start(t);
  const notice = await allclear.api("POST", "/notices", { title: "Cards fail", text: "We look.", components: { checkout: "major-outage" } });
  await until("the folder has it", async () => (await readFile(path.join(folder, "status/index.html"), "utf8")).includes("Cards fail"));
  const url = await serve(rig, folder);
  const browser = await startBrowser(rig);
  const open = await openPage(browser, { url });
  await open.goto("/status/");
  assert.match(await open.locator("h1").innerText(), /Major outage/);
  assert.equal(await open.locator("#silent").isVisible(), false, "it was written just now");
  for (const at of [`/status/notices/${notice.id}/`, "/status/history/", "/"]) {
    await open.goto(at);
    assert.match(await open.locator("main").innerText(), /Cards fail/, at);
  }
  for (const at of ["/status/feed.atom", "/status/feed.rss", "/api/v2/summary.json"]) {
    assert.match(await (await fetch(url + at)).text(), /Cards fail/, at);
  }
  allclear.program.kill("SIGKILL");
  await until("it is gone", async () => fetch(`${allclear.url}/health`).then(() => false, () => true));
  const { at } = JSON.parse(await readFile(path.join(folder, "status/heartbeat.json"), "utf8"));
  for (const [minutes, silent] of [[2, false], [10, true]]) {
    const later = await openPage(browser, { url });
    await later.clock.setFixedTime(new Date(Date.parse(at) + minutes * 60_000));
    await later.goto("/status/");
    if (silent) {
      await later.locator("#silent").waitFor({ state: "visible" });
      const said = await later.locator("#silent").innerText();
      assert.match(said, /^Publisher silent since .* UTC\. What is shown here may no longer be so\.$/);
      assert.ok(said.includes(at.slice(11, 16)), `${said} names ${at}`);
      await look(later, "public-silent");
    } else {
      await later.waitForTimeout(300);
      assert.equal(await later.locator("#silent").isVisible(), false, "a minute may be missed");
    }
    await later.context().close();
  }
  // Without a script the page says as of when it is.
  const plain = await openPage(browser, { url, javaScriptEnabled: false });
  await plain.goto("/status/");
  assert.match(await plain.locator(".st-hero").innerText(), /As of .* UTC, written anew every minute/);
});
