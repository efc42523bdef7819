// A homeserver: Synapse as it is published, on SQLite, and people who speak in it by the client API, as their programs do.
import { existsSync } from "node:fs";
import { appendFile, writeFile } from "node:fs/promises";
import { freePort, ran, until } from "./process.mjs";

const python = process.env.SYNAPSE_PYTHON ?? new URL("../../.allclear/synapse/bin/python", import.meta.url).pathname;

/** Why there is no homeserver here; false, if there is one. */
export const noHomeserver = existsSync(python) ? false : `Synapse is not installed: ${python}`;

const password = "correct horse battery staple";

/** Starts a homeserver called `example.test`. It can be stopped and started again, with all that was said. */
export async function startHomeserver(rig) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const file = rig.file("homeserver.yaml");
  await ran(python, ["-m", "synapse.app.homeserver", "--server-name", "example.test", "--config-path", file, "--data-directory", rig.dir, "--generate-config", "--report-stats=no"], { cwd: rig.dir });
  const limits = ["rc_message", "rc_registration"].map((name) => `${name}: {per_second: 1000, burst_count: 1000}`);
  const many = "{per_second: 1000, burst_count: 1000}";
  await appendFile(
    file,
    `
listeners: [{port: ${port}, type: http, bind_addresses: ['127.0.0.1'], resources: [{names: [client], compress: false}]}]
enable_registration: true
enable_registration_without_verification: true
suppress_key_server_warning: true
trusted_key_servers: []
caches: {sync_response_cache_duration: 0}
${limits.join("\n")}
rc_login: {address: ${many}, account: ${many}, failed_attempts: ${many}}
rc_joins: {local: ${many}, remote: ${many}}
rc_invites: {per_room: ${many}, per_user: ${many}, per_issuer: ${many}}
`,
  );
  const homeserver = {
    url,
    async start() {
      homeserver.program = rig.spawn("synapse", python, ["-m", "synapse.app.homeserver", "--config-path", file]);
      await rig.ready(homeserver.program, async () => (await fetch(`${url}/health`)).ok, { within: 120_000 });
    },
    /** Makes an account, and answers with somebody who is signed in. */
    async register(name) {
      const made = await ask(url, undefined, "POST", "/register", { username: name, password, auth: { type: "m.login.dummy" } });
      return new Somebody(url, made.user_id, made.access_token);
    },
  };
  await homeserver.start();
  return homeserver;
}

async function ask(url, token, method, path, body) {
  const answer = await fetch(`${url}/_matrix/client/v3${path}`, {
    method,
    headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(said)}`);
  return said;
}

/** Somebody who is signed in. */
class Somebody {
  #url;
  #count = 0;

  constructor(url, id, token) {
    this.#url = url;
    this.id = id;
    this.token = token;
  }

  ask(method, path, body) {
    return ask(this.#url, this.token, method, path, body);
  }

  /** The room with this in its name to which they are invited; they go in. */
  async comeTo(name) {
    const room = await until(`an invitation to a room with ${name}`, async () => {
      const { rooms = {} } = await this.ask("GET", "/sync?timeout=0");
      const named = ([, room]) => room.invite_state.events.some((event) => event.type === "m.room.name" && event.content.name.includes(name));
      return Object.entries(rooms.invite ?? {}).find(named)?.[0];
    });
    await this.ask("POST", `/join/${encodeURIComponent(room)}`, {});
    return room;
  }

  send(room, type, content) {
    this.#count += 1;
    return this.ask("PUT", `/rooms/${encodeURIComponent(room)}/send/${type}/${process.pid}-${this.#count}`, content);
  }

  async say(room, body, more = {}) {
    return (await this.send(room, "m.room.message", { msgtype: "m.text", body, ...more })).event_id;
  }

  mark(room, event, key) {
    return this.send(room, "m.reaction", { "m.relates_to": { rel_type: "m.annotation", event_id: event, key } });
  }

  /** All messages of a room, the oldest first. */
  async messages(room) {
    const { chunk } = await this.ask("GET", `/rooms/${encodeURIComponent(room)}/messages?dir=b&limit=200`);
    return chunk.filter((event) => event.type === "m.room.message").reverse();
  }

  /** The message that answers another one. */
  answer(room, event) {
    const fits = (one) => one.content["m.relates_to"]?.["m.in_reply_to"]?.event_id === event;
    return until(`an answer to ${event}`, async () => (await this.messages(room)).find(fits)?.content.body);
  }
}

/** Writes the file of `--chat-secrets`. */
export async function chatSecrets(rig, secrets) {
  const file = rig.file("chat-secrets");
  const lines = Object.entries(secrets).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(file, lines.join(""), { mode: 0o600 });
  return file;
}
