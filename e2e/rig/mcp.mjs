// An assistant: the official Python client of the Model Context Protocol, as it is on PyPI.
import { existsSync } from "node:fs";
import { ran } from "./process.mjs";

const python = process.env.MCP_PYTHON ?? new URL("../../.allclear/mcp/bin/python", import.meta.url).pathname;

/** Why there is no client to try, if there is none. */
export const noPython = existsSync(python) ? false : "the Python client of MCP is not installed (scripts/packages.sh)";

/** What the client heard to all that it asked, in a process of its own. */
export async function assistant(rig, { token, ...asked }) {
  const script = new URL("ask_mcp.py", import.meta.url).pathname;
  return JSON.parse(await ran(python, [script], { input: JSON.stringify({ token, ...asked }) }));
}
