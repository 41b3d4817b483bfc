// Usage: node check.mjs PACKAGE SAMPLE. Imports every module of an installed package, sends a message of every type
// through binary and JSON, writes a program to SAMPLE that uses every type, and says what it went through as JSON.
import { readFileSync, writeFileSync } from "node:fs";
import { create, createRegistry, equals, fromBinary, fromJsonString, toBinary, toJsonString } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";

const DEEPEST = 3;
const INTEGERS = new Set([3, 4, 6, 16, 18]); // the ScalarTypes that are a bigint: all of 64 bits

function scalar(type) {
  if (INTEGERS.has(type)) return 7n;
  if (type === 8) return true;
  if (type === 9) return "é\u2028\"";
  if (type === 12) return new Uint8Array([0, 255]);
  return type === 1 || type === 2 ? 1.5 : 7;
}

function single(field, depth) {
  const kind = field.fieldKind === "list" ? field.listKind : field.fieldKind === "map" ? field.mapKind : field.fieldKind;
  if (kind === "message") return filled(field.message, depth + 1);
  if (kind === "enum") return field.enum.values.at(-1).number;
  return scalar(field.scalar);
}

function fill(message, field, depth) {
  if (field.fieldKind === "list") message.get(field).add(single(field, depth));
  else if (field.fieldKind === "map") message.get(field).set(scalar(field.mapKey), single(field, depth));
  else message.set(field, single(field, depth));
}

// Well-known types have a JSON of their own, which not every value of theirs has.
const KNOWN = {
  "google.protobuf.Any": {},
  "google.protobuf.Duration": { seconds: 7n, nanos: 5 },
  "google.protobuf.FieldMask": { paths: ["foo_bar"] },
  "google.protobuf.ListValue": { values: [{ kind: { case: "boolValue", value: true } }] },
  "google.protobuf.Struct": { fields: { a: { kind: { case: "numberValue", value: 1.5 } } } },
  "google.protobuf.Timestamp": { seconds: 7n, nanos: 5 },
  "google.protobuf.Value": { kind: { case: "stringValue", value: "x" } },
};

function filled(desc, depth = 0) {
  if (desc.typeName in KNOWN) return reflect(desc, create(desc, KNOWN[desc.typeName]));
  const message = reflect(desc, create(desc));
  for (const field of desc.fields) {
    const required = field.proto.label === 2;
    if (required || depth < DEEPEST || isScalar(field)) fill(message, field, depth);
  }
  return message;
}

function isScalar(field) {
  return field.fieldKind === "scalar" || field.fieldKind === "enum" || (field.message && isWrapperDesc(field.message));
}

function sent(desc, registry) {
  const message = filled(desc).message;
  const binary = fromBinary(desc, toBinary(desc, message));
  const json = fromJsonString(desc, toJsonString(desc, message, { registry }), { registry });
  for (const [form, back] of Object.entries({ binary, JSON: json })) {
    if (!equals(desc, back, message)) throw new Error(`${desc.typeName} does not come back from ${form} as it went`);
  }
}

const [name, sample] = process.argv.slice(2);
const manifest = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
const paths = Object.keys(manifest.exports).filter((path) => path.endsWith(".js"));
const index = await import(name);
if (index.VERSION !== manifest.version) throw new Error(`${name} says that it is ${index.VERSION}`);

const lines = ['import { type MessageShape, create, fromBinary, toBinary, toJson } from "@bufbuild/protobuf";'];
lines.push(`import { NAME, VERSION, DIGEST } from ${JSON.stringify(name)};`, "const release: string[] = [NAME, VERSION, DIGEST];");
const modules = await Promise.all(paths.map((path) => import(name + path.slice(1))));
const exported = modules.flatMap((module, place) => Object.entries(module).map(([key, desc]) => ({ key, desc, place })));
const messages = exported.filter(({ desc }) => desc?.kind === "message");
const registry = createRegistry(...exported.map(({ desc }) => desc).filter((desc) => desc?.kind === "file"));
paths.forEach((path, place) => lines.push(`import * as m${place} from ${JSON.stringify(name + path.slice(1))};`));
for (const [number, { key, desc, place }] of messages.entries()) {
  sent(desc, registry);
  const schema = `m${place}.${key}`;
  lines.push(`const v${number}: MessageShape<typeof ${schema}> = fromBinary(${schema}, toBinary(${schema}, create(${schema})));`);
  lines.push(`console.log(toJson(${schema}, v${number}), v${number}.$typeName);`);
}
lines.push("console.log(release);");
writeFileSync(sample, `${lines.join("\n")}\n`);
console.log(JSON.stringify({ modules: paths.length, messages: messages.length }));
