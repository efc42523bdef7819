// Child processes, ports, waiting, and a folder that goes away. Whatever a journey starts dies with it,
// even when the journey itself is killed (setpriv --pdeathsig).
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export { sleep };

/** A port that nothing listens on now. */
export async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Asks again until the answer is neither false nor an error; then gives the answer. */
export async function until(what, ask, { within = 20_000, every = 50 } = {}) {
  const end = Date.now() + within;
  let last;
  for (;;) {
    try {
      const answer = await ask();
      if (answer) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${within / 1000} s (last: ${last?.message ?? last})`, { cause: last });
    await sleep(every);
  }
}

/** One journey's belongings: a folder, and everything that was started. `await rig.end()` puts all away. */
export class Rig {
  #endings = [];

  static async start(test) {
    const rig = new Rig();
    rig.dir = await mkdtemp(path.join(tmpdir(), "allclear-e2e-"));
    await chmod(rig.dir, 0o755); // the mail server is a user of its own
    rig.#endings.push(() => rm(rig.dir, { recursive: true, force: true, maxRetries: 5 }));
    test?.after(() => rig.end());
    return rig;
  }

  /** Calls `ending` when the journey ends; the last first. */
  atEnd(ending) {
    this.#endings.push(ending);
  }

  file(...parts) {
    return path.join(this.dir, ...parts);
  }

  async end() {
    while (this.#endings.length > 0) await this.#endings.pop()();
  }

  /** Starts a program; its output goes to a file that is shown when the program fails. */
  spawn(name, command, args, { env = {}, as } = {}) {
    const log = this.file(`${name}-${Math.random().toString(36).slice(2, 8)}.log`);
    const become = as ? [`--reuid=${as}`, `--regid=${as}`, "--clear-groups"] : [];
    const child = spawn("setpriv", [...become, "--pdeathsig=KILL", "--", command, ...args], {
      cwd: this.dir,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const out = createWriteStream(log);
    child.stdout.pipe(out, { end: false });
    child.stderr.pipe(out, { end: false });
    const ended = new Promise((done) => child.on("exit", (code, signal) => done({ code, signal })));
    const program = {
      name,
      pid: child.pid,
      ended,
      get running() {
        return child.exitCode === null && child.signalCode === null;
      },
      log: () => readFile(log, "utf8"),
      async kill(signal = "SIGKILL") {
        child.kill(signal);
        return ended;
      },
      async stop() {
        if (!program.running) return;
        child.kill("SIGTERM");
        const late = AbortSignal.timeout(10_000);
        late.addEventListener("abort", () => child.kill("SIGKILL"));
        await ended;
      },
    };
    this.atEnd(() => program.stop());
    return program;
  }

  /** Waits until `ask` is content, or says what the program printed when it ends before. */
  async ready(program, ask, options) {
    return until(
      `${program.name} to be ready`,
      async () => {
        if (!program.running) return { ended: true };
        return ask();
      },
      { within: 30_000, ...options },
    ).then(async (answer) => {
      if (answer?.ended) throw new Error(`${program.name} ended at once:\n${(await program.log()).slice(-4000)}`);
      return answer;
    });
  }
}

/** Runs a program to its end: code, stdout and stderr. */
export async function run(command, args, { env = {}, cwd, input } = {}) {
  const child = spawn(command, args, { env: { ...process.env, ...env }, cwd, stdio: ["pipe", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (piece) => (stdout += piece));
  child.stderr.on("data", (piece) => (stderr += piece));
  child.stdin.on("error", () => {}); // it may end without reading
  child.stdin.end(input ?? "");
  const code = await new Promise((done, failed) => {
    child.on("error", failed);
    child.on("close", done);
  });
  return { code, stdout, stderr };
}

/** The same, and an error when it fails. */
export async function ran(command, args, options) {
  const result = await run(command, args, options);
  if (result.code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${result.code}:\n${result.stderr}${result.stdout}`);
  return result.stdout;
}
