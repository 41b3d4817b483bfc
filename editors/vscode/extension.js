// Starts `fieldstone lsp` for .proto files and settings. All else is in the server.
"use strict";

const { existsSync } = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

/** The command of the settings; a path in it is relative to the folder of the workspace. */
function command() {
  const [program, ...args] = vscode.workspace.getConfiguration("fieldstone").get("command");
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  const inside = folder && /[\\/]/.test(program) ? path.resolve(folder, program) : program;
  return { command: existsSync(inside) ? inside : program, args, options: { cwd: folder } };
}

async function start() {
  client = new LanguageClient("fieldstone", "Fieldstone", command(), {
    documentSelector: [
      { scheme: "file", pattern: "**/*.proto" },
      { scheme: "file", pattern: "**/{fieldstone,pyproject}.toml" },
    ],
  });
  try {
    await client.start();
  } catch (error) {
    const hint = "install Fieldstone with its extra lsp, or name the command in the setting fieldstone.command";
    vscode.window.showErrorMessage(`Fieldstone did not start (${error.message ?? error}): ${hint}.`);
  }
}

async function stop() {
  const before = client;
  client = undefined;
  if (before?.needsStop()) {
    await before.stop();
  }
}

async function restart() {
  await stop();
  await start();
}

exports.activate = async (context) => {
  context.subscriptions.push(
    vscode.commands.registerCommand("fieldstone.restart", restart),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("fieldstone.command")) {
        return restart();
      }
    }),
  );
  await start();
};

exports.deactivate = stop;
