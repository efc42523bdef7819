// Killed at random moments under load, again and again: nothing that was answered 2xx is lost, and every page
// that was due was sent. Then the disk is full, and then it cannot be written at all: clear errors, no false 2xx.
import assert from "node:assert/strict";
import { mkdir, rm, writeFile } from "node:fs/promises";
import test from "node:test";
import { post, webhookBody } from "./rig/alerts.mjs";
import { binary, freshDatabase, startAllclear } from "./rig/allclear.mjs";
import { startCompany } from "./rig/company.mjs";
import { Rig, run, sleep, until } from "./rig/process.mjs";
import { startSink } from "./rig/sinks.mjs";

const kills = Number(process.env.KILLS ?? 50);
const writers = 4;

/** One in eight alerts pages, each for itself; the others are recorded only. */
const documents = (hook) => `kind: person
name: ana
spec:
  full_name: Ana Silva
  email: ana@example.test
  access: administrator
  contacts: [{name: hook, webhook: '${hook}/ana'}]
  ladder: {high: [{contact: hook}], low: [{contact: hook}]}
---
kind: escalation-policy
name: ana
spec: {title: Ana, steps: [{notify: [{person: ana}], wait: 1h}]}
---
kind: route
name: pages
spec: {order: 1, match: [page=yes], escalation_policy: ana, urgency: high, group_by: [alertname]}
---
kind: route
name: records
spec: {order: 2, match: [page=no], urgency: none, group_by: [page]}
---
kind: integration
name: load
spec: {title: Load, source: {alertmanager: {resolve_timeout: 7d}}}
`;

/** The load: posts from several connections until told to stop, and remembers what was answered 2xx. */
function startLoad(allclear, seen) {
  const url = `${allclear.url}/in/load/alertmanager`;
  let going = true;
  const writer = async (number) => {
    while (going) {
      const alerts = Array.from({ length: 1 + Math.floor(Math.random() * 16) }, () => {
        seen.count += 1;
        return { labels: { alertname: `load-${number}-${seen.count}`, page: Math.random() < 1 / 8 ? "yes" : "no" } };
      });
      const { status, text } = await post(url, allclear.integrationToken, webhookBody(alerts));
      if (status >= 200 && status < 300) for (const { labels } of alerts) seen.acknowledged.set(labels.alertname, labels.page === "yes");
      else if (status !== 0 && status < 500) seen.wrong.push(`${status} ${text}`);
      else if (status === 0) await sleep(5);
    }
  };
  const all = Promise.all(Array.from({ length: writers }, (_, number) => writer(number)));
  return async () => {
    going = false;
    await all;
  };
}

/** The names of all alerts that the server knows of, by the v2 API. */
async function known(allclear) {
  const answer = await fetch(`${allclear.url}/in/load/api/v2/alerts`, { headers: { authorization: `Bearer ${allclear.token}` } });
  assert.equal(answer.status, 200);
  return new Set((await answer.json()).map((alert) => alert.labels.alertname));
}

/** Kills at least `least` times, and more often where the machine is so slow that too little was taken in to show anything. */
async function killedAgainAndAgain(t, { database, least }) {
  const rig = await Rig.start(t);
  const sink = await startSink(rig);
  const allclear = await startCompany(rig, { database, documents: documents(sink.url), integration: "load" });
  const seen = { count: 0, acknowledged: new Map(), wrong: [] };
  const paging = () => [...seen.acknowledged].filter(([, pages]) => pages).map(([name]) => name);
  const enough = () => seen.acknowledged.size > least * 10 && paging().length > least;
  let times = 0;
  for (; times < least || (!enough() && times < least * 5); times += 1) {
    const stop = startLoad(allclear, seen);
    await sleep(20 + Math.random() * 400);
    await allclear.program.kill("SIGKILL");
    await stop();
    await allclear.start();
  }
  const pagesDue = paging();
  const nameOf = (request) => /load-\d+-\d+/.exec(request.body)?.[0];
  const pagesSent = () => new Set(sink.requests.map(nameOf));
  await until("all due pages to be sent", () => pagesDue.every((name) => pagesSent().has(name)), { within: 90_000, every: 500 }).catch(() => {});
  await sleep(1000);
  const there = await known(allclear);
  const lost = [...seen.acknowledged.keys()].filter((name) => !there.has(name));
  const sent = pagesSent();
  const unsent = pagesDue.filter((name) => !sent.has(name));
  const duplicates = sink.requests.length - new Set(sink.requests.map((request) => request.headers["webhook-id"])).size;
  const line = `acked ${seen.acknowledged.size} lost ${lost.length} pages due ${pagesDue.length} sent ${pagesDue.length - unsent.length} duplicates ${duplicates} kills ${times}`;
  t.diagnostic(line);
  assert.deepEqual(seen.wrong, [], "under load a server is busy or gone, but never says that the request is wrong");
  assert.ok(enough(), `too little was taken in to show anything: ${line}`);
  assert.deepEqual(lost, [], "lost although answered 2xx");
  assert.deepEqual(unsent, [], "due and not sent");
  // A duplicate is a message that was sent while the node died: at most what was in flight, and always with the
  // same id, so that a receiver can tell. Each page is one message.
  assert.ok(duplicates <= times * 64, `more duplicates than could be in flight: ${line}`);
  const ids = new Map();
  for (const request of sink.requests) {
    const name = nameOf(request);
    ids.set(name, (ids.get(name) ?? new Set()).add(request.headers["webhook-id"]));
  }
  assert.deepEqual([...ids].filter(([, set]) => set.size > 1).map(([name]) => name), [], "one page, several messages");
  await allclear.program.stop();
  if (!database) {
    const check = await run(binary, ["check", "--data", allclear.data]);
    assert.equal(check.code, 0, check.stderr + check.stdout);
  }
}

test(`killed ${kills} times under load, on SQLite: nothing acknowledged is lost, every due page is sent`, (t) =>
  killedAgainAndAgain(t, { least: kills }));

test("killed 10 times under load, on PostgreSQL: the same", async (t) => {
  const rig = await Rig.start(t);
  const database = await freshDatabase(rig);
  assert.ok(database, "ALLCLEAR_TEST_POSTGRES says where PostgreSQL is");
  await killedAgainAndAgain(t, { database, least: Math.min(kills, 10) });
});

/** A command in a mount namespace of its own, after `prepare`: whatever it mounts goes with it. */
const inNamespace = (prepare) => (command) => [
  "unshare",
  ...(process.getuid() === 0 ? [] : ["--user", "--map-root-user"]),
  "--mount",
  "sh",
  "-ec",
  `${prepare}; exec "$@"`,
  "sh",
  ...command,
];

test("a full disk: an error, never a false 2xx; and all is well again when there is room", async (t) => {
  const rig = await Rig.start(t);
  const sink = await startSink(rig);
  const data = rig.file("data");
  // The database is moved onto a small disk of its own, beside a file that can make room.
  const wrap = inNamespace(`cp -a '${data}' '${data}.kept'; mount -t tmpfs -o size=12m tmpfs '${data}'; cp -a '${data}.kept/.' '${data}'; head -c 4M /dev/zero >'${data}/ballast'`);
  const allclear = await startCompany(rig, { data, documents: documents(sink.url), integration: "load", wrap });
  const url = `${allclear.url}/in/load/alertmanager`;
  const acknowledged = [];
  let refused;
  for (let round = 0; round < 3000 && !refused; round += 1) {
    const alerts = Array.from({ length: 50 }, (_, n) => ({ labels: { alertname: `disk-${round}-${n}`, page: "no", filler: `${Math.random()}`.repeat(20) } }));
    const { status, text } = await post(url, allclear.integrationToken, webhookBody(alerts));
    if (status >= 200 && status < 300) acknowledged.push(...alerts.map((alert) => alert.labels.alertname));
    else refused = { status, text };
  }
  assert.ok(refused, "the disk was never full");
  assert.ok(refused.status >= 500 && refused.status <= 599, `a full disk is our trouble, not the sender's: ${refused.status} ${refused.text}`);
  // The source is told to come again; the operator is told why, under the number that the source was given.
  const { incident } = JSON.parse(refused.text);
  const said = await until(`a line of the log with ${incident}`, async () => (await allclear.program.log()).split("\n").find((line) => line.includes(incident)));
  assert.match(said, /disk|space|full/i, "the log does not say what is wrong");
  t.diagnostic(`after ${acknowledged.length} alerts: ${refused.status} ${refused.text}; the log says: ${said}`);
  const missing = async () => {
    const there = await known(allclear);
    return acknowledged.filter((name) => !there.has(name));
  };
  assert.deepEqual(await missing(), [], "still readable with a full disk");
  // The folder as the program sees it, in its namespace.
  await rm(`/proc/${allclear.program.pid}/root${data}/ballast`);
  await until("room again", async () => (await post(url, allclear.integrationToken, webhookBody([{ labels: { alertname: "after", page: "yes" } }]))).status === 200);
  acknowledged.push("after");
  await sink.request("the page after the full disk", (request) => request.body.includes("after"));
  assert.deepEqual(await missing(), []);
});

test("a data directory that cannot be written: it does not start, and says why", async (t) => {
  const rig = await Rig.start(t);
  const data = rig.file("data");
  await mkdir(data);
  const allclear = await startAllclear(rig, { data, wait: false, wrap: inNamespace(`mount --bind '${data}' '${data}'; mount -o remount,ro,bind '${data}'`) });
  const { code } = await Promise.race([allclear.program.ended, sleep(10_000).then(() => ({ code: "still running" }))]);
  assert.ok(Number.isInteger(code) && code !== 0, `ended with ${code}`);
  const said = await allclear.program.log();
  assert.ok(said.includes(data), `it does not name the directory:\n${said}`);
  assert.match(said, /read.only|cannot be written|permission/i);
  assert.doesNotMatch(said, /panicked|RUST_BACKTRACE/);
});

test("a data directory that is a file, and a database that is none: it does not start, and says why", async (t) => {
  const rig = await Rig.start(t);
  const data = rig.file("data");
  await mkdir(data);
  for (const [what, prepare] of [
    ["a file", async (path) => writeFile(path, "")],
    ["a folder with rubbish for a database", async (path) => mkdir(path).then(() => writeFile(`${path}/allclear.db`, "rubbish ".repeat(2000)))],
  ]) {
    const path = `${data}/${what.replaceAll(" ", "-")}`;
    await prepare(path);
    const { code, stdout, stderr } = await run(binary, ["serve", "--data", path, "--listen", "127.0.0.1:0"]);
    assert.ok(code !== 0, what);
    assert.ok((stdout + stderr).includes(path), `${what}: it does not name the place:\n${stdout}${stderr}`);
    assert.doesNotMatch(stdout + stderr, /panicked/);
  }
});
