// The record of an incident goes to others in their languages, and everything goes to another house in one file.
import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import test from "node:test";
import { binary, freshDatabase, startAllclear } from "./rig/allclear.mjs";
import { startCompany } from "./rig/company.mjs";
import { flawsOfVeris, noValidator, noVeris, validated } from "./rig/exchange.mjs";
import { Rig, ran, run } from "./rig/process.mjs";

const tool = (...words) => ran(binary, words);

/** A breach with something of everything on record. */
async function breach(allclear) {
  const make = (path, body) => allclear.api("POST", path, body);
  const { id } = await make("/incidents", { title: "Mail was read", class: "security", visibility: "restricted", because: "a rule forwards mail" });
  const of = (what, body) => make(`/incidents/${id}/${what}`, body);
  const seen = { verdict: "malicious", tlp: "GREEN", first_seen: "2026-01-02T03:04:05Z", last_seen: "2026-01-02T04:00:00Z" };
  await of("observables", { values: [{ value: "198.51.100.7" }, { value: "2001:db8::7" }, { value: "evil.example" }, { value: "https://evil.example/it's" }, { value: "eve@evil.example" }], ...seen });
  await of("observables", { values: [{ value: "ab".repeat(32) }, { value: "cd".repeat(20) }, { value: "ef".repeat(16) }], verdict: "suspicious", tlp: "AMBER" });
  for (const [type, value] of [["filename", "invoice.xlsm"], ["account", "CORP\\svc"], ["user-agent", "curl/9"], ["process", "powershell -enc"]])
    await of("observables", { values: [{ value, type }], tlp: "AMBER+STRICT" });
  await of("affected", { subject: "records", data: "payment data", count: { precision: "exact", value: 1204 } });
  await of("stamps", { milestone: "compromise-started", at: "2026-01-01" });
  await of("techniques", { do: "name", technique: "T1566.001" });
  await of("techniques", { do: "name", technique: "TA0001" });
  return id;
}

test("the record is written in the languages of the field, as far as its markings let it", async (t) => {
  const rig = await Rig.start(t);
  const allclear = await startCompany(rig);
  const id = await breach(allclear);
  const told = async (...more) => JSON.parse(await allclear.told("incident", "export", id, ...more));

  const shared = await told("--format", "stix", "--up-to", "GREEN");
  assert.ok(!JSON.stringify(shared).includes("Mail was read") && !JSON.stringify(shared).includes(id));
  assert.equal(shared.objects.filter((one) => one.type === "indicator").length, 5);
  const whole = await told("--format", "stix", "--up-to", "RED");
  assert.deepEqual(await told("--format", "stix", "--up-to", "RED"), whole);
  const veris = await told("--format", "veris", "--up-to", "RED");
  assert.equal(veris.security_incident, "Confirmed");
  const refused = await allclear.cli("incident", "export", id, "--format", "veris");
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /marked TLP:RED/);

  if (noValidator) return t.diagnostic(`left out: ${noValidator}`);
  for (const [name, bundle] of Object.entries({ shared, whole })) {
    const file = rig.file(`${name}.json`);
    await writeFile(file, JSON.stringify(bundle));
    assert.match(await validated(file), /Results for[^]*\[\+\] STIX JSON: Valid/, name);
  }
});

/** Incidents of many sorts, each with what could be said of it in a way that VERIS does not know. */
async function ofAllSorts(allclear) {
  const make = (path, body) => allclear.api("POST", path, body);
  const incident = async (title, what, more = {}) => {
    const { id } = await make("/incidents", { title, class: "security", ...more });
    for (const [of, body] of what) await make(`/incidents/${id}/${of}`, body);
    return id;
  };
  const stamp = (milestone, at) => ["stamps", { milestone, at }];
  const affected = (subject, value, more) => ["affected", { subject, count: { precision: "exact", value }, ...more }];
  const money = (unit, count) => ["affected", { subject: "money", unit, count }];
  const technique = (one) => ["techniques", { do: "name", technique: one }];
  const malware = await incident("Ransomware on three hosts", [
    affected("hosts", 3), technique("T1486"), stamp("compromise-started", "2026-01-01 23:59"), stamp("detected", "2026-01-02 00:05:07"), stamp("contained", "2026-01-02 04:00"),
    ["observables", { values: [{ value: "ab".repeat(32) }], verdict: "malicious", tlp: "GREEN" }], money("EUR", { precision: "between", value: 10, to: 20 }),
  ]);
  const phishing = await incident("A letter asked for passwords", [
    affected("records", 7, { data: "credentials" }), affected("records", 9, { data: "payment data" }), affected("data-subjects", 4, { data: "contact data" }),
    technique("T1566.001"), stamp("compromise-started", "2026-01"), stamp("detected", "2026-01-03 13:10"), money("BYN", { precision: "exact", value: 12 }),
  ]);
  const misuse = await incident("An employee read what was none of theirs", [affected("records", 0, { data: "health data" }), stamp("compromise-started", "1949"), money("shells", { precision: "exact", value: 5 })]);
  const error = await incident("A bucket stood open", [affected("records", 1200, { data: "source code" }), stamp("impact-started", "2025"), money("USD", { precision: "at-least", value: 1 })], { class: "operational", near_miss: true, only_reported: true });
  const unknown = await incident("\"Quotes\", <tags> & nothing else", []);
  const none = await incident("It was a test", [stamp("detected", "2026-01-02 12:00")]);
  await make(`/incidents/${none}/act`, { do: "cancel", why: "a test" });
  return { malware, phishing, misuse, error, unknown, none };
}

test("what is written as VERIS is valid by its schema", async (t) => {
  if (noVeris) return t.skip(`left out: ${noVeris}`);
  const rig = await Rig.start(t);
  const allclear = await startCompany(rig);
  const all = { breach: await breach(allclear), ...(await ofAllSorts(allclear)) };
  const said = {};
  for (const [sort, id] of Object.entries(all)) {
    const file = rig.file(`${sort}.veris.json`);
    await writeFile(file, await allclear.told("incident", "export", id, "--format", "veris", "--up-to", "RED"));
    assert.equal(await flawsOfVeris(file), "", sort);
    said[sort] = JSON.parse(await readFile(file, "utf8"));
  }
  assert.deepEqual(said.malware.timeline, { incident: { year: 2026, month: 1, day: 1, time: "11:59:00 PM" }, discovery: { unit: "Minutes" }, containment: { unit: "Hours", value: 4 } });
  const sorts = Object.fromEntries(Object.entries(said).map(([sort, one]) => [sort, one.security_incident]));
  assert.deepEqual(sorts, { breach: "Confirmed", malware: "Suspected", phishing: "Confirmed", misuse: "Suspected", error: "Near miss", unknown: "Suspected", none: "False positive" });
  // The check can fail.
  const file = rig.file("wrong.json");
  await writeFile(file, JSON.stringify({ ...said.malware, asset: { assets: [{ variety: "Teapot" }] } }));
  assert.match(await flawsOfVeris(file), /Teapot[^]*'cloud' is a required property|'cloud' is a required property[^]*Teapot/);
});

test("everything goes into one file, and from it into an empty house of either database", async (t) => {
  const rig = await Rig.start(t);
  const allclear = await startCompany(rig);
  const id = await breach(allclear);
  const evidence = rig.file("memory.raw");
  await writeFile(evidence, "what was in memory");
  await allclear.told("incident", "evidence", "add", id, evidence, "--title", "Memory");
  await allclear.told("incident", "note", id, "Before the move");
  const file = rig.file("all.tar.gz");
  assert.match(await tool("archive", "export", file, "--data", allclear.data), /1 files of evidence are in|and 1 files of evidence of/);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.match(await ran("tar", ["tzf", file]), /^manifest\.json\n[^]*tables\/incidents\.jsonl[^]*evidence\/[0-9a-f]{64}\n$/);
  await allclear.program.kill();

  const database = await freshDatabase(rig);
  const places = { sqlite: ["--data", rig.file("moved")], ...(database && { postgres: ["--database", database, "--data", rig.file("moved-2")] }) };
  for (const [engine, place] of Object.entries(places)) {
    const bad = rig.file(`${engine}-bad.tar.gz`);
    const bytes = await readFile(file);
    bytes[bytes.length >> 1] ^= 1;
    await writeFile(bad, bytes);
    const refused = await run(binary, ["archive", "import", bad, ...place]);
    assert.match(refused.stderr, /nothing was changed/, engine);
    assert.match(await tool("archive", "import", file, ...place), /1 files of evidence are in/, engine);
    assert.match(await tool("verify", ...place), /sealed|verif/i, engine);
    assert.equal((await run(binary, ["archive", "import", file, ...place])).code, 1, engine);
    // It opens as it was: the token still opens, and the evidence is what it was.
    const there = await startAllclear(rig, { data: place.at(-1), database: engine === "postgres" ? database : undefined });
    there.token = allclear.token;
    const timeline = await there.api("GET", `/incidents/${id}/timeline`);
    assert.ok(timeline.items.some((entry) => entry.data.text === "Before the move"), engine);
    const [kept] = (await there.api("GET", `/incidents/${id}/evidence`)).items;
    const copy = rig.file(`${engine}.raw`);
    await there.told("incident", "evidence", "get", id, kept.id, copy);
    assert.equal(await readFile(copy, "utf8"), "what was in memory", engine);
    await there.program.kill();
  }
});
