// Where pushes and webhooks go. The real ntfy server is not in Debian, so an HTTP sink stands for it, which
// takes what ntfy's own documentation of "publish" says; the webhook sink verifies signatures by itself, with
// node's crypto and the Standard Webhooks text, not with any code of ours.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { until } from "./process.mjs";

/** Takes any POST and remembers it; `answer(request)` may say another status, or `{ status, headers }`. */
export async function startSink(rig, { answer = () => 200 } = {}) {
  const requests = [];
  const server = createServer(async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const taken = { method: request.method, path: request.url, headers: request.headers, body: Buffer.concat(pieces).toString("utf8"), at: Date.now() };
    const said = answer(taken);
    const { status, headers } = typeof said === "number" ? { status: said } : said;
    taken.status = status;
    requests.push(taken);
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify({ id: `msg${requests.length}` }));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  rig.atEnd(() => server.closeAllConnections() ?? server.close());
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    requests,
    /** The first request that `fits`, as soon as it is there. */
    request: (what, fits, options) => until(what, () => requests.find(fits), options),
  };
}

/** Does the request carry a valid Standard Webhooks signature by this secret (`whsec_…`)? */
export function isSigned({ headers, body }, secret) {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const expected = createHmac("sha256", key).update(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`).digest();
  if (Math.abs(Date.now() / 1000 - Number(headers["webhook-timestamp"])) > 300) return false;
  return String(headers["webhook-signature"])
    .split(" ")
    .filter((signature) => signature.startsWith("v1,"))
    .map((signature) => Buffer.from(signature.slice(3), "base64"))
    .some((signature) => signature.length === expected.length && timingSafeEqual(signature, expected));
}
