// Compiles src to dist: the modules, their declarations, and tollbell.min.js, which has all that a page needs in one file.
//
// `node scripts/build.mjs [folder]`; another folder is for the test that finds drift.

import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = process.argv[2] ?? "dist";
rmSync(new URL(`../${folder}`, import.meta.url), { recursive: true, force: true });
const tsc = (...flags) => {
  const program = `${root}node_modules/typescript/bin/tsc`;
  const { status } = spawnSync(process.execPath, [program, "--outDir", folder, ...flags], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
};
tsc();
await build({
  entryPoints: [`${root}src/index.ts`],
  outfile: `${root}${folder}/tollbell.min.js`,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  legalComments: "none",
  banner: { js: "// The client of a tollbell hub; its source is clients/typescript." },
});
