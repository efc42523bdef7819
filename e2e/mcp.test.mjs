// An assistant reads, asks and writes through the official Python client, unchanged, by HTTP and by standard input and output.
import assert from "node:assert/strict";
import test from "node:test";
import { binary } from "./rig/allclear.mjs";
import { startCompany } from "./rig/company.mjs";
import { assistant, noPython } from "./rig/mcp.mjs";
import { Rig, ran } from "./rig/process.mjs";

test("an assistant may what its token may, and a note is written once a person agreed", { skip: noPython }, async (t) => {
  const rig = await Rig.start(t);
  const allclear = await startCompany(rig, { others: ["ben"] });
  const make = (body) => allclear.api("POST", "/incidents", { class: "system", ...body });
  const open = await make({ title: "Payments time out", impact: "One in five is refused", services: ["payments"] });
  const quiet = await make({ title: "Ledger breach", class: "security", visibility: "restricted" });
  const reader = await allclear.api("POST", "/tokens", { name: "reader", access: "viewer", scopes: ["read"] });

  const asked = { incident: open.id, hidden: quiet.id };
  for (const [transport, mode] of [["http", "auto"], ["http", "legacy"], ["stdio", "auto"], ["stdio", "legacy"]]) {
    const say = `${transport}, ${mode}`;
    const speak = (token, more) => assistant(rig, { transport, mode, binary, url: allclear.url, token, ...more });
    const ana = await speak(allclear.token, asked);
    assert.deepEqual(ana.tools, ["search", "list_open_incidents", "read_incident", "similar_incidents", "who_is_on_call", "read_postmortem", "draft_update", "add_note"], say);
    assert.equal(ana.protocol, mode === "auto" ? "2026-07-28" : "2025-11-25", say);
    assert.equal(ana.read.record.incident.title, "Payments time out", say);
    assert.equal(ana.on_call.record.items[0].person, "ana", say);
    assert.equal(ana.search.record.results[0].id, open.id, say);
    assert.match(ana.draft.record.draft, /Payments time out|One in five/, say);
    assert.equal(ana.open.record.items.length, 2, say);
    assert.match(ana.resource, /^> Quoted from the record[^]*Payments time out/, say);
    assert.match(ana.first.would, /Write this note on the timeline of Payments time out/, say);
    assert.match(ana.second.done.entry, /^evt_/, say);
    assert.match(ana.again.error, /done already/, say);
    if (mode === "auto") {
      assert.match(ana.accept.done.entry, /^evt_/, say);
      assert.match(ana.asked, /wants to do this in your name:[^]*Write this note on the timeline of Payments time out/, say);
      for (const no of ["decline", "cancel"]) assert.match(ana[no].error, /Nothing was done: the person did not agree/, say);
    } else {
      for (const any of ["accept", "decline", "cancel"]) assert.match(ana[any].confirmation, /./, say);
      assert.equal(ana.asked, undefined, say);
    }
    assert.match(ana.postmortem.error, /postmortem/, say);
    assert.match(ana.unknown, /there is no tool/, say);

    // A token that only reads is offered nothing else; who is not named finds nothing of what is restricted.
    const [read, ben] = await Promise.all([speak(reader.secret, asked), speak(allclear.tokens.ben, asked)]);
    assert.ok(!read.tools.includes("add_note"), say);
    assert.match(read.first.error, /scope incidents/, say);
    assert.equal(ben.open.record.items.length, 1, say);
    assert.match(ben.hidden.error, /there is no incident/, say);
    assert.match(ben.hidden_resource, /there is no incident/, say);
  }
  // Ana's and Ben's, each by every way, and those that a person was asked about; each says how it came.
  const timeline = await allclear.api("GET", `/incidents/${open.id}/timeline`);
  const notes = timeline.items.filter((entry) => entry.kind === "entry.added");
  assert.equal(notes.length, 2 * 4 + 2 * 2, "none of those that a person did not agree to");
  assert.ok(notes.every((entry) => entry.data.via === "assistant"));

  // Without a server the assistant is told so, and is not left waiting.
  const line = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" });
  const alone = await ran(binary, ["mcp"], { input: `${line}\n`, env: { ALLCLEAR_URL: "http://127.0.0.1:9" } });
  assert.match(JSON.parse(alone).error.message, /cannot be reached/);
});
