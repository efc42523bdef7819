// What the scripts do, in Chromium, on the pages of the gallery: keys, palette, selection, filters, live refresh,
// the scrubber; and what works without scripts.
//
//   ALLCLEAR_GALLERY=DIR cargo test -p web every_page_renders && node crates/web/tests/behaviour.mjs DIR
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { launch, serveGallery } from "./serve.mjs";

const folder = process.argv[2];
if (!folder) {
  console.error("usage: node behaviour.mjs DIR");
  process.exit(2);
}

let posts = [];
let gets = [];
let streams = [];
/** Which visit is looked at: what a page before it still asks for is not its own. */
let turn = 0;
let edit = (html) => html;
const { server, origin } = await serveGallery(folder, async (request, response, url) => {
  if (request.method === "POST") {
    let body = "";
    for await (const chunk of request) body += chunk;
    if (url.pathname === "/api/v1/language") {
      const { text } = JSON.parse(body);
      const one = { said: "failed to look", sentence: text, title: "What was left out", severity: "flag", why: "Because.", ask: "What?" };
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ findings: text.includes("failed to look") ? [one] : [] }));
      return true;
    }
    posts.push({ path: url.pathname, fields: new URLSearchParams(body) });
    response.writeHead(303, { location: new URLSearchParams(body).get("back") ?? "/alerts" }).end();
    return true;
  }
  if (url.pathname === "/live") {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write("retry: 200\n\n");
    if (request.headers["x-visit"] === String(turn)) streams.push({ response, last: request.headers["last-event-id"] });
    return true;
  }
  if (url.pathname.startsWith("/assets/")) return false;
  gets.push(url.pathname + url.search);
  if (url.pathname === "/alerts") {
    const html = await readFile(path.join(folder, "alerts.html"), "utf8");
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(edit(html));
    return true;
  }
  if (url.pathname.startsWith("/schedules/")) {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    response.end(await readFile(path.join(folder, "schedule.html"), "utf8"));
    return true;
  }
  return false;
});

const browser = await launch();
const complaints = [];

async function visit(address, options = {}) {
  posts = [];
  gets = [];
  streams = [];
  turn += 1;
  edit = (html) => html;
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, extraHTTPHeaders: { "x-visit": String(turn) }, ...options });
  const page = await context.newPage();
  const hear = (message) => complaints.push(`${address}: ${message.text?.() ?? message.message}`);
  page.on("pageerror", hear);
  page.on("console", (message) => message.type() === "error" && !/404/.test(message.text()) && hear(message));
  await page.goto(origin + address);
  if (options.javaScriptEnabled !== false) await page.waitForSelector("html.js");
  return page;
}

const until = async (what, check, wait = 4000) => {
  const end = Date.now() + wait;
  while (Date.now() < end) {
    if (await check()) return;
    await new Promise((next) => setTimeout(next, 20));
  }
  assert.fail(`waited in vain: ${what}`);
};

const within = (most, run) => {
  let timer;
  const late = new Promise((_, fail) => (timer = setTimeout(() => fail(new Error(`took longer than ${most} ms`)), most)));
  return Promise.race([run(), late]).finally(() => clearTimeout(timer));
};

const tests = {
  async "j and x select rows, a acknowledges them, and the page stays"() {
    const page = await visit("/alerts");
    await page.evaluate(() => (window.sameDocument = true));
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    assert.equal(await page.textContent("[data-count]"), "2 selected");
    assert.ok(await page.isVisible(".bulk"));
    edit = (html) => html.replace("alert alert-firing", "alert alert-acknowledged");
    await page.keyboard.press("a");
    await until("the act", () => posts.length === 1);
    assert.equal(posts[0].path, "/alerts/act");
    assert.equal(posts[0].fields.get("act"), "acknowledge");
    assert.deepEqual(posts[0].fields.getAll("alert"), ["alr_06f1k2m9qv7x3t01", "alr_06f1k2m9qv7x3t02"]);
    await until("the new state", () => page.$("#alr_06f1k2m9qv7x3t01.alert-acknowledged"));
    assert.ok(await page.evaluate(() => window.sameDocument), "no full page load");
    return page;
  },

  async "a without a selection is for the current row, and for nothing if there is none"() {
    const page = await visit("/alerts");
    await page.keyboard.press("a");
    await page.waitForTimeout(150);
    assert.equal(posts.length, 0);
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("r");
    await until("the act", () => posts.length === 1);
    assert.deepEqual(posts[0].fields.getAll("alert"), ["alr_06f1k2m9qv7x3t02"]);
    assert.equal(posts[0].fields.get("act"), "resolve");
    return page;
  },

  async "z opens the menu, and its entry says how long"() {
    const page = await visit("/alerts");
    await page.keyboard.press("j");
    await page.keyboard.press("z");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await until("the act", () => posts.length === 1);
    assert.equal(posts[0].fields.get("act"), "snooze:1h");
    return page;
  },

  async "letters that are typed into a field do nothing else"() {
    const page = await visit("/alerts");
    await page.keyboard.press("/");
    assert.equal(await page.evaluate(() => document.activeElement.id), "filter-text");
    await page.keyboard.type("graxz?");
    await until("the filtered list", () => gets.some((path) => path.includes("q=graxz")));
    await until("its address", () => page.url().includes("q=graxz"));
    assert.equal(posts.length, 0);
    assert.equal(await page.inputValue("#filter-text"), "graxz?");
    assert.equal(await page.evaluate(() => document.activeElement.id), "filter-text");
    return page;
  },

  async "Ctrl K opens the palette at once, without asking the server, and Enter goes there"() {
    const page = await visit("/alerts");
    const asked = gets.length;
    // In the same turn: whoever types on at once types into it. No clock: how long it takes is the machine's affair.
    const open = await page.evaluate(() => {
      document.dispatchEvent(new KeyboardEvent("keydown", { key: "k", ctrlKey: true, bubbles: true }));
      const palette = document.getElementById("palette");
      return palette.getBoundingClientRect().height > 0 && palette.contains(document.activeElement);
    });
    assert.ok(open, "open, and typed into");
    assert.equal(gets.length, asked);
    await page.keyboard.type("on call");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/schedules");
    return page;
  },

  async "the palette finds what the search page finds"() {
    const page = await visit("/alerts");
    await page.keyboard.press("Control+k");
    await page.keyboard.type("ledger");
    await until("a found schedule", () => page.$(".palette-list li:has-text('Payments, secondary')"));
    assert.ok(gets.includes("/search?q=ledger"));
    await page.keyboard.press("Escape");
    assert.ok(!(await page.isVisible("#palette")));
    return page;
  },

  async "g and a letter go somewhere, question mark helps, Esc closes"() {
    const page = await visit("/alerts");
    await page.keyboard.press("?");
    assert.ok(await page.isVisible("#help"));
    await page.keyboard.press("Escape");
    assert.ok(!(await page.isVisible("#help")));
    await page.keyboard.press("g");
    await page.keyboard.press("s");
    await page.waitForURL("**/schedules");
    return page;
  },

  async "what happens elsewhere shows here, and a selection survives it"() {
    const page = await visit("/alerts");
    await until("the stream", () => streams.length === 1);
    await until("the sign", async () => (await page.textContent("#live")) === "Live");
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    edit = (html) => html.replaceAll("Card payments: 14%", "Card payments: 22%").replace(">3</span>", ">9</span>");
    const before = gets.length;
    for (let id = 1; id < 6; id += 1) {
      streams[0].response.write(`id: ${id}\nevent: changed\ndata: {"kinds":["alerts.fired"],"subjects":["grp_1"]}\n\n`);
    }
    await until("the new summary", () => page.$("text=Card payments: 22%"));
    assert.equal(gets.length, before + 1, "five changes at once are one refresh");
    assert.ok(await page.isChecked("#alr_06f1k2m9qv7x3t01 input"), "the selection survived");
    assert.equal(await page.textContent(".nav-count"), "9", "the rail is fresh, too");
    streams[0].response.write(`id: 6\nevent: changed\ndata: {"kinds":["documents.applied"],"subjects":[]}\n\n`);
    await page.waitForTimeout(1200);
    assert.equal(gets.length, before + 1, "a change that does not concern the page");
    streams[0].response.end();
    await until("the second stream", () => streams.length === 2);
    assert.equal(streams[1].last, "6");
    return page;
  },

  async "Shift and a click select a range, and all can be selected at once"() {
    const page = await visit("/alerts");
    await page.click("#alr_06f1k2m9qv7x3t01 input");
    await page.click("#alr_06f1k2m9qv7x3t04 input", { modifiers: ["Shift"] });
    assert.equal(await page.textContent("[data-count]"), "4 selected");
    await page.click("[data-select-all]");
    assert.equal(await page.textContent("[data-count]"), "7 selected");
    await page.keyboard.press("Escape");
    assert.ok(!(await page.isVisible(".bulk")));
    return page;
  },

  async "pressing on the strips asks who is on call there"() {
    const page = await visit("/schedules/payments-primary");
    await page.evaluate(() => (window.sameDocument = true));
    const box = await (await page.$("svg.chart-plot")).boundingBox();
    await page.mouse.click(box.x + box.width / 2, box.y + 80);
    await until("the question", () => gets.some((path) => /[?&]at=2026-10-2\dT\d\d%3A\d\dZ/.test(path)));
    assert.ok(await page.evaluate(() => window.sameDocument));
    return page;
  },

  async "exact times come on hover and with the key t"() {
    const page = await visit("/alerts");
    const box = await (await page.$("#alr_06f1k2m9qv7x3t01 .alert-since time")).boundingBox();
    await page.mouse.move(box.x + 5, box.y + 5);
    await page.mouse.move(box.x + 8, box.y + 8);
    await until("the tip", () => page.isVisible(".tip"));
    assert.match(await page.textContent(".tip"), /CET\n.* UTC/);
    await page.keyboard.press("t");
    assert.match(await page.textContent("#alr_06f1k2m9qv7x3t01 .alert-since time"), /^Sun 22 Nov 2026, 03:08/);
    return page;
  },

  async "the clock of the server counts, not that of the browser"() {
    const page = await visit("/alerts");
    await page.keyboard.press("t");
    await page.keyboard.press("t");
    assert.equal(await page.textContent("#alr_06f1k2m9qv7x3t01 .alert-since time"), "4 min ago");
    return page;
  },

  async "without scripts: select, acknowledge, open menus, filter, and answer a page"() {
    const page = await visit("/alerts", { javaScriptEnabled: false });
    assert.ok(!(await page.isVisible(".bulk")));
    await page.check("#alr_06f1k2m9qv7x3t03 input");
    assert.ok(await page.isVisible(".bulk"));
    await page.click(".bulk summary:has-text('Snooze')");
    await page.click(".bulk button:has-text('15 minutes')");
    await until("the act", () => posts.length === 1);
    assert.equal(posts[0].fields.get("act"), "snooze:15m");
    assert.deepEqual(posts[0].fields.getAll("alert"), ["alr_06f1k2m9qv7x3t03"]);
    await page.goto(`${origin}/alerts`);
    await page.fill("#filter-text", "disk");
    await page.click(".filters button");
    await page.waitForURL("**q=disk**");
    await page.goto(`${origin}/page`);
    await page.click("button:has-text('Acknowledge')");
    assert.equal(posts[1].path, "/p/tkn");
    assert.equal(posts[1].fields.get("act"), "acknowledge");
    return page;
  },

  async "advice on a text comes after a pause, marks nothing in it, and what is kept stays away"() {
    const page = await visit("/language-empty");
    await page.fill("#text", "<b>He</b> failed to look.");
    await page.waitForSelector(".language-finding.is-flag");
    assert.equal(await page.textContent(".language-finding blockquote"), "<b>He</b> failed to look.");
    assert.equal(await page.textContent(".language-finding mark"), "failed to look");
    assert.equal(await page.inputValue("#text"), "<b>He</b> failed to look.");
    await page.click(".language-finding button");
    assert.equal(await page.$(".language-finding"), null);
    assert.equal(await page.evaluate(() => document.activeElement.id), "text");
    await page.fill("#text", "");
    await page.fill("#text", "<b>He</b> failed to look.");
    await page.waitForTimeout(1600);
    assert.equal(await page.$(".language-finding"), null);
    return page;
  },

  async "on a phone the acknowledge button is under the thumb and 44 px high or more"() {
    const page = await visit("/alert", { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
    const box = await (await page.$(".thumbs .button-primary")).boundingBox();
    assert.ok(box.height >= 44 && box.y + box.height <= 740 && box.y > 740 / 2, JSON.stringify(box));
    await page.tap(".thumbs .button-primary");
    await until("the act", () => posts.length === 1);
    assert.equal(posts[0].fields.get("act"), "acknowledge");
    return page;
  },
};

let failed = 0;
for (const [name, run] of Object.entries(tests)) {
  try {
    await within(30_000, async () => (await run()).context().close());
    console.log(`ok    ${name}`);
  } catch (error) {
    failed += 1;
    console.error(`FAIL  ${name}\n      ${error.message.split("\n").slice(0, 6).join("\n      ")}`);
  }
}
for (const complaint of complaints) console.error(`FAIL  the console said: ${complaint}`);
await within(10_000, () => browser.close()).catch(() => {});
server.closeAllConnections();
server.close();
console.log(`behaviour: ${Object.keys(tests).length} tests, ${failed + complaints.length} failed`);
process.exit(failed + complaints.length ? 1 : 0);
