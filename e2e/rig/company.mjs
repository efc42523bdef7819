// A small company to play with: Ana administers and is on call, Ben stands behind her.
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { binary, startAllclear } from "./allclear.mjs";
import { openPage } from "./browser.mjs";
import { ran } from "./process.mjs";

export const password = "correct horse battery staple";

/** Everything that an administrator would write, as YAML. `hook` and `ntfy` are URLs of sinks. */
export function documents({ ntfy, hook, wait = "2s" } = {}) {
  const contacts = [
    "{name: mail, email: ana@example.test}",
    ...(ntfy ? [`{name: push, ntfy: '${ntfy}/ana-topic'}`] : []),
    ...(hook ? [`{name: hook, webhook: '${hook}/ana'}`] : []),
  ];
  const rungs = ["{contact: mail}", ...(ntfy ? ["{contact: push}"] : []), ...(hook ? ["{contact: hook}"] : [])];
  return `kind: person
name: ana
spec:
  full_name: Ana Silva
  email: ana@example.test
  time_zone: Europe/Berlin
  access: administrator
  contacts: [${contacts.join(", ")}]
  ladder: {high: [${rungs.join(", ")}], low: [{contact: mail}], waking: '00:00-24:00'}
---
kind: person
name: ben
spec:
  full_name: Ben Okafor
  email: ben@example.test
  time_zone: Africa/Nairobi
  contacts: [{name: mail, email: ben@example.test}]
  ladder: {high: [{contact: mail}], low: [{contact: mail}]}
---
kind: team
name: payments
spec: {title: Payments, members: [ana, ben]}
---
kind: schedule
name: payments-primary
spec:
  title: Payments, primary
  time_zone: Europe/Berlin
  team: payments
  layers:
  - {name: weekly, people: [ana], starts: '2026-01-05T09:00', rotate: {weeks: 1}}
---
kind: escalation-policy
name: payments
spec:
  title: Payments
  team: payments
  steps:
  - {notify: [{schedule: payments-primary}], wait: ${wait}}
  - {notify: [{person: ben}], wait: 5m}
---
kind: service
name: payments
spec: {title: Card payments, team: payments, tier: 1, escalation_policy: payments}
---
kind: route
name: payments
spec:
  order: 10
  match: [service=payments]
  service: payments
---
kind: integration
name: prometheus
spec: {title: Prometheus in Frankfurt, source: {alertmanager: {}}, team: payments}
`;
}

/**
 * A server with the company, set up by commands on the database itself, as automation does it, before the first
 * start. What people do instead is in `byHand`.
 */
export async function startCompany(rig, { documents: text, integration = "prometheus", wait, ntfy, hook, others = [], accounts = [], ...options } = {}) {
  const data = options.data ?? rig.file("data");
  const place = options.database ? ["--database", options.database] : ["--data", data];
  const told = (words, more) => ran(binary, [...words, "--local", ...place], more);
  await mkdir(data, { recursive: true });
  const ana = ["--person", "ana", "--full-name", "Ana Silva", "--email", "ana@example.test", "--time-zone", "Europe/Berlin"];
  await told(["setup", ...ana, "--password-stdin"], { input: `${password}\n` });
  const file = rig.file("company.yaml");
  await writeFile(file, text ?? documents({ wait, ntfy, hook }));
  // People must be reached by what there is; without a mail server of its own, a journey says that there is one.
  const channels = ["--smtp", options.mail?.url ?? "smtp://localhost:25?tls=none", "--allow", "loopback"];
  await told(["apply", "-f", file, "--yes", "--reason", "the company of the journeys", ...channels]);
  const token = JSON.parse(await told(["token", "create", "--name", "journeys", "--access", "administrator", "--person", "ana", "--json"]));
  const source = JSON.parse(await told(["integration", "token", integration, "--json"]));
  const tokens = {};
  for (const person of others) {
    const made = await told(["token", "create", "--name", person, "--access", "responder", "--person", person, "--json"]);
    tokens[person] = JSON.parse(made).secret;
  }
  // Others sign in with Ana's password.
  for (const person of accounts) {
    const script = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); assert c.execute(\"INSERT INTO accounts SELECT ?, password_hash, password_set_at FROM accounts WHERE person = 'ana'\", sys.argv[2:]).rowcount == 1; c.commit(); c.close()";
    await ran("python3", ["-c", script, path.join(data, "allclear.db"), person]);
  }
  const allclear = await startAllclear(rig, { ...options, data });
  allclear.tokens = tokens;
  allclear.token = token.secret;
  allclear.integrationToken = source.token;
  return allclear;
}

/** Somebody signed in. */
export async function signedIn(allclear, email = "ana@example.test") {
  const visitor = allclear.visitor();
  const page = await visitor.press(await visitor.get("/sign-in"), /sign in/i, { email, password });
  if (page.path === "/sign-in") throw new Error(`${email} could not sign in: ${page.text}`);
  return visitor;
}

/** The same in a browser. */
export async function signIn(page, email = "ana@example.test") {
  await page.goto("/sign-in");
  await page.getByLabel(/e-?mail/i).fill(email);
  await page.getByLabel(/password/i).fill(password);
  await page.getByRole("button", { name: /sign in/i }).click();
  await page.waitForURL((url) => url.pathname !== "/sign-in");
}

/** A page of somebody signed in. */
export async function signedInPage(browser, url, { email, ...options } = {}) {
  const page = await openPage(browser, { url, ...options });
  await signIn(page, email);
  return page;
}

/** Where an empty database leads. */
export const firstRun = /^\/(welcome|setup)/;

/**
 * The same by hand, from an empty directory: the first-run page, a token for the command line, `allclear apply`
 * over the API, a token for the integration on its page.
 */
export async function byHand(rig, allclear, options = {}) {
  const ana = allclear.visitor();
  const first = await ana.get("/");
  if (!firstRun.test(first.path)) throw new Error(`an empty database leads to ${first.path}`);
  const done = await ana.press(first, /create the administrator/i, {
    full_name: "Ana Silva",
    email: "ana@example.test",
    password,
    time_zone: "Europe/Berlin",
  });
  if (done.status !== 200) throw new Error(`${done.path}: ${done.status} ${done.text.slice(0, 500)}`);
  const made = await ana.press(await ana.get("/tokens"), /make the token/i, { title: "journeys", access: "administrator" });
  allclear.token = secret(made, "secret");
  const file = rig.file("company.yaml");
  await writeFile(file, documents(options));
  await allclear.told("apply", "-f", file, "--yes", "--reason", "the company of the journeys");
  allclear.integrationToken = secret(await ana.press(await ana.get("/integrations/prometheus"), /(rotate|make) the token/i), "token");
  return ana;
}

/** What a page shows once. */
function secret(page, id) {
  const found = new RegExp(`<code id="${id}">([^<]+)</code>`).exec(page.html)?.[1];
  if (!found) throw new Error(`no token on ${page.url} (${page.status}): ${page.text.slice(0, 800)}`);
  return found.trim();
}
