// Allclear itself: the program as it was built for the tests, on a free port, with a folder of its own.
import { mkdir } from "node:fs/promises";
import { freePort, ran, run } from "./process.mjs";
import { Visitor } from "./visitor.mjs";

export const binary = process.env.ALLCLEAR_BIN ?? new URL("../../target/debug/allclear", import.meta.url).pathname;

/**
 * Starts `allclear serve`. `mail` is a mail server of the rig; `database` a PostgreSQL URL (SQLite if absent);
 * `wrap` puts a command in front (a mount namespace, a limit).
 */
export async function startAllclear(rig, { mail, database, args = [], env = {}, data = rig.file("data"), wrap = (command) => command, wait = true } = {}) {
  await mkdir(data, { recursive: true });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const settings = ["serve", "--data", data, "--listen", `127.0.0.1:${port}`, "--public-url", url, "--allow", "loopback", ...args];
  if (database) settings.push("--database", database);
  if (mail) settings.push("--smtp", mail.url, "--ca", mail.authority, "--smtp-from", "Allclear <allclear@example.test>");
  const allclear = {
    url,
    port,
    data,
    database,
    /** Starts it again after it was killed, on the same port and folder. */
    async start({ wait = true } = {}) {
      const [command, ...rest] = wrap([binary, ...settings]);
      allclear.program = rig.spawn("allclear", command, rest, { env });
      if (wait) await rig.ready(allclear.program, async () => (await fetch(`${url}/health`)).ok, { every: 10 });
    },
    /** A command of the CLI against this server. */
    cli: (...args) => run(binary, args, { env: { ALLCLEAR_URL: url, ALLCLEAR_TOKEN: allclear.token ?? "", NO_COLOR: "1" } }),
    async told(...args) {
      return ran(binary, args, { env: { ALLCLEAR_URL: url, ALLCLEAR_TOKEN: allclear.token ?? "", NO_COLOR: "1" } });
    },
    visitor: () => new Visitor(url),
    /** The API, as JSON. */
    async api(method, path, body, headers = {}) {
      const answer = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${allclear.token}`, "content-type": "application/json", ...headers },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return text ? JSON.parse(text) : undefined;
    },
  };
  await allclear.start({ wait });
  return allclear;
}

/** A fresh database in the PostgreSQL that the tests were given, or nothing where there is none. */
export async function freshDatabase(rig) {
  const given = process.env.ALLCLEAR_TEST_POSTGRES;
  if (!given) return undefined;
  const name = `journey_${Math.random().toString(36).slice(2, 10)}`;
  await ran("psql", [given, "-qc", `CREATE DATABASE ${name}`]);
  rig.atEnd(() => run("psql", [given, "-qc", `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`]));
  const url = new URL(given);
  url.pathname = `/${name}`;
  return url.toString();
}
