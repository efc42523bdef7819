// Looks at every page of the gallery in Chromium: axe must find nothing, nothing may be wider than the screen.
//
//   ALLCLEAR_GALLERY=DIR cargo test -p web every_page_renders && node crates/web/tests/gallery.mjs DIR [PAGE ...]
//
// Serves DIR and the built assets on a free port under the policy of the product, visits each page at 1280 and
// 360 px, dark and light, writes DIR/shots/PAGE-WIDTH-THEME.png and ends with 1 if anything was found.
import { createRequire } from "node:module";
import { mkdir, readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { launch, serveGallery } from "./serve.mjs";

const [folder, ...only] = process.argv.slice(2);
if (!folder) {
  console.error("usage: node gallery.mjs DIR [PAGE ...]");
  process.exit(2);
}
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const { server, origin } = await serveGallery(folder);

const names = (await readdir(folder))
  .filter((file) => file.endsWith(".html"))
  .map((file) => file.slice(0, -5))
  .filter((name) => !only.length || only.includes(name));
await mkdir(path.join(folder, "shots"), { recursive: true });

const browser = await launch();
const widths = (process.env.WIDTHS ?? "1280,360").split(",").map((width) => [Number(width), Number(width) < 600 ? 740 : 900]);
let found = 0;
const say = (text) => {
  found += 1;
  console.error(text);
};
try {
  for (const [width, height] of widths) {
    for (const theme of ["dark", "light"]) {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: theme,
        hasTouch: width < 600,
        isMobile: width < 600,
        bypassCSP: false,
      });
      const page = await context.newPage();
      for (const name of names) {
        const title = `${name} ${width} ${theme}`;
        const heard = (message) => {
          const text = message.text?.() ?? message.message;
          if (!/\/live|404/.test(text) && (!message.type || message.type() === "error")) say(`${title}: ${text}`);
        };
        page.on("console", heard).on("pageerror", heard);
        await page.goto(`${origin}/${name}.html`);
        await page.evaluate(axe);
        const result = await page.evaluate(() =>
          // eslint-disable-next-line no-undef
          axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
        );
        for (const violation of result.violations) {
          for (const node of violation.nodes.slice(0, 4)) {
            say(`${title}: ${violation.id}: ${node.target.join(" ")}: ${node.failureSummary.split("\n").slice(1, 3).join("; ").trim()}`);
          }
        }
        const wide = await page.evaluate(() =>
          document.documentElement.scrollWidth > innerWidth
            ? [...document.querySelectorAll("body *")]
                .filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && getComputedStyle(e).position !== "absolute" && !e.closest(".chart-scroll, .tabs, .panel-table, pre, textarea"))
                .slice(0, 3)
                .map((e) => `${e.tagName.toLowerCase()}.${e.className.baseVal ?? e.className}`)
            : [],
        );
        for (const element of wide) say(`${title}: wider than the screen: ${element}`);
        if (width < 600) {
          const small = await page.evaluate(() =>
            [...document.querySelectorAll("main button, main .button, main input:not([type=checkbox], [type=radio], [type=hidden]), main select, .tabs a")]
              .filter((e) => e.checkVisibility() && e.getBoundingClientRect().height > 0 && e.getBoundingClientRect().height < 43.5)
              .slice(0, 3)
              .map((e) => `${e.tagName.toLowerCase()}.${e.className} ${e.getBoundingClientRect().height}`),
          );
          for (const element of small) say(`${title}: lower than 44 px: ${element}`);
        }
        await page.screenshot({ path: path.join(folder, "shots", `${name}-${width}-${theme}.png`), fullPage: !process.env.FOLD });
        page.removeAllListeners();
      }
      await context.close();
    }
  }
} finally {
  await browser.close();
  server.close();
}
console.log(`gallery: ${names.length} pages at two widths, dark and light: ${found} found`);
process.exit(found ? 1 : 0);
