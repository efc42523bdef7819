// The record of an incident goes to others in their languages, and everything goes to another house in one file.
import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import test from "node:test";
import { binary, freshDatabase, startAllclear } from "./rig/allclear.mjs";
import { startCompany } from "./rig/company.mjs";
import { noValidator, validated } from "./rig/exchange.mjs";
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
