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

/** The rules of axe that look at colours. */
const colours = ["color-contrast", "link-in-text-block"];

/** What a thumb must hit, and is too low for one. */
const tooLow = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("main button, main .button, main input:not([type=checkbox], [type=radio], [type=hidden]), main select, .tabs a")]
      .map((element) => ({ element, height: element.checkVisibility() ? element.getBoundingClientRect().height : 0 }))
      .filter(({ height }) => height > 0 && height < 43.5)
      .slice(0, 3)
      .map(({ element, height }) => `${element.tagName.toLowerCase()}.${element.className} ${height}`),
  );

test("the gallery: every page in every state, at both widths, dark and light", async (t) => {
  const rig = await Rig.start(t);
  const gallery = process.env.ALLCLEAR_GALLERY ?? rig.file("gallery");
  if (!process.env.ALLCLEAR_GALLERY) await ran("cargo", ["test", "--quiet", "--locked", "-p", "web", "gallery"], { cwd: root, env: { ALLCLEAR_GALLERY: gallery } });
  const names = (await readdir(gallery)).filter((name) => name.endsWith(".html")).map((name) => name.slice(0, -5)).sort();
  assert.ok(names.length >= 10, `only ${names}`);
  const url = await serveGallery(rig, gallery);
  const browser = await startBrowser(rig);
  for (const [device, viewport] of Object.entries({ desktop, phone })) {
    await t.test(device, async () => {
      const page = await openPage(browser, { url, viewport, colorScheme: "light" });
      // Live updates, badges and the line of the editor ask a server that is not there.
      page.forgive = /the server responded with a status of 404|WebSocket connection to/;
      const wrong = [];
      const noted = (error) => wrong.push(error.message);
      for (const name of names) {
        await page.emulateMedia({ colorScheme: "light" });
        await page.goto(`/${name}`);
        await look(page, `gallery-${name}-${device}`).catch(noted);
        // In the dark only the colours differ.
        await page.emulateMedia({ colorScheme: "dark" });
        await look(page, `gallery-${name}-${device}-dark`, colours).catch(noted);
        if (viewport === phone) wrong.push(...(await tooLow(page)).map((element) => `${name}: lower than 44 px on a phone: ${element}`));
      }
      assert.equal(wrong.length, 0, wrong.join("\n"));
      await page.context().close();
    });
  }
});
