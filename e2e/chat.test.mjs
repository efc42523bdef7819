// Incidents are spoken of in chats: in Matrix on a real homeserver, by people who use its client API, and in Slack on a
// recorder. A room is opened and people are invited, commands act as whoever speaks, messages are pinned; nothing is lost
// or said twice while a chat is away or Allclear is killed; what is restricted stays here.
import assert from "node:assert/strict";
import test from "node:test";
import { documents, signedIn, startCompany } from "./rig/company.mjs";
import { chatSecrets, noHomeserver, startHomeserver } from "./rig/matrix.mjs";
import { Rig, sleep, until } from "./rig/process.mjs";
import { startSlack } from "./rig/slack.mjs";

/** The company, whose people are known in chats. */
const known = (ids) => documents().replace("access: administrator", `access: administrator\n  chat: ${ids.ana}`).replace("time_zone: Africa/Nairobi", `time_zone: Africa/Nairobi\n  chat: ${ids.ben}`);

/** What an incident's timeline says of a kind. */
const told = async (allclear, incident, kind) => {
  const { items } = await allclear.api("GET", `/incidents/${incident}/timeline?limit=200`);
  return items.filter((entry) => entry.kind === kind);
};

test("Matrix: a room for an incident, commands, pins, and nothing lost while one of the two is away", { skip: noHomeserver }, async (t) => {
  const rig = await Rig.start(t);
  const homeserver = await startHomeserver(rig);
  const [bot, ana, ben, eve] = await Promise.all(["allclear", "ana", "ben", "eve"].map((name) => homeserver.register(name)));
  const args = ["--chat-secrets", await chatSecrets(rig, { "ops.token": bot.token })];
  const allclear = await startCompany(rig, { args, documents: known({ ana: `{matrix: '${ana.id}'}`, ben: `{matrix: '${ben.id}'}` }) });
  const { room_id: hall } = await ana.ask("POST", "/createRoom", { room_alias_name: "incidents", preset: "public_chat", name: "Incidents" });
  const spec = { title: "Ops", provider: { matrix: { homeserver: homeserver.url } }, announce: "#incidents:example.test", rooms: { severities: ["SEV1", "SEV2"] } };
  await allclear.api("PUT", "/documents/chat/ops", { kind: "chat", name: "ops", spec });

  const declare = (title, more = {}) => allclear.api("POST", "/incidents", { title, class: "system", severity: "SEV2", ...more });
  const update = (incident, text) => allclear.api("POST", `/incidents/${incident.id}/updates`, { audience: "internal", text });
  const state = async () => (await allclear.api("GET", "/chats")).items[0];
  const spoken = async (room) => (await ana.messages(room)).filter((event) => event.sender === bot.id).map((event) => event.content.body);

  const incident = await declare("Card payments fail");
  const room = await ana.comeTo("card-payments-fail");

  await t.test("the room is opened with whoever declared it, and the incident is announced with a link to it", async () => {
    const first = await until("the first words", async () => (await spoken(room))[0]);
    assert.match(first, /^SEV2 · system · Card payments fail\nDeclared/);
    assert.ok(first.endsWith(`${allclear.url}/incidents/${incident.id}`), first);
    const announced = await until("the announcement", async () => (await spoken(hall)).find((text) => text.includes("Card payments fail")));
    assert.match(announced, /Room: https:\/\/matrix\.to\/#\//);
    assert.equal((await told(allclear, incident.id, "chat-room.opened")).length, 1);
    const page = await (await signedIn(allclear)).get(`/incidents/${incident.id}`);
    assert.match(page.html, /href="https:\/\/matrix\.to\/#\/[^"]+"/, "the room page leads to the chat");
  });

  await t.test("a command acts as whoever speaks, and is answered", async () => {
    const asked = await ana.say(room, "!allclear task Look at the <logs> & say for @ben in 30m");
    assert.match(await ana.answer(room, asked), /^Task for ben, who reports by .*: Look at the <logs> & say$/);
    const { tasks } = await allclear.api("GET", `/incidents/${incident.id}`);
    assert.deepEqual(tasks.map((task) => [task.title, task.owner]), [["Look at the <logs> & say", "ben"]]);
    const [entry] = await told(allclear, incident.id, "task.given");
    assert.equal(entry.actor, "chat:ops:ana", "the timeline says that it came from the chat");
    const role = await ana.say(room, "!allclear role incident-commander");
    assert.match(await ana.answer(room, role), /You are incident-commander now/);
    await until("the room is told", async () => (await spoken(room)).includes("ana is incident commander now"));
    const wrong = await ana.say(room, "!allclear role pilot");
    assert.match(await ana.answer(room, wrong), /there is no role pilot[\s\S]*!allclear role/);
    const status = await ana.say(room, "!allclear status");
    assert.match(await ana.answer(room, status), /ana commands\.\n1 task is open\./);
  });

  await t.test("whoever is offered a role is invited", async () => {
    const asked = await ana.say(room, "!allclear role scribe @ben");
    assert.match(await ana.answer(room, asked), /scribe is offered to ben/);
    await ben.comeTo("card-payments-fail");
    const taken = await ben.say(room, "!allclear role scribe me");
    assert.match(await ben.answer(room, taken), /You are scribe now/);
  });

  await t.test("a message is pinned by a mark, or by an answer to it, once", async () => {
    const message = await ben.say(room, "The certificate of the gateway ended at midnight");
    await ana.mark(room, message, "📌");
    const [entry] = await until("the entry", async () => {
      const found = await told(allclear, incident.id, "entry.added");
      return found.length > 0 && found;
    });
    assert.equal(entry.data.text, "ben, in the chat: The certificate of the gateway ended at midnight");
    assert.equal(entry.actor, "chat:ops:ana");
    const again = await ben.say(room, `> <${ben.id}> The certificate…\n\n!allclear pin`, { "m.relates_to": { "m.in_reply_to": { event_id: message } } });
    assert.match(await ben.answer(room, again), /on the timeline already/);
    assert.equal((await told(allclear, incident.id, "entry.added")).length, 1);
  });

  await t.test("who is not known here is told how to be, and changes nothing", async () => {
    await ana.ask("POST", `/rooms/${encodeURIComponent(room)}/invite`, { user_id: eve.id });
    await eve.comeTo("card-payments-fail");
    const asked = await eve.say(room, "!allclear update All is well");
    assert.match(await eve.answer(room, asked), /does not know who you are.*chat: \{ matrix: '@eve:example\.test' \}/s);
    assert.equal((await allclear.api("GET", `/incidents/${incident.id}`)).updates.length, 0);
  });

  await t.test("an incident is declared from the chat, and Allclear comes to rooms that people of ours open", async () => {
    const { room_id: own } = await ana.ask("POST", "/createRoom", { preset: "private_chat", invite: [bot.id] });
    await until("it to come", async () => {
      const { joined } = await ana.ask("GET", `/rooms/${encodeURIComponent(own)}/joined_members`);
      return bot.id in joined;
    });
    const asked = await ana.say(own, "!allclear declare sev1 operational The truck is gone");
    assert.match(await ana.answer(own, asked), /^Declared: SEV1 · operational · The truck is gone\n.*\nA room is opened/);
    const { items } = await allclear.api("GET", "/incidents");
    const declared = items.find((one) => one.title === "The truck is gone");
    assert.deepEqual([declared.class, declared.severity, declared.reported_by], ["operational", "SEV1", "chat:ops:ana"]);
    const truck = await ana.comeTo("the-truck-is-gone");
    assert.match(await ana.answer(truck, await ana.say(truck, "!allclear status")), /The truck is gone/);
    assert.match(await ana.answer(own, await ana.say(own, "!allclear status")), /several incidents are open/);
  });

  await t.test("while the homeserver is away nothing is lost, and nothing is said twice", async () => {
    await homeserver.program.stop();
    const texts = ["One: we look", "Two: we see it", "Three: we mend it", "Four: it holds"];
    for (const text of texts) await update(incident, text);
    const quiet = await declare("Search is slow");
    await until("the trouble to show", async () => (await state()).error && (await state()).waiting >= 4);
    assert.equal((await allclear.api("GET", `/incidents/${quiet.id}`)).phase, "active", "everything else works");
    await homeserver.start();
    const said = await until("all of it", async () => {
      const found = (await spoken(room)).filter((text) => text.startsWith("Update by ana"));
      return found.length >= texts.length && found;
    }, { within: 60_000 });
    assert.deepEqual(said, texts.map((text) => `Update by ana: ${text}`), "in order, each once");
    const search = await ana.comeTo("search-is-slow");
    await until("it to be well again", async () => !(await state()).error && (await state()).waiting === 0, { within: 60_000 });
    assert.equal((await spoken(search)).length, 1);
  });

  await t.test("what people say while Allclear is dead is acted upon once", async () => {
    await ana.say(room, "!allclear task Said before");
    await until("the task", async () => (await allclear.api("GET", `/incidents/${incident.id}`)).tasks.some((task) => task.title === "Said before"));
    // More than comes with one answer of the homeserver.
    const talk = (async () => {
      for (let n = 0; n < 70; n += 1) {
        await ana.say(room, n % 10 === 0 ? `!allclear task Number ${n}` : `chatter ${n}`);
        if (n === 15) await allclear.program.kill();
      }
    })();
    await talk;
    await allclear.start();
    const wanted = [0, 10, 20, 30, 40, 50, 60].map((n) => `Number ${n}`);
    const titles = async () => (await allclear.api("GET", `/incidents/${incident.id}`)).tasks.map((task) => task.title).filter((title) => title.startsWith("Number"));
    await until("all tasks", async () => (await titles()).length >= wanted.length, { within: 30_000 });
    // What is heard a second time would be acted upon by now.
    await ana.answer(room, await ana.say(room, "!allclear status"));
    assert.deepEqual((await titles()).sort(), wanted);
    await allclear.program.kill();
    await allclear.start();
    await ana.answer(room, await ana.say(room, "!allclear status"));
    assert.deepEqual((await titles()).sort(), wanted, "and not again after the next start");
  });

  await t.test("what is restricted never leaves", async () => {
    const secret = await declare("The heron was seen", { class: "security" });
    assert.equal(secret.visibility, "restricted");
    await update(secret, "The heron again");
    const asked = await ana.say(hall, `!allclear status ${secret.id}`);
    await ana.ask("POST", `/rooms/${encodeURIComponent(hall)}/invite`, { user_id: bot.id }).catch(() => {});
    assert.match(await ana.answer(hall, asked), /there is no incident|not found|nothing is said in a chat/);
    await allclear.api("POST", `/incidents/${incident.id}/act`, { do: "restrict", why: "It is a breach" });
    await until("the room to be told", async () => (await spoken(room)).at(-1)?.startsWith("This goes on in Allclear only"));
    await update(incident, "The heron has the keys");
    assert.match(await ana.answer(room, await ana.say(room, "!allclear status")), /goes on in Allclear only/);
    await allclear.api("POST", "/chats/ops/test");
    await until("the test", async () => (await spoken(hall)).some((text) => text.startsWith("Allclear speaks here. ana tried it out.")));
    for (const place of [room, hall]) {
      const all = (await ana.messages(place)).filter((event) => event.sender === bot.id);
      assert.ok(!JSON.stringify(all).includes("heron"), "not a word of it");
    }
  });
});

test("Slack: signed or not at all, in order, and once", async (t) => {
  const rig = await Rig.start(t);
  const [token, secret] = ["xoxb-journeys", "8f742231b10e8888abcd99yyyzzz85a5"];
  const slack = await startSlack(rig, { token, secret });
  const args = ["--chat-secrets", await chatSecrets(rig, { "firm.token": token, "firm.signing-secret": secret })];
  const allclear = await startCompany(rig, { args, documents: known({ ana: "{slack: U0ANA}", ben: "{slack: U0BEN}" }) });
  const spec = { title: "Work", provider: { slack: { api: slack.url } }, announce: "C0ANNOUNCE", rooms: {} };
  await allclear.api("PUT", "/documents/chat/firm", { kind: "chat", name: "firm", spec });
  const url = `${allclear.url}/chats/firm/slack`;
  let count = 0;
  const slash = (text, { user = "U0ANA", channel = "C0ANNOUNCE", trigger = `${++count}.trigger`, ...more } = {}) =>
    slack.bring(url, { command: "/allclear", text, user_id: user, channel_id: channel, trigger_id: trigger, team_id: "T1" }, more);
  const incidents = async () => (await allclear.api("GET", "/incidents")).items;

  await t.test("what Slack did not sign changes nothing", async () => {
    for (const [what, more] of [["another secret", { by: "other" }], ["an old signature", { at: Date.now() - 301_000 }], ["one of the future", { at: Date.now() + 301_000 }]]) {
      const refused = await slash("declare It burns", more);
      assert.equal(refused.status, 401, `${what}: ${refused.text}`);
    }
    assert.equal((await fetch(url, { method: "POST", body: "command=/allclear&text=declare+It+burns" })).status, 401);
    assert.equal((await slack.bring(url.replace("firm", "none"), { command: "/allclear" })).status, 401, "no such chat");
    assert.deepEqual(await incidents(), []);
    const asked = await slack.bring(url, {}, { json: { type: "url_verification", challenge: "3eZbrw1aB" } });
    assert.deepEqual(asked.json, { challenge: "3eZbrw1aB" });
  });

  await t.test("a command is obeyed once, and answered to whoever typed it", async () => {
    const said = await slash("declare sev2 Orders &lt;!channel&gt; vanish", { trigger: "same" });
    assert.equal(said.json.response_type, "ephemeral");
    assert.match(said.json.text, /^Declared: SEV2 · system · Orders &lt;!channel&gt; vanish\n/);
    assert.deepEqual(await slash("declare sev2 Orders &lt;!channel&gt; vanish", { trigger: "same" }), said, "a repeat gets the same answer");
    assert.equal((await incidents()).length, 1);
    const room = await until("the room", () => slack.channels.find((one) => one.name.includes("orders-channel-vanish")));
    const first = await slack.message("the first words", (one) => one.channel === room.id);
    assert.match(first.text, /Orders &lt;!channel&gt; vanish/, "nobody is called by a title");
    await until("the invitation", () => room.invited.includes("U0ANA"));
    await slack.message("the announcement", (one) => one.channel === "C0ANNOUNCE" && one.text.includes("app_redirect"));
    assert.match((await slash("update We look next 30m", { channel: room.id })).json.text, /The responders are told\. The next one is promised by/);
    await slack.message("the update", (one) => one.text.startsWith("Update by ana: We look\nNext update by"));
    assert.match((await slash("status", { user: "U0EVE" })).json.text, /chat: \{ slack: 'U0EVE' \}/);
    assert.match((await slash("help")).json.text, /\/allclear task/);
    assert.match((await slash("ack")).json.text, /nothing calls you/);
  });

  await t.test("a message is pinned from its menu", async () => {
    const [incident] = await incidents();
    const room = slack.channels.at(-1);
    const second = Math.floor(Date.now() / 1000) - 60;
    const payload = { type: "message_action", callback_id: "pin", trigger_id: "pin.1", user: { id: "U0BEN" }, channel: { id: room.id }, message: { user: "U0ANA", ts: `${second}.000200`, text: "It began at nine" } };
    for (const trigger_id of ["pin.1", "pin.1", "pin.2"]) {
      const { status } = await slack.bring(url, { payload: JSON.stringify({ ...payload, trigger_id }) });
      assert.equal(status, 200);
    }
    const entries = await told(allclear, incident.id, "entry.added");
    assert.deepEqual(entries.map((entry) => [entry.data.text, entry.actor, entry.at]), [["ana, in the chat: It began at nine", "chat:firm:ben", new Date(second * 1000).toISOString().replace(".000Z", ".0002Z")]]);
    await until("the answers", () => slack.whispers.length === 2);
    assert.deepEqual(slack.whispers.map((one) => [one.user, one.text]), [["U0BEN", "It is on the timeline."], ["U0BEN", "It is on the timeline already."]]);
  });

  await t.test("a throttle is waited for, and what arrived without an answer is not said again", async () => {
    const [incident] = await incidents();
    const room = slack.channels.at(-1);
    const answers = [{ status: 429, headers: { "retry-after": "2" } }, { broken: true }];
    slack.answer = (method) => (method === "chat.postMessage" ? answers.shift() : undefined);
    const began = Date.now();
    for (const text of ["One", "Two", "Three"]) await allclear.api("POST", `/incidents/${incident.id}/updates`, { audience: "internal", text });
    const updates = () => slack.said(room.id).filter((text) => /: (One|Two|Three)$/.test(text));
    await until("all three", () => updates().length >= 3, { within: 40_000 });
    await sleep(1_000);
    assert.deepEqual(updates(), ["One", "Two", "Three"].map((text) => `Update by ana: ${text}`));
    assert.ok(Date.now() - began >= 2_000, "Retry-After is honoured");
    assert.ok(slack.calls.some((call) => call.method === "conversations.history"), "it asked whether it had arrived");
  });
});
