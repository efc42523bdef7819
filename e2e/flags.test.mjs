// Programs ask for flags by the providers of OpenFeature's SDKs as they are: on a server, and in a browser on another
// site. A kill reaches all of them, and no apply undoes it; they are answered while the database is away; and people see
// on pages what is killed and who has fetched since.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { connect, createServer as listen } from "node:net";
import { join } from "node:path";
import test from "node:test";
import { binary, freshDatabase } from "./rig/allclear.mjs";
import { desktop, look, openPage, phone, startBrowser } from "./rig/browser.mjs";
import { documents, signIn, startCompany } from "./rig/company.mjs";
import { noPython, python, serverClient, startPython, webScript } from "./rig/openfeature.mjs";
import { freePort, ran, Rig, run, until } from "./rig/process.mjs";

const flags = {
  flags: {
    "new-checkout": { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off", targeting: { if: [{ $ref: "ours" }, "on"] } },
    "Colour of the button": { state: "ENABLED", variants: { red: "#f00", blue: "#00f" }, defaultVariant: "red", targeting: { fractional: [["red", 50], ["blue", 50]] } },
    limit: { state: "ENABLED", variants: { low: 10, high: 100 }, defaultVariant: "low" },
    rate: { state: "ENABLED", variants: { none: 0.0, half: 0.5 }, defaultVariant: "none" },
    theme: { state: "ENABLED", variants: { dark: { ink: "#fff" }, light: { ink: "#000" } }, defaultVariant: "dark" },
    retired: { state: "DISABLED", variants: { on: true }, defaultVariant: "on" },
  },
  $evaluators: { ours: { ends_with: [{ var: "email" }, "@example.test"] } },
  metadata: { flagSetId: "shop" },
};

/** A company with the flags in production, and a key of either kind. */
async function start(t, options = {}) {
  const rig = await Rig.start(t);
  const allclear = await startCompany(rig, options);
  // JSON has no 0.0 in JavaScript: the file is what an operator would have.
  await writeFile(rig.file("flags.json"), JSON.stringify(flags).replace('"none":0', '"none":0.0'));
  await ran(...allcli(allclear, "flag", "import", rig.file("flags.json"), "--in", "production", "--reason", "the first"));
  const key = async (...more) => (await ran(...allcli(allclear, "flag", "key", "a program", "--in", "production", ...more))).trim().split("\n").at(-1);
  return { rig, allclear, server: await key(), client: await key("--client") };
}

const allcli = (allclear, ...args) => [binary, args, { env: { ALLCLEAR_URL: allclear.url, ALLCLEAR_TOKEN: allclear.token, NO_COLOR: "1" } }];
const ana = { targetingKey: "ana", email: "ana@example.test" };
const eve = { targetingKey: "eve", email: "eve@elsewhere.test" };

test("the Python SDK gets what flagd would say, and its own default where that is wanted", { skip: noPython }, async (t) => {
  const { rig, allclear, server } = await start(t);
  const ask = startPython(rig, allclear.url, server);
  for (const [type, flag, fallback, context, value, variant, reason] of [
    ["boolean", "new-checkout", false, ana, true, "on", "TARGETING_MATCH"],
    ["boolean", "new-checkout", true, eve, false, "off", "DEFAULT"],
    ["integer", "limit", 1, eve, 10, "low", "STATIC"],
    ["float", "rate", 1.5, eve, 0.0, "none", "STATIC"],
    ["object", "theme", {}, eve, { ink: "#fff" }, "dark", "STATIC"],
    ["boolean", "retired", true, eve, true, "", "DISABLED"],
  ]) {
    assert.deepEqual(await ask(type, flag, fallback, context), { value, variant, reason, error: null }, flag);
  }
  const shares = await Promise.all(["Colour of the button"].map((flag) => ask("string", flag, "?", eve)));
  assert.ok(["#f00", "#00f"].includes(shares[0].value), JSON.stringify(shares));
  assert.equal((await ask("boolean", "nobody-knows-it", true, eve)).error, "FLAG_NOT_FOUND");
  assert.equal((await ask("string", "limit", "?", eve)).error, "TYPE_MISMATCH");
  const stranger = startPython(rig, allclear.url, "ack_nobody");
  assert.deepEqual([(await stranger("boolean", "limit", true)).value, (await stranger("boolean", "limit", true)).error], [true, "GENERAL"]);
});

test("flagd's own core says the same in 22,000 cases", { skip: noPython }, async (t) => {
  const { rig, allclear } = await start(t);
  const file = rig.file("generated.json");
  const compare = new URL("rig/compare_flags.py", import.meta.url).pathname;
  await ran(python, [compare, "make", file]);
  await ran(...allcli(allclear, "flag", "import", file, "--in", "compared", "--reason", "by chance"));
  const key = (await ran(...allcli(allclear, "flag", "key", "a program", "--in", "compared"))).trim().split("\n").at(-1);
  const { cases, differ, first } = JSON.parse(await ran(python, [compare, "ask", file, allclear.url, key]));
  assert.equal(cases, 22_000);
  assert.equal(differ, 0, JSON.stringify(first, undefined, 1));
});

test("a kill reaches a server and a browser, no apply undoes it, and lifting it gives back what was", async (t) => {
  const { rig, allclear, server, client } = await start(t);
  const onServer = await serverClient(allclear.url, server);
  assert.equal(await onServer.getBooleanValue("new-checkout", false, ana), true);
  assert.equal(await onServer.getNumberValue("limit", 1, ana), 10);
  assert.equal((await onServer.getBooleanDetails("retired", true, ana)).value, true);

  const shop = createServer((_, answer) => answer.end("<!doctype html><title>Shop</title>"));
  await new Promise((done) => shop.listen(0, "127.0.0.1", done));
  rig.atEnd(() => shop.close());
  const page = await openPage(await startBrowser(rig), { url: `http://127.0.0.1:${shop.address().port}` });
  page.forgive = /favicon/;
  await page.goto("/");
  await page.addScriptTag({ content: await webScript() });
  await page.evaluate(([url, key]) => globalThis.start(url, key, "ana"), [allclear.url, client]);
  const inBrowser = (flag, fallback) => page.evaluate(([flag, fallback]) => globalThis.client.getBooleanValue(flag, fallback), [flag, fallback]);
  await allclear.api("POST", "/apply", await changed(allclear, (spec) => (spec.environments.production.defaultVariant = "on")));
  await until("the browser to hear of the change", () => inBrowser("new-checkout", false));

  const began = Date.now();
  const kill = await allclear.api("POST", "/flags/new-checkout/kills", { environment: "production", why: "orders twice", for: "1h" });
  await until("the browser to hear of the kill", async () => (await inBrowser("new-checkout", true)) === false, { every: 10 });
  const took = Date.now() - began;
  t.diagnostic(`the kill was in the browser after ${took} ms`);
  assert.ok(took < 2000, `${took} ms`);
  assert.equal(await onServer.getBooleanValue("new-checkout", true, ana), false, "the server asks each time");

  await allclear.api("POST", "/apply", await changed(allclear, (spec) => (spec.title = "Newer checkout")));
  await ran(...allcli(allclear, "flag", "import", rig.file("flags.json"), "--in", "production"));
  assert.equal(await onServer.getBooleanValue("new-checkout", true, ana), false, "no apply and no import undoes it");
  const told = await until("it to be written who fetched", async () => {
    const told = await allclear.api("GET", `/kills/${kill.id}`);
    return told.propagation.reached >= 2 && told;
  });
  assert.deepEqual(told.propagation.behind, []);

  await ran(...allcli(allclear, "flag", "lift", "new-checkout", "--in", "production"));
  assert.equal(await onServer.getBooleanValue("new-checkout", false, ana), true);
  const exported = JSON.parse(await ran(...allcli(allclear, "flag", "export", "--in", "production")));
  assert.deepEqual(exported.flags, flags.flags);
  assert.deepEqual([exported.$evaluators, exported.metadata], [flags.$evaluators, flags.metadata]);
  assert.deepEqual(page.complaints, []);
});

/** The document of the flag, changed, as a set to be applied. */
async function changed(allclear, change) {
  const { kind, name, spec } = await allclear.api("GET", "/documents/flag/new-checkout");
  change(spec);
  return { documents: [{ kind, name, spec }] };
}

test("programs are answered while the database is away", async (t) => {
  const database = await freshDatabase({ atEnd() {} });
  if (!database) return t.skip("set ALLCLEAR_TEST_POSTGRES to try this");
  const { allclear, server } = await start(t, { database });
  t.after(() => run("psql", [process.env.ALLCLEAR_TEST_POSTGRES, "-qc", `DROP DATABASE IF EXISTS ${new URL(database).pathname.slice(1)} WITH (FORCE)`]));
  const onServer = await serverClient(allclear.url, server);
  assert.equal(await onServer.getBooleanValue("new-checkout", false, ana), true);
  const kill = { environment: "production", why: "a try", for: "1h" };
  await allclear.api("POST", "/flags/limit/kills", { ...kill, variant: "high" });
  const name = new URL(database).pathname.slice(1);
  const admin = (sql) => ran("psql", [process.env.ALLCLEAR_TEST_POSTGRES, "-qc", sql]);
  await admin(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
  await admin(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
  await until("the database to be away", async () => (await allclear.api("GET", "/flags").catch((error) => error.message)).toString().includes("50"));
  for (let times = 0; times < 20; times++) {
    assert.equal(await onServer.getBooleanValue("new-checkout", false, ana), true);
    assert.equal(await onServer.getNumberValue("limit", 1, ana), 100, "the kill stands, too");
  }
  if (!noPython) {
    const rig = await Rig.start(t);
    const ask = startPython(rig, allclear.url, server);
    assert.equal((await ask("boolean", "new-checkout", false, ana)).value, true);
  }
  await admin(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
  await until("the database to be there again", async () => (await allclear.api("GET", "/flags")).items.length === 6);
});

test("a server that starts while the database is away answers programs as it last did, and all the rest when it is there", async (t) => {
  const direct = await freshDatabase({ atEnd() {} });
  if (!direct) return t.skip("set ALLCLEAR_TEST_POSTGRES to try this");
  t.after(() => run("psql", [process.env.ALLCLEAR_TEST_POSTGRES, "-qc", `DROP DATABASE IF EXISTS ${new URL(direct).pathname.slice(1)} WITH (FORCE)`]));
  const wire = await cable(direct);
  t.after(() => wire.cut());
  const { allclear, server } = await start(t, { database: wire.url });
  await allclear.api("POST", "/flags/limit/kills", { environment: "production", why: "a bank orders twice", for: "1h", variant: "high" });
  const file = join(allclear.data, "flags.json");
  await until("the kill to be kept", async () => (await readFile(file, "utf8")).includes('"to":{"variant":"high"}'));
  const kept = await readFile(file, "utf8");
  assert.ok(!kept.includes(server) && !kept.includes("bank"), "no secret is kept, and no reason");
  await allclear.program.kill();
  await wire.cut();
  await allclear.start({ wait: false });
  const get = (path, more) => fetch(allclear.url + path, more).catch(() => ({ status: 0 }));
  await until("it to listen", async () => (await get("/health")).status === 503);
  const onServer = await serverClient(allclear.url, server);
  assert.equal(await onServer.getBooleanValue("new-checkout", false, ana), true);
  assert.equal(await onServer.getNumberValue("limit", 1, ana), 100, "the kill stands, too");
  const one = await get("/ofrep/v1/evaluate/flags/limit", { method: "POST", headers: { "x-api-key": server } });
  assert.ok(Date.parse(one.headers.get("allclear-flags-kept-at")) > Date.now() - 3_600_000);
  assert.ok(Number(/^allclear_flags_kept_at_seconds (\d+)$/m.exec(await (await get("/metrics")).text())[1]) > 1e9);
  for (const path of ["/", "/api/v1/flags", "/flags"]) assert.equal((await get(path)).status, 503, path);
  await wire.mend();
  await until("the database to be there again", async () => (await get("/health")).status === 200);
  assert.equal((await allclear.api("GET", "/flags")).items.length, 6);
  assert.equal(await onServer.getNumberValue("limit", 1, ana), 100);
  const again = await get("/ofrep/v1/evaluate/flags/limit", { method: "POST", headers: { "x-api-key": server } });
  assert.equal(again.headers.get("allclear-flags-kept-at"), null);
  assert.match(await (await get("/metrics")).text(), /^allclear_flags_kept_at_seconds 0$/m);
});

/** A way to the database that can be cut and mended. */
async function cable(database) {
  const [to, url, port] = [new URL(database), new URL(database), await freePort()];
  url.hostname = "127.0.0.1";
  url.port = port;
  const ends = new Set();
  let server;
  const mend = () => {
    server = listen((near) => {
      const far = connect(to.port || 5432, to.hostname);
      for (const [end, other] of [[near, far], [far, near]]) {
        ends.add(end);
        end.on("error", () => other.destroy()).on("close", () => (ends.delete(end), other.destroy())).pipe(other);
      }
    });
    return new Promise((done) => server.listen(port, "127.0.0.1", done));
  };
  const cut = () => {
    const closed = new Promise((done) => server.close(done));
    for (const end of ends) end.destroy();
    return closed;
  };
  await mend();
  return { url: url.toString(), cut, mend };
}

test("people kill a flag on its page, see who has fetched since, and give keys to programs", async (t) => {
  const text = `${documents()}---
kind: environment
name: production
spec: {title: Production}
---
kind: flag
name: new-checkout
spec:
  title: New checkout
  purpose: release
  expires: 2026-01-31
  owner: payments
  services: [payments]
  variants: {'on': true, 'off': false}
  environments:
    production: {state: ENABLED, defaultVariant: 'on', targeting: {if: [{in: [{var: country}, [de, at]]}, 'on', {fractional: [['on', 10], ['off', 90]]}]}}
`;
  const rig = await Rig.start(t);
  const allclear = await startCompany(rig, { documents: text });
  const browser = await startBrowser(rig);
  const page = await openPage(browser, { url: allclear.url, viewport: desktop });
  await signIn(page);
  await page.goto("/flags");
  await look(page, "flags-desktop");
  await page.getByRole("link", { name: "New checkout" }).click();
  assert.match(await page.locator("main").innerText(), /If country is one of “de”, “at”: on[\s\S]*10 % on, 90 % off/);
  assert.match(await page.locator("main").innerText(), /Unproven switch/);
  assert.match(await page.locator("main").innerText(), /should have been gone by 2026-01-31/);
  await page.getByLabel("Why").fill("Orders are taken twice");
  await page.getByRole("button", { name: "Kill it now" }).click();
  assert.match(await page.locator("main").innerText(), /Everybody gets off, whatever its definition says/);
  await look(page, "flag-killed-desktop");
  await page.goto("/environments/production");
  await page.getByLabel("A new key, for").fill("checkout service");
  await page.getByRole("button", { name: "Make a key" }).click();
  const key = await page.locator("#secret").innerText();
  assert.match(key, /^ack_/);
  await look(page, "environment-desktop");
  const asked = await fetch(`${allclear.url}/ofrep/v1/evaluate/flags/new-checkout`, { method: "POST", headers: { "x-api-key": key }, body: "{}" });
  assert.deepEqual(await asked.json(), { key: "new-checkout", value: false, variant: "off", reason: "STATIC" });
  await page.goto("/flags/new-checkout");
  await until("the page to say who has fetched", async () => {
    await page.reload();
    return /1 program has fetched since/.test(await page.locator("main").innerText());
  });
  await page.getByRole("button", { name: "Lift it" }).click();
  assert.match(await page.locator("main").innerText(), /Lifted by Ana Silva/);
  assert.match(await page.locator("main").innerText(), /Thrown/);

  const small = await openPage(browser, { url: allclear.url, viewport: phone, colorScheme: "dark" });
  await signIn(small);
  for (const [path, name] of [["/flags", "flags"], ["/flags?stale=true", "flags-stale"], ["/flags/new-checkout", "flag"], ["/environments/production", "environment"]]) {
    await small.goto(path);
    await look(small, `${name}-phone-dark`);
  }
  assert.deepEqual([...page.complaints, ...small.complaints], []);
});
