// Serves the gallery and the built assets on a free port, under the content security policy of the product.
import { readFile } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const dist = path.join(path.dirname(fileURLToPath(import.meta.url)), "../assets/dist");
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'";
const kinds = { ".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml" };

/** `answer(request, response, url)` may answer itself and then returns true. */
export async function serveGallery(folder, answer = async () => false) {
  const server = http.createServer(async (request, response) => {
    const url = new URL(request.url, "http://x");
    response.setHeader("content-security-policy", policy);
    if (await answer(request, response, url)) return;
    const name = path.basename(decodeURIComponent(url.pathname));
    const file = url.pathname.startsWith("/assets/")
      ? path.join(dist, name)
      : path.join(folder, path.extname(name) ? name : `${name}.html`);
    try {
      const body = await readFile(file);
      response.writeHead(200, { "content-type": kinds[path.extname(file)] ?? "text/plain" });
      response.end(body);
    } catch {
      response.writeHead(404).end("not found");
    }
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { server, origin: `http://127.0.0.1:${server.address().port}` };
}

export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
