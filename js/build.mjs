// Builds the widgets' one bundle into the package, with a digest of the sources it was built from and
// the licences of what it holds.
//
//   node build.mjs            into ../datagenflow_nb/widgets/static
//   node build.mjs FOLDER     into another folder, to be compared with the committed one

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "..", "datagenflow_nb", "widgets", "static");

const { metafile } = await esbuild.build({
  absWorkingDir: here,
  entryPoints: { widgets: "src/index.ts" },
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  outdir: out,
  jsx: "automatic",
  // Jinja's language comes with HTML's, CSS's and JavaScript's; templates here are prose or JSON.
  alias: { "@codemirror/lang-html": "./src/editor/form/prose.ts" },
  define: { "process.env.NODE_ENV": '"production"' },
  legalComments: "none",
  charset: "utf8",
  metafile: true,
  logLevel: "warning",
});

mkdirSync(out, { recursive: true });
writeFileSync(join(out, "sources.sha256"), `${digest()}\n`);
writeFileSync(join(out, "widgets.licences.txt"), licences());

/** SHA-256 over the names and bytes of all that the bundle is made of; Python computes the same. */
function digest() {
  const names = [...walk(join(here, "src")), "build.mjs", "package.json", "package-lock.json"];
  const hash = createHash("sha256");
  for (const name of names.sort()) {
    hash.update(`${name}\0`);
    hash.update(readFileSync(join(here, name)));
    hash.update("\0");
  }
  return hash.digest("hex");
}

function walk(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(here, join(entry.parentPath, entry.name)).split(sep).join("/"));
}

/** Name, version and licence of every package whose code is in the bundle. */
function licences() {
  const inputs = Object.keys(metafile.inputs);
  const folders = inputs.flatMap(
    (path) => /^(?:.*node_modules\/)(?:@[^/]+\/)?[^/]+/.exec(path) ?? [],
  );
  return [...new Set(folders)]
    .sort()
    .map((folder) => {
      const about = JSON.parse(readFileSync(join(here, folder, "package.json"), "utf8"));
      const file = ["LICENSE", "LICENSE.md", "LICENSE.txt", "license"]
        .map((name) => join(here, folder, name))
        .find((path) => existsSync(path));
      const text = file ? readFileSync(file, "utf8").trim() : `Licence: ${about.license}`;
      return `${about.name} ${about.version} (${about.license})\n\n${text}\n`;
    })
    .join(`\n${"-".repeat(78)}\n\n`);
}
