// A small company to play with: Ana administers and is on call, Ben stands behind her.
import { writeFile } from "node:fs/promises";

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

/** Where an empty database leads. */
export const firstRun = /^\/(welcome|setup)/;

/**
 * From an empty directory to a configured server, as a person does it: the first-run page, a token for the command
 * line, `allclear apply`, and a token for the integration.
 */
export async function setUp(rig, allclear, options = {}) {
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
  allclear.ana = ana;
  allclear.token = await makeToken(ana);
  const file = rig.file(`company-${Math.random().toString(36).slice(2, 8)}.yaml`);
  await writeFile(file, options.documents ?? documents(options));
  await allclear.told("apply", "-f", file, "--reason", "the company of the journeys");
  allclear.integrationToken = await integrationToken(ana, options.integration ?? "prometheus");
  return ana;
}

/** A token for programs; it is shown once. */
export async function makeToken(visitor) {
  const made = await visitor.press(await visitor.get("/tokens"), /make the token/i, { title: "journeys", access: "administrator" });
  return secret(made, "secret");
}

/** A fresh token for an integration: what a source shows when it posts. It is shown once. */
export async function integrationToken(visitor, name) {
  return secret(await visitor.press(await visitor.get(`/integrations/${name}`), /(rotate|make) the token/i), "token");
}

function secret(page, id) {
  const found = new RegExp(`<code id="${id}">([^<]+)</code>`).exec(page.html)?.[1];
  if (!found) throw new Error(`no token on ${page.url} (${page.status}): ${page.text.slice(0, 800)}`);
  return found.trim();
}
