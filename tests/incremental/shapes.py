"""Repositories as others have them, before Fieldstone: path to content.

Each has a message `Report` with the line `string id = 1;` for the tests to change.
"""

from __future__ import annotations

V1 = "version: v1\n"


def proto(package: str, body: str, *imports: str) -> str:
    head = f"package {package};\n" if package else ""
    lines = "".join(f'import "{path}";\n' for path in imports)
    return f'syntax = "proto3";\n\n{head}\n{lines}{body}'


def report(package: str, *imports: str, field: str = "") -> str:
    more = f"  {field} other = 2;\n" if field else ""
    return proto(package, f"message Report {{\n  string id = 1;\n{more}}}\n", *imports)


WEATHER = report("acme.weather.v1", "acme/common/v1/common.proto", field="acme.common.v1.Place")
COMMON = proto("acme.common.v1", "message Place {\n  string name = 1;\n}\n")
DATE = proto("google.type", "message Date {\n  int32 Year = 1;\n}\n")
DAY = report("acme.day.v1", "google/type/date.proto", field="google.type.Date")


def two_packages(root: str = "") -> dict[str, str]:
    return {f"{root}acme/weather/v1/weather.proto": WEATHER, f"{root}acme/common/v1/common.proto": COMMON}


MODULE_V1 = {
    "v1": {"buf.yaml": V1 + "lint:\n  use:\n    - STANDARD\nbreaking:\n  use:\n    - FILE\n", **two_packages()},
    "v1-default-gen-docs": {
        "buf.yaml": V1 + "lint:\n  use:\n    - DEFAULT\n",
        "buf.gen.yaml": V1 + "plugins: []\n",
        "README.md": "# Weather\n",
        "LICENSE": "All rights reserved.\n",
        **two_packages(),
    },
    "v1-named": {"buf.yaml": V1 + "name: buf.build/acme/weather\n", **two_packages()},
    "v1-excludes": {
        "buf.yaml": V1 + "build:\n  excludes:\n    - attic\nlint:\n  use: [DEFAULT]\n",
        "attic/acme/weather/v1/weather.proto": WEATHER,
        **two_packages(),
    },
    "v2-root": {"buf.yaml": "version: v2\nname: buf.build/acme/weather\n", **two_packages()},
    "v2-root-excludes": {
        "buf.yaml": "version: v2\nmodules:\n  - path: .\n    excludes:\n      - attic\n",
        "attic/old.proto": WEATHER,
        **two_packages(),
    },
}
"""One module at the root, so that the registry lies inside it."""

WORKSPACES = {
    "v1-workspace": {
        "buf.work.yaml": V1 + "directories:\n  - proto/weather\n  - proto/common\n",
        "proto/weather/buf.yaml": V1 + "name: buf.build/acme/weather\n",
        "proto/weather/acme/weather/v1/weather.proto": WEATHER,
        "proto/common/buf.yaml": V1 + "name: buf.build/acme/common\n",
        "proto/common/acme/common/v1/common.proto": COMMON,
    },
    "v1-workspace-without-names": {
        "buf.work.yaml": V1 + "directories:\n  - weather/proto\n  - common/proto\n",
        "weather/proto/acme/weather/v1/weather.proto": WEATHER,
        "common/proto/acme/common/v1/common.proto": COMMON,
    },
    "v2-workspace": {
        "buf.yaml": "version: v2\nmodules:\n  - path: weather\n  - path: common\nlint:\n  use:\n    - STANDARD\n",
        "weather/acme/weather/v1/weather.proto": WEATHER,
        "common/acme/common/v1/common.proto": COMMON,
    },
}
"""Several modules, the first of which imports the second; none is around `schemas/fieldstone`."""

OTHERS = {
    "empty": {},
    "v2-schemas": {"buf.yaml": "version: v2\nmodules:\n  - path: schemas\n", **two_packages("schemas/")},
    "v2-one-in-another": {
        "buf.yaml": "version: v2\nmodules:\n  - path: proto\n    excludes:\n      - proto/common\n"
        "  - path: proto/common\n",
        "proto/acme/weather/v1/weather.proto": WEATHER,
        "proto/common/acme/common/v1/common.proto": COMMON,
    },
    "v1-in-a-subfolder": {"proto/buf.yaml": V1, "README.md": "# Weather\n", **two_packages("proto/")},
    "v2-in-a-subfolder": {"proto/buf.yaml": "version: v2\n", **two_packages("proto/")},
    "settings-in-pyproject": {
        "pyproject.toml": '[project]\nname = "weather"\nversion = "1"\n\n[tool.fieldstone]\nregistry = "released"\n',
        **two_packages("proto/"),
    },
}

PLAIN = {
    "proto-folder": (two_packages("proto/"), ["proto"]),
    "pyproject-of-others": (
        {"pyproject.toml": '[project]\nname = "weather"\nversion = "1"\n', **two_packages("proto/")},
        ["proto"],
    ),
    "schemas-folder": (two_packages("schemas/"), ["schemas"]),
    "at-the-root": (
        {
            "weather.proto": report("acme.weather.v1", "common.proto", field="acme.common.v1.Place"),
            "common.proto": COMMON,
        },
        ["."],
    ),
    "two-roots": (
        {"api/acme/weather/v1/weather.proto": WEATHER, "shared/acme/common/v1/common.proto": COMMON},
        ["api", "shared"],
    ),
    "two-services-with-the-same-file-name": (
        {
            "east/proto/east/v1/types.proto": proto("east.v1", "message Kind {}\n"),
            "east/proto/east/v1/east.proto": report("east.v1", "east/v1/types.proto", field="Kind"),
            "west/proto/west/v1/types.proto": proto("west.v1", "message Kind {}\n"),
            "west/proto/west/v1/west.proto": proto("west.v1", "message W {\n  Kind k = 1;\n}\n", "west/v1/types.proto"),
        },
        ["east/proto", "west/proto"],
    ),
    "like-googleapis": (
        {
            "google/type/date.proto": DATE,
            "google/cloud/speech/v1/speech.proto": report(
                "google.cloud.speech.v1", "google/type/date.proto", field="google.type.Date"
            ),
            "LICENSE": "Apache\n",
            "README.md": "# APIs\n",
        },
        ["."],
    ),
    "without-packages": (
        {
            "protos/report.proto": report("", "place.proto", field="Place"),
            "protos/place.proto": proto("", "message Place {}\n"),
        },
        ["protos"],
    ),
    "imported-from-the-root": (
        {
            "src/protos/weather.proto": report("weather", "src/protos/common.proto", field="common.Place"),
            "src/protos/common.proto": proto("common", "message Place {}\n"),
        },
        ["."],
    ),
    "vendored": (
        {
            **two_packages("proto/"),
            "proto/acme/day/v1/day.proto": DAY,
            "third_party/google/type/date.proto": DATE,
            "third_party/unused/broken.proto": "this does not compile",
        },
        ["proto", "third_party"],
    ),
    "vendored-inside": (
        {"proto/acme/day/v1/day.proto": DAY, "proto/vendor/apis/google/type/date.proto": DATE},
        ["proto", "proto/vendor/apis"],
    ),
    "vendored-at-the-root": (
        {
            "acme/day/v1/day.proto": DAY,
            "third_party/googleapis/google/type/date.proto": DATE,
            "third_party/googleapis/buf.yaml": V1,
        },
        [".", "third_party/googleapis"],
    ),
    "copies-that-are-no-sources": (
        {
            **two_packages(),
            ".gitignore": "out/\n",
            "out/common.proto": COMMON,
            "node_modules/acme/common.proto": COMMON,
            ".venv/lib/common.proto": COMMON,
        },
        ["."],
    ),
    "words-that-look-like-others-files": (
        {
            "acme/vendor/v1/vendor.proto": report("acme.vendor.v1"),
            "acme/registry/v1/registry.proto": proto("acme.registry.v1", "message R {}\n"),
            "build/bazel/v1/build.proto": proto("build.bazel.v1", "message B {}\n"),
        },
        ["."],
    ),
    "registry-of-others": ({"registry/config.yml": "version: 0.1\n", **two_packages("proto/")}, ["proto"]),
}
"""No buf configuration: the files, and the roots that their imports start from."""

ALL = MODULE_V1 | WORKSPACES | OTHERS | {name: files for name, (files, _) in PLAIN.items()}
