// Programs that ask for flags as others do: by the providers of OpenFeature's SDKs, as they are on npm and PyPI.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { build } from "esbuild";

export const python = process.env.OPENFEATURE_PYTHON ?? new URL("../../.allclear/openfeature/bin/python", import.meta.url).pathname;

/** Why there is no Python SDK to try, if there is none. */
export const noPython = existsSync(python) ? false : "the Python SDK is not installed (scripts/packages.sh)";

/** The Python SDK in a process of its own; answers a question with what the SDK says. */
export function startPython(rig, url, key) {
  const script = new URL("ask_flags.py", import.meta.url).pathname;
  const child = spawn("setpriv", ["--pdeathsig=KILL", "--", python, script, url, key], { stdio: ["pipe", "pipe", "inherit"] });
  rig.atEnd(() => child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async (type, flag, fallback, context = {}) => {
    child.stdin.write(`${JSON.stringify({ type, flag, default: fallback, context })}\n`);
    const { value } = await lines.next();
    return JSON.parse(value);
  };
}

/** The server SDK of npm, in this process. */
export async function serverClient(url, key) {
  const { OpenFeature } = await import("@openfeature/server-sdk");
  const { OFREPProvider } = await import("@openfeature/ofrep-provider");
  await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: url, headers: [["Authorization", `Bearer ${key}`]] }));
  return OpenFeature.getClient();
}

/** The web SDK of npm as one script for a browser: `start(url, key, targetingKey)` gives a client. */
export async function webScript() {
  const contents = `
    import { OpenFeature } from "@openfeature/web-sdk";
    import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
    globalThis.start = async (baseUrl, key, targetingKey) => {
      await OpenFeature.setContext({ targetingKey });
      await OpenFeature.setProviderAndWait(new OFREPWebProvider({ baseUrl, headers: [["X-API-Key", key]], cacheMode: "disabled" }));
      globalThis.client = OpenFeature.getClient();
    };`;
  const resolveDir = new URL("..", import.meta.url).pathname;
  const { outputFiles } = await build({ stdin: { contents, resolveDir }, bundle: true, write: false, format: "iife", logLevel: "error" });
  return outputFiles[0].text;
}
