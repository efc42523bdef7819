// GitHub and Jira cannot be run here, so recorders stand for them: they answer what we call as their documentation says, keep
// the issues, and can lose an answer on its way.
import { createServer } from "node:http";

async function serve(rig, handle) {
  const calls = [];
  const server = createServer(async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const url = new URL(request.url, "http://tracker");
    const text = Buffer.concat(pieces).toString("utf8");
    const call = { method: request.method, path: url.pathname, query: url.searchParams, headers: request.headers, body: text ? JSON.parse(text) : undefined };
    calls.push(call);
    const { status = 200, headers = {}, body, broken } = handle(call);
    if (broken) return response.destroy();
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  rig.atEnd(() => server.closeAllConnections() ?? server.close());
  return { calls, url: `http://127.0.0.1:${server.address().port}` };
}

/** Issues of one repository. `loseNext` makes one, and breaks off before it says so. */
export async function startGithub(rig, { token, repository = "example/shop" }) {
  const github = { issues: [], loseNext: false, tag: 1 };
  const shown = (issue) => ({ ...issue, html_url: `https://github.com/${repository}/issues/${issue.number}` });
  const base = `/repos/${repository}/issues`;
  Object.assign(
    github,
    await serve(rig, ({ method, path, headers, body }) => {
      if (headers.authorization !== `Bearer ${token}`) return { status: 401, body: { message: "Bad credentials" } };
      if (method === "POST" && path === base) {
        const issue = { number: github.issues.length + 1, title: body.title, body: body.body, labels: body.labels, state: "open" };
        github.issues.push(issue);
        if (github.loseNext) {
          github.loseNext = false;
          return { broken: true };
        }
        return { status: 201, body: shown(issue) };
      }
      if (method === "GET" && path === base) return { body: [...github.issues].reverse().map(shown) };
      const issue = github.issues[Number(path.split("/").pop()) - 1];
      if (!issue) return { status: 404, body: { message: "Not Found" } };
      if (method === "PATCH") Object.assign(issue, body);
      const etag = `W/"${issue.number}-${issue.state}-${issue.title}"`;
      if (method === "GET" && headers["if-none-match"] === etag) return { status: 304, headers: { etag } };
      return { headers: { etag }, body: shown(issue) };
    }),
  );
  return github;
}

/** Issues of one project, with a workflow of three statuses. */
export async function startJira(rig, { account, token, project = "OPS" }) {
  const jira = { issues: [] };
  const statuses = { "To Do": "new", "In Progress": "indeterminate", Done: "done" };
  const status = (name) => ({ name, statusCategory: { key: statuses[name] } });
  const shown = (issue) => ({ key: issue.key, fields: { summary: issue.summary, status: status(issue.status), labels: issue.labels } });
  const wanted = `Basic ${Buffer.from(`${account}:${token}`).toString("base64")}`;
  Object.assign(
    jira,
    await serve(rig, ({ method, path, query, headers, body }) => {
      if (headers.authorization !== wanted) return { status: 401, body: { errorMessages: ["Unauthorized"] } };
      if (method === "POST" && path === "/rest/api/2/issue") {
        const { summary, description, labels } = body.fields;
        const issue = { key: `${project}-${jira.issues.length + 1}`, summary, description, labels, status: "To Do" };
        jira.issues.push(issue);
        return { status: 201, body: { id: "1", key: issue.key } };
      }
      if (path === "/rest/api/2/search/jql") {
        const label = /labels = "([^"]+)"/.exec(query.get("jql"))?.[1];
        return { body: { issues: jira.issues.filter((issue) => issue.labels.includes(label)).map(shown) } };
      }
      const [, key, transitions] = /^\/rest\/api\/2\/issue\/([^/]+)(\/transitions)?$/.exec(path) ?? [];
      const issue = jira.issues.find((one) => one.key === key);
      if (!issue) return { status: 404, body: { errorMessages: ["Issue does not exist"] } };
      if (!transitions) return { body: shown(issue) };
      const ways = Object.keys(statuses).map((name, at) => ({ id: String(at + 11), name: `To ${name}`, to: status(name) }));
      if (method === "GET") return { body: { transitions: ways } };
      issue.status = ways.find((way) => way.id === body.transition.id).to.name;
      return { status: 204 };
    }),
  );
  return jira;
}
