"""Java packages of real releases, built by Maven without a network and run by Java: `make test-packages`.

Maven's plugins and protobuf-java are those that Debian installs in /usr/share/maven-repo.
"""

from __future__ import annotations

import hashlib
import itertools
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from telemetry_contracts.telemetry.v1.telemetry_v1_pb2 import TelemetryStepV1

from fieldstone.codegen.client_package import Needed
from fieldstone.codegen.clients.java import java_package
from fieldstone.errors import FieldstoneError
from tests.codegen.clients.releases import REWARD, SUNSET, made, released

DEBIAN = Path("/usr/share/maven-repo")
JARS = Path("/usr/share/java")
GROUP = "com.example.contracts"
VERSIONS = ("1.0.0", "1.1.0", "1.2.0")
PROGRAM = """\
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Timestamp;
import com.google.protobuf.util.JsonFormat;
import java.nio.file.Files;
import java.nio.file.Path;
import telemetry.v1.TelemetryStepV1;

public class Program {
  public static void main(String[] arguments) throws Exception {
    Path bytes = Path.of(arguments[1] + ".binpb"), json = Path.of(arguments[1] + ".json");
    if (arguments[0].equals("write")) {
      TelemetryStepV1.Builder step = TelemetryStepV1.newBuilder().setRunId("r").setStepIndex(9007199254740993L)
          .setReward(Double.NaN).setTerminated(true).setEpisodeSeed(0).setAction(ByteString.copyFromUtf8("{}"))
          .setTimestamp(Timestamp.newBuilder().setSeconds(7).setNanos(5));
      FieldDescriptor added = TelemetryStepV1.getDescriptor().findFieldByName("time_step");
      if (added != null) step.setField(added, 42L);
      Files.write(bytes, step.build().toByteArray());
      Files.writeString(json, JsonFormat.printer().print(step));
    } else {
      print(TelemetryStepV1.parseFrom(Files.readAllBytes(bytes)));
      TelemetryStepV1.Builder step = TelemetryStepV1.newBuilder();
      JsonFormat.parser().ignoringUnknownFields().merge(Files.readString(json), step);
      print(step.build());
    }
  }

  static void print(TelemetryStepV1 step) {
    System.out.println(step.getRunId() + " " + step.getStepIndex() + " " + step.getReward() + " " + step.getTerminated()
        + " " + step.hasEpisodeSeed() + " " + step.getAction().toStringUtf8() + " " + step.getTimestamp().getNanos());
  }
}
"""
DOUBLED = """\
import java.nio.file.*;
import telemetry.v1.TelemetryStepV1;

public class Doubled {
  public static void main(String[] arguments) throws Exception {
    TelemetryStepV1 step = TelemetryStepV1.parseFrom(Files.readAllBytes(Path.of(arguments[0])));
    Files.write(Path.of(arguments[0]), step.toBuilder().setReward(step.getReward() * 2).build().toByteArray());
  }
}
"""
SAID = ["r 9007199254740993 NaN true true {} 5"] * 2


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Maven repository of links to all that Debian has, so that what is installed there stays ours."""
    folder = tmp_path_factory.mktemp("maven") / "repository"
    run("cp", "--recursive", "--symbolic-link", str(DEBIAN), str(folder), cwd=folder.parent)
    return folder


@pytest.fixture(scope="module")
def jars(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The jar of each release, as Maven installed it."""
    found = {}
    for version in VERSIONS:
        folder = write(tmp_path_factory.mktemp("java"), java_package(released("telemetry", version), group=GROUP))
        found[version] = install(folder, repository, f"telemetry-contracts/{version}/telemetry-contracts-{version}.jar")
    return found


def write(folder: Path, tree: Mapping[str, bytes]) -> Path:
    for path, content in tree.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def install(folder: Path, repository: Path, jar: str) -> Path:
    run("mvn", "--offline", "--batch-mode", "--quiet", f"-Dmaven.repo.local={repository}", "install", cwd=folder)
    return repository / GROUP.replace(".", "/") / jar


def run(*command: str, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def classpath(*jars: Path) -> str:
    runtime = [JARS / f"{name}.jar" for name in ("protobuf", "protobuf-util", "gson", "guava")]
    return ":".join(map(str, [".", *jars, *runtime]))


def test_a_program_compiled_for_1_0_0_runs_with_every_release(jars: Mapping[str, Path], tmp_path: Path) -> None:
    (tmp_path / "Program.java").write_text(PROGRAM)
    run("javac", "-Xlint:-deprecation", "-cp", classpath(jars["1.0.0"]), "Program.java", cwd=tmp_path)
    for writer in VERSIONS:
        run("java", "-cp", classpath(jars[writer]), "Program", "write", writer, cwd=tmp_path)
        for reader in VERSIONS:
            said = run("java", "-cp", classpath(jars[reader]), "Program", "read", writer, cwd=tmp_path)
            assert said.splitlines() == SAID, (writer, reader)


def test_deprecation_and_sunset_are_in_the_sources() -> None:
    tree = java_package(released("telemetry", "1.2.0"), group=GROUP)
    source = tree["src/main/java/telemetry/v1/TelemetryStepV1.java"].decode()
    javadoc, _, declared = source.partition("public final class TelemetryStepV1 ")
    assert declared
    assert f" * {SUNSET}\n" in javadoc
    assert javadoc.endswith("@java.lang.Deprecated ")
    episode = tree["src/main/java/telemetry/v1/TelemetryEpisodeV1.java"].decode()
    assert "@java.lang.Deprecated public final class" not in episode


def test_the_jar_has_its_licence_and_tells_its_release(jars: Mapping[str, Path]) -> None:
    with zipfile.ZipFile(jars["1.2.0"]) as jar:
        assert b"Apache License" in jar.read("META-INF/LICENSE")
        pom = jar.read(f"META-INF/maven/{GROUP}/telemetry-contracts/pom.xml").decode()
    assert "<fieldstone.version>1.2.0</fieldstone.version>" in pom
    assert "<fieldstone.digest>b5:" in pom


def test_the_jar_of_a_narrowed_package_has_its_uses_and_its_licence(repository: Path, tmp_path: Path) -> None:
    name = "telemetry-contracts-for-billing"
    folder = write(tmp_path / "narrowed", java_package(released("telemetry", "1.2.0", uses=REWARD), group=GROUP))
    with zipfile.ZipFile(install(folder, repository, f"{name}/1.2.0/{name}-1.2.0.jar")) as jar:
        assert b"Apache License" in jar.read("META-INF/LICENSE")
        assert b"telemetry.v1.TelemetryStepV1.reward" in jar.read(f"META-INF/{name}/fieldstone.uses.toml")
        assert b"<fieldstone.consumer>billing" in jar.read(f"META-INF/maven/{GROUP}/{name}/pom.xml")


def test_a_jar_is_built_to_the_same_bytes(jars: Mapping[str, Path], repository: Path, tmp_path: Path) -> None:
    before = hashlib.sha256(jars["1.2.0"].read_bytes()).hexdigest()
    folder = write(tmp_path / "elsewhere", java_package(released("telemetry", "1.2.0"), group=GROUP))
    again = install(folder, repository, "telemetry-contracts/1.2.0/telemetry-contracts-1.2.0.jar")
    assert hashlib.sha256(again.read_bytes()).hexdigest() == before


def test_a_needed_module_comes_with_its_own_jar(repository: Path, tmp_path: Path) -> None:
    text = 'syntax = "proto3"; package acme.{0}.v1; {1} message {2} {{ {3} }}'
    money_file, shop_file = "acme/money/v1/money.proto", "acme/shop/v1/shop.proto"
    files = {money_file: text.format("money", "", "Money", "int64 units = 1; optional bool x = 2;")}
    money = made(tmp_path, files, module="money")
    imported = f'import "{money_file}";'
    files[shop_file] = text.format("shop", imported, "Order", "// Ends: */\n acme.money.v1.Money total = 1;")
    needed = Needed(module="money", version="1.0.0", files=(money_file,))
    shop = made(tmp_path, files, version="1.1.0", needs=(needed,))
    for client in (money, shop):
        tree = java_package(client, group=GROUP)
        name = f"{client.module}-contracts"
        folder = write(tmp_path / name, tree)
        jar = install(folder, repository, f"{name}/{client.version}/{name}-{client.version}.jar")
    with zipfile.ZipFile(jar) as packed:
        classes = {name for name in packed.namelist() if name.endswith(".class")}
    assert "acme/shop/v1/Order.class" in classes
    assert not [name for name in classes if "money" in name]


def test_a_narrowed_package_refuses_undeclared_fields_and_keeps_their_bytes(tmp_path: Path) -> None:
    folder = write(tmp_path / "narrowed", java_package(released("telemetry", "1.2.0", uses=REWARD), group=GROUP))
    sources = [str(path) for path in folder.rglob("*.java")]
    (tmp_path / "Doubled.java").write_text(DOUBLED)
    (tmp_path / "Wrong.java").write_text(DOUBLED.replace("Doubled", "Wrong").replace("getReward", "getRunId"))
    run("javac", "-d", str(tmp_path), "-cp", classpath(), *sources, "Doubled.java", cwd=tmp_path)
    (tmp_path / "step.binpb").write_bytes(TelemetryStepV1(run_id="r", reward=1.5).SerializeToString())
    run("java", "-cp", classpath(), "Doubled", "step.binpb", cwd=tmp_path)
    wrong = subprocess.run(
        ["javac", "-cp", classpath(), "Wrong.java"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert TelemetryStepV1.FromString((tmp_path / "step.binpb").read_bytes()) == TelemetryStepV1(run_id="r", reward=3)
    assert "error: cannot find symbol" in wrong.stderr


def test_an_edition_is_for_compilers_that_know_it(tmp_path: Path) -> None:
    client = made(tmp_path, {"a/v1/a.proto": 'edition = "2023"; package a.v1; message A { string x = 1; }'})
    with pytest.raises(FieldstoneError, match=r"protoc cannot generate Java: .*a/v1/a\.proto.*editions") as refused:
        java_package(client, group=GROUP)
    assert refused.value.fix == "install a newer protoc, which knows editions"


def test_maven_sorts_versions_as_they_were_made() -> None:
    order = ["1.2.0-alpha.1", "1.2.0-rc.1", "1.2.0-rc.1-1", "1.2.0-rc.2", "1.2.0", "1.2.0-1", "1.2.0-10", "1.2.1"]
    jar = f"{JARS}/maven-artifact-3.x.jar:{JARS}/commons-lang3.jar"
    said = run("java", "-cp", jar, "org.apache.maven.artifact.versioning.ComparableVersion", *order, cwd=Path.cwd())
    compared = [line.strip() for line in said.splitlines() if line.startswith("   ")]
    assert compared == [f"{one} < {next_one}" for one, next_one in itertools.pairwise(order)]
