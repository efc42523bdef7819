// Slack cannot be run here, so a recorder stands for it: it answers the methods of the Web API that we call as their
// documentation says, remembers what was said, and signs what it brings as Slack signs.
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { until } from "./process.mjs";

/** A workspace. `answer(method, body)` may give another answer: `{ status, headers, body }`. */
export async function startSlack(rig, { token, secret, answer = () => undefined } = {}) {
  const slack = { calls: [], channels: [{ id: "C0ANNOUNCE", name: "incidents", is_member: true }], messages: [], whispers: [], answer };
  const methods = {
    "conversations.create": ({ name }) => {
      if (slack.channels.some((one) => one.name === name)) return { ok: false, error: "name_taken" };
      const channel = { id: `C0ROOM${slack.channels.length}`, name, is_member: true, invited: [] };
      slack.channels.push(channel);
      return { ok: true, channel };
    },
    "conversations.setTopic": () => ({ ok: true }),
    "conversations.list": () => ({ ok: true, channels: slack.channels, response_metadata: { next_cursor: "" } }),
    "conversations.invite": ({ channel, users }) => {
      const found = slack.channels.find((one) => one.id === channel);
      if (found.invited.includes(users)) return { ok: false, error: "already_in_channel" };
      found.invited.push(users);
      return { ok: true, channel: found };
    },
    "conversations.history": ({ channel }) => ({ ok: true, messages: slack.messages.filter((one) => one.channel === channel) }),
    "chat.postMessage": (body) => {
      if (!slack.channels.some((one) => one.id === body.channel)) return { ok: false, error: "channel_not_found" };
      const message = { ...body, ts: `${Math.floor(Date.now() / 1000)}.${String(slack.messages.length).padStart(6, "0")}` };
      slack.messages.push(message);
      return { ok: true, channel: body.channel, ts: message.ts, message };
    },
    "chat.postEphemeral": (body) => {
      slack.whispers.push(body);
      return { ok: true, message_ts: "1.0" };
    },
  };
  const server = createServer(async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const url = new URL(request.url, "http://slack");
    const method = url.pathname.replace("/api/", "");
    const text = Buffer.concat(pieces).toString("utf8");
    const body = request.method === "GET" ? Object.fromEntries(url.searchParams) : JSON.parse(text);
    const call = { method, body };
    slack.calls.push(call);
    const known = request.headers.authorization === `Bearer ${token}`;
    const said = slack.answer(method, body) ?? { body: known ? (methods[method]?.(body) ?? { ok: false, error: "unknown_method" }) : { ok: false, error: "invalid_auth" } };
    if (said.broken) {
      // It was done, and the answer never came.
      methods[method]?.(body);
      return request.socket.destroy();
    }
    response.writeHead(said.status ?? 200, { "content-type": "application/json", ...said.headers });
    response.end(JSON.stringify(said.body ?? {}));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  rig.atEnd(() => server.closeAllConnections() ?? server.close());
  slack.url = `http://127.0.0.1:${server.address().port}/api`;
  slack.said = (channel) => slack.messages.filter((one) => one.channel === channel).map((one) => one.text);
  slack.message = (what, fits, options) => until(what, () => slack.messages.find(fits), options);
  /** Brings something to Allclear, signed. */
  slack.bring = async (to, fields, { at = Date.now(), by = secret, json } = {}) => {
    const body = json ? JSON.stringify(json) : new URLSearchParams(fields).toString();
    const second = String(Math.floor(at / 1000));
    const signature = `v0=${createHmac("sha256", by).update(`v0:${second}:${body}`).digest("hex")}`;
    const headers = { "content-type": json ? "application/json" : "application/x-www-form-urlencoded", "x-slack-request-timestamp": second, "x-slack-signature": signature };
    const answered = await fetch(to, { method: "POST", body, headers });
    const text = await answered.text();
    return { status: answered.status, text, json: text.startsWith("{") ? JSON.parse(text) : undefined };
  };
  return slack;
}
