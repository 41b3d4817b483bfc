"""The teams of the whole way: each has a git repository and a token of its own, and the commands of a user."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.cli.workspace import Ran, Repo
from tests.server.running import LONGEST, Serving, new_token

ORDER_FILE = "acme/shop/v1/shop.proto"
ORDER = """\
syntax = "proto3";

package acme.shop.v1;

// What somebody ordered.
message Order {
  string id = 1;
  int64 total = 2;
  string buyer = 3;
}
"""
TOTAL = "acme.shop.v1.Order.total"
INVOICE = """\
from shop_contracts.acme.shop.v1.shop_pb2 import Order


def line(order: Order) -> str:
    return f"{order.id}: {order.total}"
"""
BASKET = """\
import type { Order } from "@acme/shop-contracts/acme/shop/v1/shop_pb.js";

export function price(order: Order): string {
  return `${order.total} for ${order.buyer}`;
}
"""
TSCONFIG = {
    "compilerOptions": {"strict": True, "module": "nodenext", "target": "es2022", "noEmit": True, "types": []},
    "include": ["src"],
}
MAIL = """\
consumer = "mail"
owner = "team-mail"

[[evidence]]
module = "shop"
release = "1.0.0"
rank = "declared"
day = 2026-11-29
by = "java"

[evidence.read]
"acme.shop.v1.Order.buyer" = ["src/Mail.java:12"]
"acme.shop.v1.Order.total" = ["src/Mail.java:20"]
"""


@dataclass(frozen=True)
class Team:
    """A team at work in its repository.

    Attributes:
        repo: its repository.
        served: the registry.
        token: its own token.
    """

    repo: Repo
    served: Serving
    token: str

    def fieldstone(self, *arguments: str) -> Ran:
        """Run Fieldstone with the team's token."""
        return self.repo.spawn(*arguments, env={"FIELDSTONE_TOKEN": self.token})

    def did(self, *arguments: str) -> str:
        """Run what must succeed; what it says."""
        ran = self.fieldstone(*arguments)
        assert ran.code == 0, ran
        return ran.out + ran.err

    def refused(self, *arguments: str) -> str:
        """Run what must be refused; what it says."""
        ran = self.fieldstone(*arguments)
        assert ran.code == 1, ran
        return ran.out + ran.err

    def publish(self, scan: str = "") -> str:
        """Scan the code, if it is scanned, commit, and publish; what the last command says."""
        if scan:
            self.did("uses", "scan", *scan.split())
        self.repo.commit("uses")
        return self.did("uses", "publish", "--registry", self.served.url)

    def run(self, *command: str | Path, **environment: str) -> None:
        """Run another program."""
        done = subprocess.run(
            command,
            cwd=self.repo.root,
            env={**self.repo.environment, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=2 * LONGEST,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def new_team(root: Path, served: Serving, environment: Mapping[str, str], *scopes: str) -> Team:
    """A team with an empty repository, and a token for shop.

    Args:
        root: the folder of the repository; its name is that of the team.
        served: the registry.
        environment: what its commands run under.
        scopes: those of its token.
    """
    root.mkdir(parents=True, exist_ok=True)
    repo = Repo(root, environment)
    repo.git("init", "--quiet", "--template=", "--initial-branch=main")
    return Team(repo, served, new_token(served, root.name, *scopes, module="shop"))


def billing(team: Team) -> None:
    """A Python program with an environment of its own, in which the client package is installed."""
    uv = Path(sys.executable).with_name("uv")
    index = f"http://token:{team.token}@{team.served.host}/simple/"
    team.run(uv, "venv", "--quiet", "--python", sys.executable, ".venv")
    team.run(uv, "pip", "install", "--quiet", "--python", ".venv", "--index", index, "shop-contracts", "mypy")
    team.repo.write(".gitignore", ".venv\n.mypy_cache\n")
    team.repo.write("src/invoice.py", INVOICE)


def shopfront(team: Team) -> None:
    """A TypeScript program; npm brings the newest compiler, which has no API."""
    address = f"{team.served.host}/npm/"
    team.repo.write("package.json", json.dumps({"type": "module", "private": True}))
    team.repo.write(".npmrc", f"@acme:registry=http://{address}\n//{address}:_authToken=${{TOKEN}}\n")
    team.repo.write(".gitignore", "node_modules\n")
    options = ["--no-audit", "--no-fund", "--no-update-notifier", "--prefer-offline"]
    team.run("npm", "install", *options, "@acme/shop-contracts", "typescript", TOKEN=team.token)
    team.repo.write("tsconfig.json", json.dumps(TSCONFIG))
    team.repo.write("src/basket.ts", BASKET)
