// Copies the browser libraries that package.json names to static/vendor (axe-core, for tests, to
// tests/vendor), each with its licence, and draws the icon sprite. The copies are committed.
//
//   npm ci --ignore-scripts && npm run vendor     write the copies
//   npm run check                                 fail if a copy differs
//
// Source map comments are stripped: hashed static file storage refuses files that name a missing map.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const CHECK = process.argv.includes("--check");

const COPIES = [
  ["htmx.org", "static/vendor/htmx", ["LICENSE", "dist/htmx.min.js"]],
  ["bootstrap", "static/vendor/bootstrap", ["LICENSE", "dist/css/bootstrap.min.css"]],
  ["tom-select", "static/vendor/tom-select", ["LICENSE", "dist/js/tom-select.complete.min.js", "dist/css/tom-select.min.css"]],
  ["@tabler/icons", "static/vendor/icons", ["LICENSE"]],
  ["axe-core", "tests/vendor/axe", ["LICENSE", "LICENSE-3RD-PARTY.txt", "axe.min.js"]],
];
const SPRITE = "static/vendor/icons/sprite.svg";
const SOURCES = { folders: ["crm", "customers", "templates", "static/crm"], types: [".py", ".html", ".js"] };

const files = new Map();
for (const [name, target, paths] of COPIES) {
  for (const path of paths) {
    const text = readFileSync(join(ROOT, "node_modules", name, path), "utf8");
    files.set(join(target, path.split("/").at(-1)), withoutSourceMap(text));
  }
}
files.set(SPRITE, sprite(usedIcons()));
files.set("static/vendor/SHA256SUMS", sums());
CHECK ? compare() : write();

function withoutSourceMap(text) {
  return text.replace(/\n?\/\*# sourceMappingURL=[^*]*\*\/\s*$|\n?\/\/# sourceMappingURL=\S*\s*$/, "\n");
}

// Every quoted word on a line that speaks of an icon, if Tabler has an icon of that name.
function usedIcons() {
  const names = new Set();
  for (const folder of SOURCES.folders) {
    for (const path of walk(join(ROOT, folder))) {
      for (const line of readFileSync(path, "utf8").split("\n")) {
        if (!/icon/i.test(line)) continue;
        for (const [, name] of line.matchAll(/["']([a-z][a-z0-9-]*)["']/g)) if (existsSync(drawing(name))) names.add(name);
      }
    }
  }
  return [...names].sort();
}

function walk(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return walk(path);
    return SOURCES.types.includes(extname(path)) ? [path] : [];
  });
}

function drawing(name) {
  return join(ROOT, "node_modules/@tabler/icons/icons/outline", `${name}.svg`);
}

function sprite(names) {
  const symbols = names.map((name) => {
    const shapes = readFileSync(drawing(name), "utf8")
      .replace(/<svg[^>]*>|<\/svg>|<path stroke="none" d="M0 0h24v24H0z" fill="none" \/>/g, "")
      .replace(/\s+/g, " ")
      .replaceAll(" />", "/>")
      .trim();
    return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">${shapes}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`;
}

function sums() {
  const line = ([path, text]) => `${createHash("sha256").update(text).digest("hex")}  ${path}`;
  return [...files].map(line).join("\n") + "\n";
}

function write() {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), text);
  }
  console.log(`${files.size} files written`);
}

function compare() {
  const differs = [...files].filter(([path, text]) => !existsSync(join(ROOT, path)) || readFileSync(join(ROOT, path), "utf8") !== text);
  for (const [path] of differs) console.error(`differs: ${path}`);
  if (differs.length) process.exit(1);
  console.log(`${files.size} files are as they should be`);
}
