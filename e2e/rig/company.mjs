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

/**
 * From an empty directory to a configured server, as a person does it: the set-up page, signing in, a token for
 * the command line, \`allclear apply\`, and a token for the integration.
 */
export async function setUp(rig, allclear, options = {}) {
  const ana = allclear.visitor();
  const first = await ana.get("/");
  if (first.path !== "/setup") throw new Error(`an empty database leads to ${first.path}, not to /setup`);
  const done = await ana.press(first, /create|continue|next/i, {
    full_name: "Ana Silva",
    email: "ana@example.test",
    password,
    time_zone: "Europe/Berlin",
  });
  if (done.status !== 200) throw new Error(`/setup: ${done.status} ${done.text.slice(0, 500)}`);
  allclear.ana = ana;
  allclear.token = await makeToken(ana);
  const file = rig.file(`company-${Math.random().toString(36).slice(2, 8)}.yaml`);
  await writeFile(file, options.documents ?? documents(options));
  await allclear.told("apply", "-f", file, "--reason", "the company of the journeys");
  allclear.integrationToken = await integrationToken(allclear, options.integration ?? "prometheus");
  return ana;
}

/** A token for programs, made on one's own page; it is shown once. */
export async function makeToken(visitor) {
  const page = await visitor.get("/me");
  const made = await visitor.press(page, /token/i, { title: "journeys" });
  const token = /\b(alc_[A-Za-z0-9_-]{20,})\b/.exec(made.text)?.[1];
  if (!token) throw new Error(`no token on the page: ${made.text.slice(0, 800)}`);
  return token;
}

/** A fresh token for an integration: what a source shows when it posts. */
export async function integrationToken(allclear, name) {
  const answer = await allclear.api("POST", `/integrations/${name}/tokens`, {});
  return answer.token;
}
