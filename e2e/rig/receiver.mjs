// The receiver as the guide of rollbacks shows it, whose command puts a version in place.
import { chmod, readFile, writeFile } from "node:fs/promises";

/** What both sides sign with. */
export const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/** Starts it on a port. `version` says where the version of a service stands; what was done stands in `done.log`. */
export async function startReceiver(rig, port, version) {
  const guide = await readFile(new URL("../../docs/rollback.md", import.meta.url), "utf8");
  const [, source] = /```python\n([\s\S]*?)```/.exec(guide);
  await writeFile(rig.file("receiver.py"), source);
  await writeFile(rig.file("rollback"), `#!/bin/sh\n[ "$1" = --check ] && exit 0\necho "$@" >> ${rig.file("done.log")}\necho "$3" > ${version("$1")}\n`);
  await chmod(rig.file("rollback"), 0o755);
  const env = { PORT: String(port), ROLLBACK_SECRET: SECRET, ROLLBACK_COMMAND: rig.file("rollback"), ROLLBACK_STATE: rig.file("kept") };
  const program = rig.spawn("receiver", "python3", ["receiver.py"], { env });
  await rig.ready(program, async () => (await fetch(`http://127.0.0.1:${port}/`, { method: "POST" })).status === 401);
}
