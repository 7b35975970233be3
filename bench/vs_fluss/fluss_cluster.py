"""Apache Fluss from Maven Central: ZooKeeper, a coordinator and a tablet server as three JVMs on loopback."""
import os
import pathlib
import signal
import subprocess
import time

from servers import answers, free_port, tablet_servers, wait_for

VERSION = "0.9.1-incubating"
READY_SECONDS_MAX = 90
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>dev.weir</groupId><artifactId>fluss-server-jars</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.fluss</groupId><artifactId>fluss-server</artifactId><version>{version}</version>
<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-api</artifactId><version>1.7.36</version></dependency>
<dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.25.4</version>
</dependency></dependencies></project>"""
LOG4J = """rootLogger.level=WARN
rootLogger.appenderRef.f.ref=F
appender.f.name=F
appender.f.type=File
appender.f.fileName=${sys:log.file}
appender.f.layout.type=PatternLayout
appender.f.layout.pattern=%d %p %c %m%n
"""
# The server's own scripts set no heap; the caps let everything fit beside the client on a small machine.
JVM = {"zookeeper": ["-Xmx256m"], "coordinator": ["-Xmx1g", "-XX:+UseG1GC"], "tablet": ["-Xmx4g", "-XX:+UseG1GC"]}
MAIN = {"zookeeper": "org.apache.fluss.shaded.zookeeper3.org.apache.zookeeper.server.quorum.QuorumPeerMain",
        "coordinator": "org.apache.fluss.server.coordinator.CoordinatorServer",
        "tablet": "org.apache.fluss.server.tablet.TabletServer"}


def server_jars(cache):
    folder = cache / f"server-{VERSION}"
    if not (folder / f"fluss-server-{VERSION}.jar").exists():
        pom = cache / "fluss-server-pom.xml"
        pom.parent.mkdir(parents=True, exist_ok=True)
        pom.write_text(POM.format(version=VERSION))
        subprocess.run(["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", "-DincludeScope=runtime",
                        f"-DoutputDirectory={folder}"], check=True)
    return sorted(folder.glob("*.jar"))


class FlussCluster:
    name = f"Apache Fluss {VERSION}"

    def __init__(self, jars, folder, extra_options=()):
        self.jars = jars
        self.folder = pathlib.Path(folder)
        self.extra_options = list(extra_options)
        self.processes = {}
        self.ready_seconds = None

    def start(self):
        self.folder.mkdir(parents=True)
        zookeeper, coordinator, tablet = free_port(), free_port(), free_port()
        self.bootstrap = f"127.0.0.1:{coordinator}"
        (self.folder / "log4j.properties").write_text(LOG4J)
        (self.folder / "zoo.cfg").write_text(
            f"dataDir={self.folder}/zk\nclientPort={zookeeper}\nclientPortAddress=127.0.0.1\n"
            "admin.enableServer=false\n")
        common = [f"zookeeper.address: 127.0.0.1:{zookeeper}", "default.bucket.number: 1",
                  "default.replication.factor: 1", f"data.dir: {self.folder}/data",
                  f"remote.data.dir: {self.folder}/remote", *self.extra_options]
        for name, port, extra in (("coordinator", coordinator, []), ("tablet", tablet, ["tablet-server.id: 0"])):
            conf = self.folder / f"conf-{name}"
            conf.mkdir()
            lines = [*common, f"bind.listeners: FLUSS://127.0.0.1:{port}", *extra]
            (conf / "server.yaml").write_text("\n".join(lines) + "\n")
        started = time.monotonic()
        self._launch("zookeeper", [str(self.folder / "zoo.cfg")])
        for name in ("coordinator", "tablet"):
            self._launch(name, ["--configDir", str(self.folder / f"conf-{name}")])
        wait_for(lambda: answers(coordinator) and answers(tablet) and tablet_servers(coordinator) == 1,
                 READY_SECONDS_MAX)
        self.ready_seconds = time.monotonic() - started
        return self

    def _launch(self, name, arguments):
        command = ["java", *JVM[name], "--add-opens=java.base/java.nio=org.apache.arrow.memory.core,ALL-UNNAMED",
                   "-XX:+IgnoreUnrecognizedVMOptions", f"-Dlog4j2.configurationFile=file:{self.folder}/log4j.properties",
                   f"-Dlog.file={self.folder}/{name}.log", "-cp", os.pathsep.join(map(str, self.jars)), MAIN[name],
                   *arguments]
        with open(self.folder / f"{name}.out", "wb") as out:
            self.processes[name] = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL)

    @property
    def pids(self):
        return [process.pid for process in self.processes.values()]

    def stop(self):
        for name in ("tablet", "coordinator", "zookeeper"):
            process = self.processes.pop(name, None)
            if process and process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(timeout=30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
