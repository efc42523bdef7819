// A real mail server: Debian's Exim, with TLS and a password, delivering into a folder that the journey reads.
// It takes mail for every address and sends none on.
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { freePort, ran, until } from "./process.mjs";

/** An authority of our own, and a certificate for this machine. */
export async function makeCertificates(rig) {
  const dir = rig.file("tls");
  await mkdir(dir);
  const openssl = (...args) => ran("openssl", args, { cwd: dir });
  await writeFile(`${dir}/names`, "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n");
  await openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=allclear journeys");
  await openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "request", "-subj", "/CN=localhost");
  await openssl("x509", "-req", "-in", "request", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "certificate.pem", "-days", "2", "-extfile", "names");
  return { authority: `${dir}/ca.pem`, certificate: `${dir}/certificate.pem`, key: `${dir}/key.pem` };
}

export async function startMailServer(rig) {
  const port = await freePort();
  const tls = await makeCertificates(rig);
  const dir = rig.file("mail");
  for (const folder of ["", "/spool", "/log", "/box"]) await mkdir(dir + folder);
  await chmod(tls.key, 0o644);
  await writeFile(`${dir}/exim.conf`, configuration({ port, dir, tls }));
  let as;
  if (process.getuid() === 0) {
    as = "Debian-exim";
    await ran("chown", ["-R", `${as}:${as}`, dir]);
    await ran("chown", ["root:", `${dir}/exim.conf`]); // Exim trusts no other's
  }
  const program = rig.spawn("exim", process.env.EXIM_BIN ?? "exim4", ["-C", `${dir}/exim.conf`, "-bdf", "-q1m"], { as });
  await rig.ready(program, () => answers(port));
  const server = {
    port,
    program,
    /** For `--smtp` and `--smtp-ca`. */
    url: `smtp://allclear:correct-horse@localhost:${port}?tls=required`,
    authority: tls.authority,
    /** All mails so far, the oldest first. */
    async mails() {
      const names = await readdir(`${dir}/box/new`).catch(() => []);
      const mails = await Promise.all(names.map(async (name) => parseMail(await readFile(`${dir}/box/new/${name}`, "utf8"), name)));
      return mails.sort((a, b) => a.order.localeCompare(b.order, "en", { numeric: true }));
    },
    /** The first mail that `fits`, as soon as it is there. */
    mail(what, fits, options) {
      return until(what, async () => (await server.mails()).find(fits), options);
    },
  };
  return server;
}

const answers = (port) =>
  new Promise((done) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("data", (greeting) => done(socket.destroy() && String(greeting).startsWith("220")));
    socket.once("error", () => done(false));
  });

function configuration({ port, dir, tls }) {
  const signsIn = (user, password) => `\${if and{{eq{\$auth${user}}{allclear}}{eq{\$auth${password}}{correct-horse}}}}`;
  return `primary_hostname = mail.example.test
spool_directory = ${dir}/spool
log_file_path = ${dir}/log/%slog
pid_file_path = ${dir}/exim.pid
daemon_smtp_ports = ${port}
local_interfaces = 127.0.0.1
tls_certificate = ${tls.certificate}
tls_privatekey = ${tls.key}
tls_advertise_hosts = *
auth_advertise_hosts = *
acl_smtp_rcpt = signed_in
acl_smtp_data = accept
host_lookup =
rfc1413_query_timeout = 0s
deliver_drop_privilege
keep_environment =
${process.getuid() === 0 ? "" : `admin_groups = ${process.getgid()}\nexim_user = ${process.getuid()}\nexim_group = ${process.getgid()}\n`}

begin acl
signed_in:
  deny
    message = use TLS first
    !encrypted = *
  deny
    message = sign in first
    !authenticated = *
  deny
    message = there is no such mailbox
    condition = \${if match{$local_part}{^nobody}}
  accept

begin routers
all:
  driver = accept
  transport = box

begin transports
box:
  driver = appendfile
  directory = ${dir}/box
  maildir_format
  envelope_to_add
  return_path_add

begin authenticators
PLAIN:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${signsIn(2, 3)}
  server_set_id = $auth2
  server_advertise_condition = \${if def:tls_in_cipher}
LOGIN:
  driver = plaintext
  public_name = LOGIN
  server_prompts = <| Username: | Password:
  server_condition = ${signsIn(1, 2)}
  server_set_id = $auth1
  server_advertise_condition = \${if def:tls_in_cipher}
`;
}

/** Headers by lower-case name, and the decoded text and HTML parts. */
export function parseMail(raw, order = "") {
  const { headers, body } = split(raw);
  const mail = { order, raw, headers, from: headers.from, to: headers["envelope-to"] ?? headers.to, subject: decodeWords(headers.subject ?? "") };
  for (const part of parts(headers, body)) {
    if (part.type === "text/plain") mail.text ??= part.content;
    if (part.type === "text/html") mail.html ??= part.content;
  }
  mail.links = [...new Set(((mail.text ?? "") + " " + (mail.html ?? "").replaceAll("&amp;", "&")).match(/https?:\/\/[^\s"'<>)]+/g) ?? [])];
  return mail;
}

function split(raw) {
  const text = raw.replaceAll("\r\n", "\n");
  const at = text.indexOf("\n\n");
  const headers = {};
  for (const line of text.slice(0, at).replace(/\n[ \t]+/g, " ").split("\n")) {
    const [, name, value] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
    if (name) headers[name.toLowerCase()] = value;
  }
  return { headers, body: text.slice(at + 2) };
}

function parts(headers, body) {
  const type = headers["content-type"] ?? "text/plain";
  const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1];
  if (type.startsWith("multipart/") && boundary) {
    return body
      .split(`--${boundary}`)
      .slice(1, -1)
      .flatMap((piece) => {
        const inner = split(piece.replace(/^\n/, ""));
        return parts(inner.headers, inner.body);
      });
  }
  return [{ type: type.split(";")[0].trim().toLowerCase(), content: decode(body, headers["content-transfer-encoding"]) }];
}

function decode(body, encoding = "7bit") {
  if (/base64/i.test(encoding)) return Buffer.from(body, "base64").toString("utf8");
  if (/quoted-printable/i.test(encoding)) return quoted(body.replace(/=\n/g, ""));
  return body;
}

const quoted = (text) => Buffer.from(text.replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16))), "latin1").toString("utf8");

const decodeWords = (text) =>
  text
    .replace(/\?=\s+=\?/g, "?==?")
    .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, how, word) => (/b/i.test(how) ? Buffer.from(word, "base64").toString("utf8") : quoted(word.replaceAll("_", " "))));
