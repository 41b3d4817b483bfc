// Lists the uses of generated messages in TypeScript code, as JSON: node ts_scan.mjs OUTPUT TSCONFIG [FOLDER]
//
// It reads the program of a tsconfig.json with the TypeScript of the consumer's own node_modules, or with that of FOLDER.
// Exit code 3: that TypeScript has no API for programs, as 7.0 has none. protoc-gen-es writes
// the protobuf name of every message, field, oneof, enum value and rpc into the comment of its declaration
// (`@generated from field: double reward = 6;`), so a use is a symbol whose declaration has such a comment, in a
// package whose package.json names its module. What no type tells is listed as not seen, and never taken for unused.

import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative, resolve } from "node:path";
import { installed, isNarrowed, lacking, learnPackage, packageOf } from "./ts_packages.mjs";

const [, , output, project, tools] = process.argv;
const root = process.cwd();
const ts = createRequire(resolve(root, tools ? join(tools, "x") : project))("typescript");
if (!ts.createProgram) process.exit(3);

const KEEPING = new Set(["toBinary", "fromBinary", "mergeFromBinary", "clone", "create", "isMessage", "sizeOf"]);
const KEEPING_FROM = "@bufbuild/protobuf";

const uses = new Set();
const unseen = new Set();
const releases = new Map();
const partial = new Set();
const fieldNames = new Map();

/** What protoc-gen-es says that a declaration was generated from: its kind, protobuf name, and module; else null. */
function origin(declaration) {
  const module = declaration && packageOf(declaration.getSourceFile().fileName);
  if (!module) return null;
  for (const tag of ts.getJSDocTags(declaration)) {
    if (tag.tagName.text !== "generated") continue;
    const said = (typeof tag.comment === "string" ? tag.comment : ts.getTextOfJSDocComment(tag.comment)) ?? "";
    const found = /^from (message|field:?|oneof|enum value:?|enum|rpc|extension:?|service) ?(.+?);?$/s.exec(said.trim());
    if (found) return { kind: found[1].replace(":", ""), text: found[2], module: module.module, declaration };
  }
  return null;
}

/** The full name of the message or enum around the declaration of a member. */
function owner(declaration) {
  for (let node = declaration.parent; node; node = node.parent) {
    const found = origin(node);
    if (found && (found.kind === "message" || found.kind === "enum")) return found.text;
  }
  return null;
}

/** The elements that a declaration stands for: one, or each member of a oneof. */
function elements(declaration) {
  const found = origin(declaration);
  if (!found) return [];
  const { kind, text, module } = found;
  if (kind === "rpc") return [{ module, name: text }];
  if (kind === "field" || kind === "enum value") {
    const [, name] = /([\w]+) = -?\w+\s*(?:\[.*)?$/s.exec(text) ?? [];
    const around = owner(declaration);
    return name && around ? [{ module, name: `${around}.${name}` }] : [];
  }
  if (kind !== "oneof") return [];
  const members = [];
  const collect = (node) => {
    if (ts.isPropertySignature(node) && node !== declaration) members.push(...elements(node));
    ts.forEachChild(node, collect);
  };
  ts.forEachChild(declaration, collect);
  return members;
}

function place(node) {
  const file = node.getSourceFile();
  const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
  return [relative(root, file.fileName).replaceAll("\\", "/"), line + 1];
}

function use(module, name, how, node) {
  uses.add(JSON.stringify([module, name, how, ...place(node)]));
}

function miss(module, words, node) {
  unseen.add(JSON.stringify([module, ...place(node), words]));
}

function missAll(words, node) {
  for (const module of releases.keys()) miss(module, words, node);
}

function useSymbol(symbol, how, node) {
  let found = false;
  for (const declaration of symbol?.declarations ?? []) {
    for (const { module, name } of elements(declaration)) {
      use(module, name, how, node);
      found = true;
    }
  }
  return found;
}

/** The messages that a type is or, with `inside`, contains: the declaration of each generated type. */
function messages(checker, type, inside = false, depth = 0) {
  if (depth > 4 || !type) return [];
  if (type.isUnion()) return type.types.flatMap((one) => messages(checker, one, inside, depth + 1));
  const name = type.getProperty?.("$typeName");
  if (name) {
    const value = checker.getTypeOfSymbol(name);
    const own = type.aliasSymbol?.declarations?.map(origin).find((one) => one?.kind === "message");
    if (value.isStringLiteral()) {
      const module = own?.module ?? moduleOf.get(value.value);
      return module ? [{ module, name: value.value }] : [];
    }
  }
  if (!inside) return [];
  const within = [...(checker.getTypeArguments?.(type) ?? []), ...(type.aliasTypeArguments ?? [])];
  return within.flatMap((one) => messages(checker, one, true, depth + 1));
}

function whole(checker, node, inside = false) {
  return useWhole(messages(checker, checker.getTypeAtLocation(node), inside), node);
}

/** Of a narrowed package, a message is the fields that it has there. */
function useWhole(found, node) {
  for (const { module, name } of found) {
    if (!isNarrowed(module)) use(module, name, "whole", node);
    else useParts(module, name, node);
  }
  return found.length > 0;
}

function useParts(module, message, node) {
  const found = messagesBelow(module, message);
  for (const field of found.flatMap((name) => namesOf.get(name) ?? [])) use(module, field, "read", node);
  if (found.some((name) => lacking.has(name))) partial.add(JSON.stringify([module, ...place(node), message]));
}

/** The full names of a message and of those in it, as far as they are of its module. */
function messagesBelow(module, message) {
  const seen = new Set();
  const waiting = [message];
  while (waiting.length > 0) {
    const name = waiting.pop();
    if (seen.has(name) || moduleOf.get(name) !== module) continue;
    seen.add(name);
    waiting.push(...(typesOf.get(name) ?? []));
  }
  return [...seen];
}

const moduleOf = new Map();
const fieldsOf = new Map();
const namesOf = new Map();
const typesOf = new Map();

/** Learn the names of messages and fields of every generated file of the program. */
function learn(file) {
  const own = packageOf(file.fileName);
  if (!own) return false;
  releases.set(own.module, own.version);
  learnPackage(own);
  const visit = (node) => {
    const found = ts.isTypeAliasDeclaration(node) || ts.isPropertySignature(node) ? origin(node) : null;
    if (found?.kind === "message") moduleOf.set(found.text, found.module);
    if (found?.kind === "field") {
      const name = node.name.getText(file);
      fieldNames.set(name, new Set([...(fieldNames.get(name) ?? []), found.module]));
      fieldsOf.set(`${owner(node)} ${name}`, elements(node));
      learnField(owner(node), node, found.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return true;
}

/** Learn which messages a message has, and the full names of its fields. */
function learnField(message, node, text) {
  namesOf.set(message, [...(namesOf.get(message) ?? []), ...elements(node).map(({ name }) => name)]);
  typesOf.set(message, [...(typesOf.get(message) ?? []), ...(text.match(/[\w.]+/g) ?? [])]);
}

function isWritten(node) {
  const { parent } = node;
  if (ts.isNonNullExpression(parent)) return isWritten(parent);
  if (ts.isBinaryExpression(parent) && parent.left === node) {
    const { kind } = parent.operatorToken;
    return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
  }
  return ts.isDeleteExpression(parent) || isStepped(node);
}

function isStepped(node) {
  const { parent } = node;
  const steps = [ts.SyntaxKind.PlusPlusToken, ts.SyntaxKind.MinusMinusToken];
  return (ts.isPrefixUnaryExpression(parent) || ts.isPostfixUnaryExpression(parent)) && steps.includes(parent.operator);
}

/** Whether an assignment also reads its target: `+=`, `++`. */
function isChanged(node) {
  const { parent } = node;
  if (ts.isNonNullExpression(parent)) return isChanged(parent);
  if (ts.isBinaryExpression(parent)) return parent.operatorToken.kind !== ts.SyntaxKind.EqualsToken;
  return isStepped(node);
}

const CHANGING = new Set(["push", "pop", "shift", "unshift", "splice", "sort", "reverse", "fill"]);

/** Whether `x.items` in `x.items.push(...)`: a method of its value changes it. */
function isFilled(node) {
  const { parent } = node;
  return ts.isPropertyAccessExpression(parent) && CHANGING.has(parent.name.text) && ts.isCallExpression(parent.parent);
}

/** `StepSchema.field.reward`: a field by its description; `StepSchema.fields` leads to any of them. */
function described(checker, node) {
  const [base, step] = ts.isPropertyAccessExpression(node.expression) ? [node.expression.expression, node.expression.name.text] : [];
  if (step === "field") {
    for (const { name } of messages(checker, checker.getTypeAtLocation(base), true)) {
      for (const { module, name: field } of fieldsOf.get(`${name} ${node.name.text}`) ?? []) use(module, field, "read", node);
    }
  } else if (["fields", "members"].includes(node.name.text)) {
    for (const { module, name } of messages(checker, checker.getTypeAtLocation(node.expression), true)) {
      if (isDescription(checker, node.expression)) miss(module, `the fields of ${name} by reflection`, node);
    }
  }
}

function isDescription(checker, node) {
  return Boolean(checker.getTypeAtLocation(node).getProperty("typeName"));
}

function access(checker, node, symbol, named) {
  const written = isWritten(node);
  if (!written || isChanged(node)) useSymbol(symbol, isFilled(node) ? "write" : "read", node);
  if (written) useSymbol(symbol, "write", node);
  const type = checker.getTypeAtLocation(node.expression);
  if (type.flags & ts.TypeFlags.Any) {
    for (const module of fieldNames.get(named) ?? []) miss(module, `\`.${named}\` of a value without a type`, node);
  }
}

function visitElement(checker, node) {
  const { argumentExpression: index } = node;
  const type = checker.getTypeAtLocation(node.expression);
  if (ts.isStringLiteralLike(index)) {
    access(checker, node, type.getProperty(index.text), index.text);
  } else {
    for (const { module, name } of messages(checker, type)) miss(module, `a field of ${name} by a name that is no literal`, node);
  }
}

/** `const { reward, ...rest } = step`. */
function visitBinding(checker, node) {
  const type = checker.getTypeAtLocation(node);
  for (const element of node.elements) {
    if (element.dotDotDotToken) {
      useWhole(messages(checker, type), element);
      continue;
    }
    const named = element.propertyName ?? element.name;
    if (ts.isComputedPropertyName(named)) {
      for (const { module, name } of messages(checker, type)) miss(module, `a field of ${name} by a name that is no literal`, element);
    } else if (ts.isIdentifier(named) || ts.isStringLiteralLike(named)) {
      useSymbol(type.getProperty(named.text), "read", element);
    }
  }
}

/** `create(StepSchema, { runId })`, and an object literal of a message's type. */
function visitLiteral(checker, node) {
  const type = checker.getContextualType(node);
  if (!type) return;
  const types = type.isUnion() ? type.types : [type];
  const isMessage = types.some((one) => one.getProperty("$typeName") || one.getProperty("$unknown"));
  for (const property of node.properties) {
    if (ts.isSpreadAssignment(property)) {
      if (!whole(checker, property.expression) && isMessage) missAll("`...` in a message", property);
    } else if (property.name && (ts.isIdentifier(property.name) || ts.isStringLiteralLike(property.name))) {
      for (const one of types) {
        if (useSymbol(one.getProperty(property.name.text), "write", property)) break;
      }
    } else if (isMessage) {
      missAll("a field of a message by a name that is no literal", property);
    }
  }
}

function isKept(checker, call) {
  const symbol = checker.getSymbolAtLocation(call.expression);
  const target = symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const file = target?.declarations?.[0]?.getSourceFile().fileName ?? "";
  return KEEPING.has(target?.name ?? "") && file.includes(`/${KEEPING_FROM}/`);
}

function isFromProtobuf(checker, call) {
  const declaration = checker.getResolvedSignature(call)?.declaration;
  return Boolean(declaration?.getSourceFile().fileName.includes(`/${KEEPING_FROM}/`));
}

/** Messages that are given to a parameter of any type, or to a function of protobuf's that reads all fields. */
function visitCall(checker, node) {
  if (isKept(checker, node)) return;
  const signature = checker.getResolvedSignature(node);
  const reads = isFromProtobuf(checker, node) && !namesField(node);
  node.arguments?.forEach((argument, index) => {
    const parameter = signature?.parameters[Math.min(index, signature.parameters.length - 1)];
    const taken = parameter && checker.getTypeOfSymbolAtLocation(parameter, node);
    if (reads || !taken || takesAnything(checker, taken)) whole(checker, argument, true);
  });
}

/** `isFieldSet(step, StepSchema.field.reward)`: the field is named by its own use. */
function namesField(node) {
  return ["isFieldSet", "clearField", "getOption", "hasOption"].includes(node.expression.getText().split(".").pop());
}

function takesAnything(checker, type) {
  const element = checker.getIndexTypeOfType(type, ts.IndexKind.Number);
  if (element && element !== type && takesAnything(checker, element)) return true;
  const anything = ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.NonPrimitive;
  return Boolean(type.flags & anything) || checker.typeToString(type) === "{}" || checker.typeToString(type) === "object";
}

function visit(checker, node) {
  if (ts.isPropertyAccessExpression(node)) {
    access(checker, node, checker.getSymbolAtLocation(node.name), node.name.text);
    described(checker, node);
  } else if (ts.isElementAccessExpression(node)) {
    visitElement(checker, node);
  } else if (ts.isObjectBindingPattern(node)) {
    visitBinding(checker, node);
  } else if (ts.isObjectLiteralExpression(node)) {
    visitLiteral(checker, node);
  } else if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
    visitCall(checker, node);
  } else if (ts.isTemplateSpan(node)) {
    whole(checker, node.expression);
  } else if (ts.isAsExpression(node) && checker.getTypeAtLocation(node).flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) {
    whole(checker, node.expression);
  } else if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.InKeyword) {
    whole(checker, node.right);
  } else if (ts.isForInStatement(node)) {
    whole(checker, node.expression);
  }
  ts.forEachChild(node, (child) => visit(checker, child));
}

function main() {
  const config = ts.getParsedCommandLineOfConfigFile(resolve(root, project), {}, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (found) => {
      throw new Error(ts.flattenDiagnosticMessageText(found.messageText, " "));
    },
  });
  const program = ts.createProgram({ rootNames: config.fileNames, options: { ...config.options, noEmit: true } });
  const [broken] = program.getSyntacticDiagnostics();
  if (broken) {
    const { line } = broken.file.getLineAndCharacterOfPosition(broken.start);
    const text = ts.flattenDiagnosticMessageText(broken.messageText, " ");
    throw new Error(`${relative(root, broken.file.fileName)}:${line + 1}: ${text}`);
  }
  const checker = program.getTypeChecker();
  const own = program.getSourceFiles().filter((file) => !learn(file) && !file.isDeclarationFile && !file.fileName.includes("/node_modules/"));
  for (const file of own) visit(checker, file);
  const read = (lines) => [...lines].sort().map((text) => JSON.parse(text));
  const lists = { uses: read(uses), unseen: read(unseen), partial: read(partial) };
  writeFileSync(output, JSON.stringify({ files: own.length, releases: Object.fromEntries(releases), packages: [...installed.values()].map(Object.values), ...lists }));
}

try {
  main();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
