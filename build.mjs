// Builds the browser side: crates/web/assets -> crates/web/assets/dist, with a hash of the content in each name,
// .br and .gz beside each file, and manifest.json from plain to hashed names. Needs no network.
//
//   node build.mjs            build once
//   node build.mjs --watch    build again at each change
import { build, context } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const assets = path.join(path.dirname(fileURLToPath(import.meta.url)), "crates/web/assets");
const dist = path.join(assets, "dist");
const fresh = path.join(assets, `.dist-${process.pid}`);

// CodeMirror writes its style sheet into the page as an element, which our policy does not allow; it can do it without one.
const sheets = {
  name: "sheets",
  setup: (on) =>
    on.onLoad({ filter: /style-mod\.js$/ }, async ({ path: file }) => {
      const text = await readFile(file, "utf8");
      const contents = text.replace("!root.head && root.adoptedStyleSheets", "root.adoptedStyleSheets");
      if (contents === text) throw new Error("style-mod is not as we know it: look at build.mjs");
      return { contents, loader: "js" };
    }),
};

const options = {
  entryPoints: ["js/app.ts", "css/app.css", "js/editor.ts", "js/status.ts", "css/status.css"].map((file) => path.join(assets, file)),
  outdir: fresh,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome123", "firefox121", "safari17.5"],
  loader: { ".svg": "file" },
  assetNames: "[name]-[hash]",
  entryNames: "[name]-[hash]",
  metafile: true,
  legalComments: "none",
  plugins: [sheets],
  logLevel: "warning",
};

async function finish(result) {
  const manifest = {};
  for (const [file, output] of Object.entries(result.metafile.outputs)) {
    if (!output.entryPoint) continue;
    const plain = path.basename(output.entryPoint).replace(/\.ts$/, ".js");
    manifest[plain] = path.basename(file);
  }
  const icon = await readFile(path.join(assets, "img/favicon.svg"));
  manifest["favicon.svg"] = `favicon-${createHash("sha256").update(icon).digest("hex").slice(0, 8)}.svg`;
  await writeFile(path.join(fresh, manifest["favicon.svg"]), icon);
  await writeFile(path.join(fresh, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
  for (const name of await readdir(fresh)) {
    const bytes = await readFile(path.join(fresh, name));
    if (bytes.length < 512 || name === "manifest.json") continue;
    await writeFile(path.join(fresh, `${name}.gz`), gzipSync(bytes, { level: 9 }));
    const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
    await writeFile(path.join(fresh, `${name}.br`), brotliCompressSync(bytes, quality));
  }
  // The old folder is there until the new one is whole.
  await rm(dist, { recursive: true, force: true });
  await rename(fresh, dist);
  for (const name of Object.values(manifest)) {
    const [plain, packed] = await Promise.all(
      [name, `${name}.br`].map((file) => readFile(path.join(dist, file)).then((bytes) => bytes.length, () => 0)),
    );
    console.log(`assets: ${name} ${(plain / 1000).toFixed(1)} kB${packed ? `, ${(packed / 1000).toFixed(1)} kB packed` : ""}`);
  }
}

await mkdir(fresh, { recursive: true });
try {
  if (process.argv.includes("--watch")) {
    const plugin = { name: "finish", setup: (on) => on.onEnd((result) => (result.errors.length ? undefined : finish(result))) };
    await (await context({ ...options, plugins: [sheets, plugin] })).watch();
  } else {
    await finish(await build(options));
  }
} catch (error) {
  await rm(fresh, { recursive: true, force: true });
  console.error(`assets: ${error.message}`);
  process.exitCode = 1;
}
