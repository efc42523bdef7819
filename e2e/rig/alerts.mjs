// Bodies that sources post, and a load of them.

/** Alertmanager's webhook, version 4. */
export function webhookBody(alerts, status = "firing") {
  const zero = "0001-01-01T00:00:00Z";
  return {
    version: "4",
    groupKey: '{}:{alertname="x"}',
    truncatedAlerts: 0,
    status,
    receiver: "allclear",
    groupLabels: {},
    commonLabels: {},
    commonAnnotations: {},
    externalURL: "http://alertmanager.example.test",
    alerts: alerts.map(({ labels, annotations = {}, startsAt = new Date().toISOString(), resolved = status === "resolved" }) => ({
      status: resolved ? "resolved" : "firing",
      labels,
      annotations,
      startsAt,
      endsAt: resolved ? new Date().toISOString() : zero,
      generatorURL: "http://prometheus.example.test/graph",
    })),
  };
}

/** Posts to an ingest URL: the status, or 0 when the connection broke. */
export async function post(url, token, body) {
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(15_000),
    });
    return { status: answer.status, text: await answer.text() };
  } catch (error) {
    return { status: 0, text: String(error.cause?.message ?? error.message) };
  }
}
