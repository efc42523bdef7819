// From the deploy that broke it to the verdict: a real service, Prometheus, the receiver of the guide, and a browser. Once with a
// deploy, once with a flag, once with a rollback that changes nothing.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import test from "node:test";
import { desktop, look, phone, startBrowser } from "./rig/browser.mjs";
import { documents, signedInPage, startCompany } from "./rig/company.mjs";
import { freePort, Rig, sleep, until } from "./rig/process.mjs";
import { startPrometheus } from "./rig/prometheus.mjs";
import { SECRET, startReceiver } from "./rig/receiver.mjs";

const more = (port) => `---
kind: service
name: shop
spec: {title: Shop, team: payments, tier: 3, escalation_policy: payments}
---
kind: route
name: shop
spec: {order: 5, match: [service=shop], service: shop, group_by: [alertname]}
---
kind: integration
name: cd
spec: {title: Deployments, source: {cdevents: {services: {shop: shop}, environments: {live: live}}}}
---
kind: rollback-adapter
name: deployer
spec:
  title: The deployer
  system: {webhook: {url: 'http://127.0.0.1:${port}/'}}
  deploys:
    services: [shop]
    estimate: 1m
    data: untouched
    watch: {settle: 2s, hold: 3s, patience: 6s}
---
kind: environment
name: live
spec: {title: Live}
---
kind: flag
name: new-checkout
spec:
  title: New checkout
  purpose: operational
  services: [shop]
  variants: {'on': true, 'off': false}
  environments: {live: {state: ENABLED, defaultVariant: 'off'}}
`;

/** The service: broken by the version v2, by the flag, or for good. */
async function startShop(rig, { ofrep }) {
  const shop = { version: rig.file("version"), broken: false };
  await writeFile(shop.version, "v1");
  const server = createServer(async (_, answer) => {
    const bad = shop.broken || (await readFile(shop.version, "utf8")).trim() === "v2" || (await ofrep());
    answer.setHeader("content-type", "text/plain; version=0.0.4");
    answer.end(`# TYPE shop_errors gauge\nshop_errors{service="shop"} ${bad ? 1 : 0}\n`);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  rig.atEnd(() => server.closeAllConnections() ?? server.close());
  shop.address = `127.0.0.1:${server.address().port}`;
  return shop;
}

async function start(t) {
  const rig = await Rig.start(t);
  const hook = await freePort();
  await writeFile(rig.file("adapters"), `deployer.signing-secret=${SECRET}\n`);
  const allclear = await startCompany(rig, { documents: documents({ wait: "10m" }) + more(hook), args: ["--adapter-secrets", rig.file("adapters")] });
  const key = (await allclear.told("flag", "key", "shop", "--in", "live")).match(/ack_[0-9a-z]+/)[0];
  const ofrep = async () => {
    const answer = await fetch(`${allclear.url}/ofrep/v1/evaluate/flags/new-checkout`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ context: { targetingKey: "shop" } }),
    });
    return (await answer.json()).value === true;
  };
  const shop = await startShop(rig, { ofrep });
  await startReceiver(rig, hook, () => shop.version);
  await startPrometheus(rig, {
    service: shop,
    alertmanager: { address: `127.0.0.1:${allclear.port}`, pathPrefix: "/in/prometheus", token: allclear.integrationToken },
    rule: { alert: "ShopErrors", expr: "shop_errors == 1", summary: "Half of all orders in {{ $labels.service }} fail" },
  });
  const token = JSON.parse(await allclear.told("integration", "token", "cd", "--json")).token;
  let number = 0;
  const deploy = async (version, { put = true } = {}) => {
    if (put) await writeFile(shop.version, version);
    number += 1;
    const event = {
      context: { version: "0.4.1", id: `e${number}`, source: "/cd", type: "dev.cdevents.service.upgraded.0.2.0", timestamp: new Date().toISOString() },
      subject: { id: "shop", source: "/cd", type: "service", content: { environment: { id: "live" }, artifactId: `pkg:oci/shop@${version}` } },
    };
    const answer = await fetch(`${allclear.url}/in/cd/cdevents`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "ce-specversion": "1.0", "ce-id": `e${number}`, "ce-source": "/cd", "ce-type": event.context.type },
      body: JSON.stringify(event),
    });
    assert.equal(answer.status, 202, await answer.text());
  };
  const firing = () => until("the alert", async () => (await allclear.api("GET", "/alerts")).items.find((one) => one.labels.alertname === "ShopErrors"), { within: 40_000 });
  const quiet = () => until("the alert to clear", async () => !(await allclear.api("GET", "/alerts")).items.length, { within: 40_000 });
  return { rig, allclear, shop, deploy, firing, quiet, browser: await startBrowser(rig) };
}

/** Declares what fires, in the browser, and answers with the room. */
async function declare(page, alert) {
  await page.goto(`/alerts/${alert.id}`);
  await page.keyboard.press("d");
  await page.waitForURL(/incidents\/inc_/);
  return new URL(page.url()).pathname;
}

async function rollBack(page, room, why) {
  await page.goto(room);
  const first = page.locator(".suspects > li").first();
  const title = (await first.locator(".thing-title").textContent()).trim();
  await first.getByRole("link", { name: /Roll back/ }).click();
  await page.waitForURL(/\/rollback\?suspect=/);
  await page.getByLabel("Why").fill(why);
  await page.getByRole("button", { name: "Roll it back now" }).click();
  await page.waitForURL(new RegExp(`${room}$`));
  return title;
}

const verdict = (allclear, room) =>
  until(
    "the verdict",
    async () => {
      const { items } = await allclear.api("GET", `${room}/rollbacks`);
      return items.at(-1)?.verdict;
    },
    { within: 60_000 },
  );

test("the deploy that broke it is named, rolled back with one click, and the alerts say resolved; and so is a flag", async (t) => {
  const { rig, allclear, deploy, firing, quiet, browser } = await start(t);
  const page = await signedInPage(browser, allclear.url, { viewport: desktop });

  await deploy("v1");
  await deploy("v2");
  const room = await declare(page, await firing());
  await page.getByRole("heading", { name: "What changed" }).waitFor();
  const title = await rollBack(page, room, "orders fail since");
  assert.match(title, /shop/i);
  const said = await verdict(allclear, room);
  assert.equal(said.outcome, "resolved", said.why);
  assert.equal((await readFile(rig.file("done.log"), "utf8")).trim().split("\n").length, 1, "called once");
  await page.reload();
  await page.locator("#suspects").locator("..").locator("..").getByText("resolved").first().waitFor();
  await look(page, "room-rolled-back");
  const small = await signedInPage(browser, allclear.url, { viewport: phone });
  await small.goto(`${room}/suspects`);
  await look(small, "suspects");
  await quiet();

  // The same with a flag: its document is changed, the service asks for it, and breaks.
  const incident = room.split("/").pop();
  await allclear.api("POST", `/incidents/${incident}/act`, { do: "resolve", why: "rolled back" });
  await allclear.told("flag", "show", "new-checkout");
  await writeFile(rig.file("on.yaml"), more(1).split("---\n").at(-1).replace("defaultVariant: 'off'", "defaultVariant: 'on'"));
  await allclear.told("apply", "-f", rig.file("on.yaml"), "--yes", "--reason", "the new checkout for everybody");
  const second = await declare(page, await firing());
  const flag = await rollBack(page, second, "it began with the flag");
  assert.match(flag, /new-checkout/);
  const { items } = await allclear.api("GET", `${second}/rollbacks`);
  assert.equal(items[0].state, "succeeded");
  await quiet();
});

test("a rollback that changes nothing says so, and the next suspect comes first", async (t) => {
  const { allclear, shop, deploy, firing, browser } = await start(t);
  const page = await signedInPage(browser, allclear.url);
  await deploy("v0", { put: false });
  await sleep(1100);
  await deploy("v1");
  shop.broken = true;
  const room = await declare(page, await firing());
  const before = await allclear.api("GET", `${room}/suspects`);
  await rollBack(page, room, "it is the newest");
  const said = await verdict(allclear, room);
  assert.equal(said.outcome, "no-effect", said.why);
  const after = await allclear.api("GET", `${room}/suspects`);
  assert.notEqual(after.suspects[0].suspect, before.suspects[0].suspect);
  assert.equal(after.suspects.find((one) => one.suspect === before.suspects[0].suspect).rolled_back, "no-effect");
  const { items } = await allclear.api("GET", "/journal?limit=100");
  assert.ok(items.some((entry) => entry.kind === "rollback.judged" && entry.data.demotes === before.suspects[0].suspect));
});
