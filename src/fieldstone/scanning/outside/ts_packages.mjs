// The client packages that a program has installed: their modules, and whether they are narrowed.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const packages = new Map();
/** The client packages by folder: module, name, and the uses that each is narrowed to; empty for a full one. */
export const installed = new Map();
/** The full names of messages of which narrowed packages lack fields. */
export const lacking = new Set();

/** The `fieldstone` table of the package that a file belongs to; null if it is none of Fieldstone's. */
export function packageOf(file) {
  const folder = dirname(file);
  if (!packages.has(folder)) {
    const manifest = join(folder, "package.json");
    const said = existsSync(manifest) ? (JSON.parse(readFileSync(manifest, "utf8")).fieldstone ?? null) : undefined;
    const own = said ? { ...said, folder } : said;
    packages.set(folder, own === undefined && folder !== dirname(folder) ? packageOf(folder) : (own ?? null));
  }
  return packages.get(folder);
}

/** Whether all client packages of a module are narrowed: nothing but their fields can be read. */
export function isNarrowed(module) {
  return [...installed.values()].every((one) => one.module !== module || one.uses);
}

/** Learn the name of an installed client package, and the uses that it is narrowed to. */
export function learnPackage(own) {
  if (installed.has(own.folder)) return;
  const { name } = JSON.parse(readFileSync(join(own.folder, "package.json"), "utf8"));
  const file = join(own.folder, "fieldstone.uses.toml");
  const uses = own.uses && existsSync(file) ? readFileSync(file, "utf8") : "";
  installed.set(own.folder, { module: own.module, name, uses });
  for (const message of own.partial ?? []) lacking.add(message);
}
