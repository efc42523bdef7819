// The receiver that the guide shows, as it stands there, asked by somebody who signs with the library of Standard Webhooks.
import assert from "node:assert/strict";
import { chmod, readFile, writeFile } from "node:fs/promises";
import test from "node:test";
import { Webhook } from "standardwebhooks";
import { freePort, Rig, sleep, until } from "./rig/process.mjs";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const COMMAND = `#!/bin/sh
echo "$@" >> done.log
[ "$1" = --check ] && { [ "$4" = v0 ] && { echo 'v0 is gone' >&2; exit 3; }; exit 0; }
[ "$3" = v2 ] && { sleep 60; }
[ "$3" = v1 ] && { echo 'the disk is full' >&2; exit 1; }
exit 0
`;

test("the receiver of the guide verifies, does each key once, and says how it goes", async (t) => {
  const rig = await Rig.start(t);
  const guide = await readFile(new URL("../docs/rollback.md", import.meta.url), "utf8");
  const [, source] = /```python\n([\s\S]*?)```/.exec(guide);
  await writeFile(rig.file("receiver.py"), source);
  await writeFile(rig.file("rollback"), COMMAND);
  await chmod(rig.file("rollback"), 0o755);
  const port = await freePort();
  const env = { PORT: String(port), ROLLBACK_SECRET: SECRET, ROLLBACK_COMMAND: rig.file("rollback"), ROLLBACK_STATE: rig.file("kept") };
  const url = `http://127.0.0.1:${port}/`;
  const start = async () => {
    const program = rig.spawn("receiver", "python3", ["receiver.py"], { env });
    await rig.ready(program, async () => (await fetch(url, { method: "POST" })).status === 401);
    return program;
  };
  const ask = async (kind, key, more = {}, { at = new Date(), spoil = (headers) => headers } = {}) => {
    const data = { key, action: "rollback", change: "cng_1", title: "It's", service: "checkout", environment: null, from: "v9", to: "v8", ...more };
    const body = JSON.stringify({ type: `rollback.${kind}`, timestamp: at.toISOString(), data });
    const id = kind === "execute" ? key : `${key}-${kind}-${at.getTime()}`;
    const headers = { "webhook-id": id, "webhook-timestamp": String(Math.floor(at / 1000)), "webhook-signature": new Webhook(SECRET).sign(id, at, body) };
    const answer = await fetch(url, { method: "POST", headers: spoil(headers), body });
    return [answer.status, await answer.json()];
  };
  const over = (key) => until("its end", async () => ((await ask("status", key))[1].state !== "running" ? (await ask("status", key))[1] : undefined));
  const did = async () => (await readFile(rig.file("done.log"), "utf8")).trim().split("\n");

  let receiver = await start();
  assert.deepEqual(await ask("preflight", "rbk_1"), [200, { state: "ready" }]);
  assert.deepEqual(await ask("preflight", "rbk_1", { to: "v0" }), [200, { state: "denied", why: "v0 is gone" }]);
  assert.deepEqual((await did()).map((line) => line.split(" ")[0]), ["--check", "--check"], "a question does nothing");
  assert.equal((await ask("status", "rbk_1"))[0], 404);

  const both = await Promise.all([ask("execute", "rbk_1"), ask("execute", "rbk_1")]);
  assert.deepEqual(both.map(([status]) => status).sort(), [200, 202]);
  assert.deepEqual(await over("rbk_1"), { state: "succeeded" });
  assert.equal((await ask("execute", "rbk_1"))[0], 200);
  assert.equal((await did()).filter((line) => line === "checkout - v8").length, 1, "once");
  await ask("execute", "rbk_2", { to: "v1" });
  assert.deepEqual(await over("rbk_2"), { state: "failed", why: "the disk is full" });

  for (const wrong of [{ to: "--all" }, { to: "v1; rm -rf /" }, { service: "../x" }, { to: null }]) {
    assert.equal((await ask("execute", "rbk_3", wrong))[0], 422, JSON.stringify(wrong));
  }
  assert.equal((await ask("execute", "../../rbk_3"))[0], 422);
  assert.equal((await ask("else", "rbk_3"))[0], 404);
  const late = new Date(Date.now() - 400_000);
  assert.equal((await ask("execute", "rbk_4", {}, { at: late }))[0], 401);
  for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature"]) {
    const spoil = (headers) => ({ ...headers, [name]: "1" });
    assert.equal((await ask("execute", "rbk_4", {}, { spoil }))[0], 401, name);
  }
  assert.equal((await ask("status", "rbk_4"))[0], 404, "nothing was begun");

  await ask("execute", "rbk_5", { to: "v2" });
  assert.deepEqual((await ask("status", "rbk_5"))[1], { state: "running" });
  await receiver.kill();
  await sleep(100);
  receiver = await start();
  assert.deepEqual((await ask("status", "rbk_5"))[1], { state: "unknown" }, "what was running is not guessed");
  assert.equal((await ask("execute", "rbk_5", { to: "v2" }))[0], 200, "nor done again");
  assert.deepEqual((await ask("status", "rbk_1"))[1], { state: "succeeded" });
});
