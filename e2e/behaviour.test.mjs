// The scripts in Chromium, on the pages of the gallery: keys, palette, selection, filters, live refresh, the scrubber.
// What they do stands in crates/web/tests/behaviour.mjs, which also runs by itself while one works on them.
import assert from "node:assert/strict";
import test from "node:test";
import { ran, Rig, run } from "./rig/process.mjs";

const root = new URL("..", import.meta.url).pathname;

test("the behaviour of the pages", async (t) => {
  const rig = await Rig.start(t);
  const gallery = process.env.ALLCLEAR_GALLERY ?? rig.file("gallery");
  if (!process.env.ALLCLEAR_GALLERY) await ran("cargo", ["test", "--quiet", "--locked", "-p", "web", "gallery"], { cwd: root, env: { ALLCLEAR_GALLERY: gallery } });
  const { code, stdout, stderr } = await run("node", [`${root}crates/web/tests/behaviour.mjs`, gallery], { env: { CHROMIUM: process.env.CHROMIUM_BIN ?? "/usr/bin/chromium" } });
  t.diagnostic(stdout.trim().split("\n").at(-1));
  assert.equal(code, 0, stdout + stderr);
});
