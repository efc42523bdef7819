// Every page in every state that its sample knows (empty, filtered, expired, ...), at desktop and phone width, dark
// and light: axe finds nothing, nothing runs out of the page, the page's security policy is kept. `cargo test -p web`
// writes the pages into the folder ALLCLEAR_GALLERY.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import test from "node:test";
import { desktop, look, openPage, phone, startBrowser } from "./rig/browser.mjs";
import { ran, Rig } from "./rig/process.mjs";

const root = new URL("..", import.meta.url).pathname;
const kinds = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

async function serveGallery(rig, gallery) {
  const server = createServer(async (request, answer) => {
    const { pathname } = new URL(request.url, "http://gallery");
    const file = pathname.startsWith("/assets/") ? `${root}crates/web/assets/dist/${path.basename(pathname)}` : `${gallery}/${path.basename(pathname)}.html`;
    const body = await readFile(file).catch(() => undefined);
    answer.writeHead(body ? 200 : 404, {
      "content-type": kinds[path.extname(file)] ?? "application/octet-stream",
      "content-security-policy":
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'",
    });
    answer.end(body);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  rig.atEnd(() => server.closeAllConnections() ?? server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

test("the gallery: every page in every state, at both widths, dark and light", async (t) => {
  const rig = await Rig.start(t);
  const gallery = process.env.ALLCLEAR_GALLERY ?? rig.file("gallery");
  if (!process.env.ALLCLEAR_GALLERY) await ran("cargo", ["test", "--quiet", "--locked", "-p", "web", "gallery"], { cwd: root, env: { ALLCLEAR_GALLERY: gallery } });
  const names = (await readdir(gallery)).filter((name) => name.endsWith(".html")).map((name) => name.slice(0, -5)).sort();
  assert.ok(names.length >= 10, `only ${names}`);
  const url = await serveGallery(rig, gallery);
  const browser = await startBrowser(rig);
  for (const [device, viewport, colorScheme] of [
    ["desktop", desktop, "light"],
    ["phone", phone, "light"],
    ["desktop-dark", desktop, "dark"],
    ["phone-dark", phone, "dark"],
  ]) {
    await t.test(device, async () => {
      const page = await openPage(browser, { url, viewport, colorScheme });
      // Live updates and badges ask a server that is not there.
      page.forgive = /the server responded with a status of 404/;
      const wrong = [];
      for (const name of names) {
        await page.goto(`/${name}`);
        await look(page, `gallery-${name}-${device}`).catch((error) => wrong.push(error.message));
      }
      assert.equal(wrong.length, 0, wrong.join("\n"));
      await page.context().close();
    });
  }
});
