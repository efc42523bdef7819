// What happens is told to another program, which verifies it with the library of Standard Webhooks: made on a page,
// signed, tried again, killed in between, replayed, left alone when it wants no more. No private address is asked.
import assert from "node:assert/strict";
import { readFile, symlink, writeFile } from "node:fs/promises";
import test from "node:test";
import { Webhook } from "standardwebhooks";
import { signedIn, startCompany } from "./rig/company.mjs";
import { freePort, Rig, until } from "./rig/process.mjs";
import { startSink } from "./rig/sinks.mjs";

const secretOf = (page) => /<code id="secret">([^<]+)<\/code>/.exec(page.html)?.[1];

test("outgoing webhooks: made by hand, signed, tried again, replayed, and ended by 410", async (t) => {
  const rig = await Rig.start(t);
  let answer = () => 200;
  const sink = await startSink(rig, { answer: (request) => answer(request) });
  const allclear = await startCompany(rig);
  const ana = await signedIn(allclear);
  const declare = (title, more = {}) => allclear.api("POST", "/incidents", { title, class: "system", ...more });
  const typed = (request) => JSON.parse(request.body);
  const about = (incident) => (request) => typed(request).data.subjects?.includes(incident.id) && typed(request).type === "incident.declared";
  const state = async () => (await allclear.api("GET", "/outgoing-webhooks/tickets")).state;

  const form = await ana.get("/outgoing-webhooks/new");
  const fill = { title: "Tickets", name: "tickets", url: `${sink.url}/in`, events: "incident.*" };
  for (const [wrong, says] of [
    [{ url: "http://10.0.0.7/in" }, /private network, which is not allowed/],
    [{ url: "http://169.254.169.254/latest" }, /metadata service/],
    [{ url: "http://tickets.example.test/in" }, /must begin with https/],
    [{ events: "incidents.*" }, /did you mean "incident\.\*"/],
  ]) {
    const refused = await ana.press(form, /make it/i, { ...fill, ...wrong });
    assert.match(refused.text, says);
  }
  const made = await ana.press(form, /make it/i, fill);
  const secret = secretOf(made);
  assert.match(secret ?? made.text, /^whsec_/);
  assert.ok(!(await ana.get("/outgoing-webhooks/tickets")).html.includes(secret), "it is shown once");
  const verifier = new Webhook(secret);

  await t.test("an event is verified, and nothing of a restricted incident is told", async () => {
    const quiet = await declare("The heron was seen", { class: "security" });
    assert.equal(quiet.visibility, "restricted");
    const open = await declare("Card payments fail");
    const request = await sink.request("the declaration", about(open));
    const event = verifier.verify(request.body, request.headers);
    assert.equal(event.type, "incident.declared");
    const journal = await allclear.api("GET", "/journal?since=0&limit=500");
    assert.deepEqual(event.data, journal.items.find((entry) => entry.id === event.data.id));
    assert.throws(() => verifier.verify(`${request.body} `, request.headers), "a byte more is another message");
    await until("the rest", async () => (await allclear.api("GET", "/outgoing-webhooks/tickets")).waiting === 0);
    assert.ok(!sink.requests.some((one) => one.body.includes("heron") || one.body.includes(quiet.id)), "restricted");
  });

  await t.test("what fails is tried again under the same id, redirects are not followed, and a kill loses nothing", async () => {
    const answers = [{ status: 302, headers: { location: `${sink.url}/elsewhere` } }];
    answer = (request) => (about(broken)(request) ? (answers.shift() ?? 200) : 200);
    let broken = { id: "none yet" };
    broken = await declare("The search is slow");
    await until("the first attempt", async () => {
      const { items } = await allclear.api("GET", "/outgoing-webhooks/tickets/deliveries?unsent=true");
      return items.find((one) => one.state === "queued" && /302/.test(one.detail ?? ""));
    });
    await allclear.program.kill();
    await allclear.start();
    const again = await sink.request("the second attempt", (request) => about(broken)(request) && request.status === 200, { within: 15_000 });
    const first = sink.requests.find(about(broken));
    assert.equal(first.status, 302);
    assert.deepEqual([again.headers["webhook-id"], again.body], [first.headers["webhook-id"], first.body]);
    verifier.verify(again.body, again.headers);
    assert.ok(!sink.requests.some((request) => request.path === "/elsewhere"), "no redirect was followed");
    answer = () => 200;
  });

  await t.test("a new secret signs beside the old one, and Replay sends the same event", async () => {
    const rotated = secretOf(await ana.press(await ana.get("/outgoing-webhooks/tickets"), /make a new secret/i));
    assert.notEqual(rotated, secret);
    const count = sink.requests.length;
    const page = await ana.get("/outgoing-webhooks/tickets");
    assert.match((await ana.press(page, /^replay/i)).text, /it is sent again/i);
    const request = await until("the replay", () => sink.requests[count]);
    const before = sink.requests.slice(0, count).filter((one) => one.headers["webhook-id"] === request.headers["webhook-id"]);
    assert.ok(before.length > 0 && before.every((one) => one.body === request.body), "the same event");
    assert.equal(request.headers["webhook-signature"].split(" ").length, 2);
    for (const one of [secret, rotated]) new Webhook(one).verify(request.body, request.headers);
    await ana.press(await ana.get("/outgoing-webhooks/tickets"), /send a test event/i);
    await sink.request("the test", (one) => typed(one).type === "outgoing-webhook.test");
    const said = await allclear.told("outgoing-webhook", "log", "tickets");
    assert.match(said, /outgoing-webhook\.test +sent/);
  });

  await t.test("410 ends it, until somebody switches it on again", async () => {
    answer = () => 410;
    await declare("One more");
    await until("the end", async () => (await state()) === "gone");
    const journal = await allclear.api("GET", "/journal?subject=outgoing-webhook/tickets");
    assert.equal(journal.items.filter((entry) => entry.kind === "outgoing-webhook.disabled").length, 1);
    answer = () => 200;
    const missed = await declare("Nobody is told of this");
    const page = await ana.get("/outgoing-webhooks/tickets");
    assert.match(page.text, /wants no more/);
    assert.match((await ana.press(page, /switch it on again/i)).text, /switched on again/i);
    assert.equal(await state(), "on");
    const heard = await declare("But of this");
    await sink.request("the next event", about(heard));
    assert.ok(!sink.requests.some(about(missed)), "what happened meanwhile is not sent");
  });
});

test("the receiver that the guide shows verifies what comes", async (t) => {
  const rig = await Rig.start(t);
  const guide = await readFile(new URL("../docs/outgoing-webhooks.md", import.meta.url), "utf8");
  const [, source] = /```js\n([\s\S]*?)```/.exec(guide);
  await writeFile(rig.file("receiver.mjs"), source);
  await symlink(new URL("../node_modules", import.meta.url).pathname, rig.file("node_modules"));
  const port = await freePort();
  const allclear = await startCompany(rig);
  const spec = { title: "Guide", url: `http://127.0.0.1:${port}/`, events: ["incident.*"] };
  await allclear.api("PUT", "/documents/outgoing-webhook/guide", { kind: "outgoing-webhook", name: "guide", spec });
  const secret = (await allclear.told("outgoing-webhook", "secret", "guide")).trim();
  const receiver = rig.spawn("receiver", process.execPath, ["receiver.mjs"], { env: { PORT: String(port), WEBHOOK_SECRET: secret } });
  await rig.ready(receiver, async () => (await fetch(`http://127.0.0.1:${port}/`)).status === 400);
  const incident = await allclear.api("POST", "/incidents", { title: "It fails", class: "system" });
  await until("the event", async () => (await receiver.log()).includes(`incident.declared ${incident.reported_at} ${incident.id}`));
  const { last } = await allclear.api("GET", "/outgoing-webhooks/guide");
  assert.equal(last.detail, "204 No Content");
});
