// Debian's Chromium, driven by Playwright; axe for accessibility; screenshots for the reviewer.
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const screenshots = new URL("../screenshots/", import.meta.url).pathname;
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const desktop = { width: 1280, height: 900 };
export const phone = { width: 360, height: 740 };

export async function startBrowser(rig) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_BIN ?? "/usr/bin/chromium",
    args: [
      ...(process.getuid() === 0 ? ["--no-sandbox"] : []),
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  rig.atEnd(() => browser.close());
  return browser;
}

/** A page that fails the journey when the product says an error into the console, but for what `page.forgive` fits. */
export async function openPage(browser, { url, viewport = desktop, ...options }) {
  const context = await browser.newContext({
    baseURL: url,
    viewport,
    isMobile: viewport.width < 600,
    hasTouch: viewport.width < 600,
    timezoneId: "Europe/Berlin",
    locale: "en-GB",
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(`error on ${page.url()}: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !page.forgive?.test(message.text())) page.complaints.push(`console on ${page.url()}: ${message.text()}`);
  });
  return page;
}

/**
 * Keeps a screenshot of the whole page, and refuses what axe finds, text that runs out of the page, and complaints.
 * With `rules` only these of axe are asked.
 */
export async function look(page, name, rules) {
  await mkdir(screenshots, { recursive: true });
  await page.screenshot({ path: `${screenshots}${name}.png`, fullPage: true });
  // By the protocol, not by a script element: the page's own security policy stays in force.
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe);
  const { violations } = await page.evaluate(
    (rules) => globalThis.axe.run(document, { resultTypes: ["violations"], ...(rules && { runOnly: rules }) }),
    rules,
  );
  const wrong = violations.map(
    ({ id, help, nodes }) => `axe ${id}: ${help}\n${nodes.slice(0, 5).map((node) => `    ${node.target}: ${node.html.slice(0, 200)}\n      ${node.failureSummary?.replaceAll("\n", " ")}`).join("\n")}`,
  );
  const { wide, width } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth, width: document.documentElement.clientWidth }));
  if (wide > width) wrong.push(`the page is ${wide} px wide and must be scrolled sideways at ${width} px`);
  wrong.push(...page.complaints.splice(0));
  if (wrong.length > 0) throw new Error(`${name} (${page.url()}):\n  ${wrong.join("\n  ")}`);
}
