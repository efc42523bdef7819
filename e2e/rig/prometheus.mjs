// Debian's Prometheus and Alertmanager, and a service whose metric a journey flips.
import { createServer } from "node:http";
import { mkdir, writeFile } from "node:fs/promises";
import { freePort } from "./process.mjs";

const isUp = async (url) => (await fetch(url)).ok;

/** A service to watch: `disk_full` is 0 or 1, as the journey says. */
export async function startService(rig) {
  const service = { full: false };
  const server = createServer((_, answer) => {
    answer.setHeader("content-type", "text/plain; version=0.0.4");
    answer.end(`# TYPE disk_full gauge\ndisk_full{service="payments",device="sda1"} ${service.full ? 1 : 0}\n`);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  rig.atEnd(() => server.closeAllConnections() ?? server.close());
  service.address = `127.0.0.1:${server.address().port}`;
  return service;
}

const diskFull = {
  alert: "DiskFull",
  expr: "disk_full == 1",
  summary: "The disk {{ $labels.device }} of {{ $labels.service }} is full",
};

/**
 * Prometheus with one rule: DiskFull, unless told otherwise, fires while the service says so.
 * `alertmanager` is where it posts: { address, pathPrefix?, token? }.
 */
export async function startPrometheus(rig, { service, alertmanager, severity = "critical", rule = diskFull }) {
  const port = await freePort();
  const dir = rig.file("prometheus");
  await mkdir(dir);
  await writeFile(
    `${dir}/rules.yml`,
    `groups:
- name: disks
  interval: 1s
  rules:
  - alert: ${rule.alert}
    expr: ${rule.expr}
    labels: {severity: ${severity}}
    annotations:
      summary: '${rule.summary}'
      runbook_url: https://runbooks.example.org/disk-full
`,
  );
  const authorization = alertmanager.token
    ? `    authorization: {type: Bearer, credentials: '${alertmanager.token}'}\n`
    : "";
  await writeFile(
    `${dir}/prometheus.yml`,
    `global: {scrape_interval: 1s, evaluation_interval: 1s, external_labels: {cluster: frankfurt}}
rule_files: [rules.yml]
scrape_configs:
- job_name: disks
  static_configs: [{targets: ['${service.address}']}]
alerting:
  alertmanagers:
  - api_version: v2
    path_prefix: '${alertmanager.pathPrefix ?? ""}'
${authorization}    static_configs: [{targets: ['${alertmanager.address}']}]
`,
  );
  const program = rig.spawn("prometheus", "prometheus", [
    `--config.file=${dir}/prometheus.yml`,
    `--storage.tsdb.path=${dir}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--rules.alert.resend-delay=5s",
  ]);
  await rig.ready(program, () => isUp(`http://127.0.0.1:${port}/-/ready`));
  return { url: `http://127.0.0.1:${port}`, program };
}

/** Alertmanager with one receiver: our webhook. */
export async function startAlertmanager(rig, { webhook, token }) {
  const port = await freePort();
  const dir = rig.file("alertmanager");
  await mkdir(dir);
  await writeFile(
    `${dir}/alertmanager.yml`,
    `global: {resolve_timeout: 30s}
route: {receiver: allclear, group_by: [alertname], group_wait: 1s, group_interval: 2s, repeat_interval: 1h}
receivers:
- name: allclear
  webhook_configs:
  - url: '${webhook}'
    send_resolved: true
    http_config: {authorization: {type: Bearer, credentials: '${token}'}}
`,
  );
  const program = rig.spawn("alertmanager", "prometheus-alertmanager", [
    `--config.file=${dir}/alertmanager.yml`,
    `--storage.path=${dir}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--cluster.listen-address=",
  ]);
  await rig.ready(program, () => isUp(`http://127.0.0.1:${port}/-/ready`));
  return { address: `127.0.0.1:${port}`, url: `http://127.0.0.1:${port}`, program };
}
