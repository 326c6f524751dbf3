// What is committed is what the sources make, and it is small.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, rmSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = fileURLToPath(new URL("../", import.meta.url));
const CORE_BYTES_MAX = 8 * 1024;

test("the generated types are those of the hub's documents", () => {
  const fresh = execFileSync(process.execPath, [`${root}scripts/generate.mjs`, "--print"], { encoding: "utf8" });
  assert.ok(fresh === readFileSync(`${root}src/types.ts`, "utf8"), "src/types.ts has drifted: npm run generate");
});

test("the compiled modules are those of the sources", () => {
  const folder = "node_modules/.fresh";
  execFileSync(process.execPath, [`${root}scripts/build.mjs`, folder], { stdio: "inherit" });
  const files = (where) => readdirSync(root + where).sort();
  assert.deepEqual(files("dist"), files(folder), "dist has drifted: npm run build");
  for (const file of files("dist")) {
    const same = readFileSync(`${root}dist/${file}`).equals(readFileSync(`${root}${folder}/${file}`));
    assert.ok(same, `dist/${file} has drifted: npm run build`);
  }
  rmSync(root + folder, { recursive: true });
});

test("a page loads less than 8 KB", (t) => {
  const bytes = gzipSync(readFileSync(`${root}dist/tollbell.min.js`), { level: 9 }).length;
  t.diagnostic(`${bytes} bytes compressed`);
  assert.ok(bytes < CORE_BYTES_MAX, `${bytes} bytes`);
});

test("nothing is needed at run time", () => {
  const { dependencies, version } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  assert.equal(dependencies, undefined);
  const cargo = readFileSync(`${root}../../Cargo.toml`, "utf8");
  assert.equal(version, /^version = "(.*)"$/m.exec(cargo)[1]);
});
