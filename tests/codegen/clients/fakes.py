"""Programs that stand for compilers and plugins, so that what is made of their output is tested without them."""

from __future__ import annotations

import sys
from pathlib import Path

PLUGIN = """\
#!{python}
import sys
from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest, CodeGeneratorResponse as Response
request = CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
response = Response(supported_features=Response.FEATURE_PROTO3_OPTIONAL)
{body}
sys.stdout.buffer.write(response.SerializeToString())
"""
"""Its body works on `request` and `response`."""

ECHO = (
    "response.file.add(name='said', content=request.parameter + chr(10) + ' '.join(f.name for f in request.proto_file))"
)


def make_plugin(folder: Path, name: str, body: str) -> Path:
    """A plugin in a folder."""
    return make_program(folder, name, PLUGIN.format(python=sys.executable, body=body))


def make_program(folder: Path, name: str, text: str) -> Path:
    """A program in a folder."""
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path
