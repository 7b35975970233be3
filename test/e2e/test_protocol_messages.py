"""proto/fluss_api.proto against the message classes of the official Java client 1.0.0: names, numbers, wire types."""
import pathlib
import re
import subprocess

from test_java_client import official_client

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto/fluss_api.proto"
VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
WIRE_TYPES = {"bool": VARINT, "int32": VARINT, "int64": VARINT, "uint32": VARINT, "double": FIXED64, "float": FIXED32}


def our_messages():
    """{message: {field: (tag of one value, packed)}} as the file declares them; names without case and underscores."""
    out = {}
    for name, body in re.findall(r"^message (\w+) \{(.*?)\}", PROTO.read_text(), re.M | re.S):
        body = re.sub(r"//.*", "", body)
        fields = re.findall(r"(?:optional|required|repeated)\s+(\w+)\s+(\w+)\s*=\s*(\d+)\s*(\[packed\s*=\s*true\])?", body)
        assert body.count(";") == len(fields), f"{name}: a line was not understood"
        out[name] = {bare(field): (int(number) << 3 | WIRE_TYPES.get(kind, LENGTH), bool(packed))
                     for kind, field, number, packed in fields}
    return out


def bare(name):
    return name.replace("_", "").lower()


def official_messages():
    done = subprocess.run(official_client.command("1.0.0", "MessageFields", []), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    out = {}
    for line in done.stdout.splitlines():
        kind, message, *rest = line.split()
        fields = out.setdefault(message, {})
        if kind == "field":
            fields[bare(rest[0])] = (int(rest[1]), rest[2] == "packed")
    return out


def test_messages_have_the_fields_of_the_official_client():
    ours, official = our_messages(), official_messages()
    assert len(official) > 200
    assert {name: ours.get(name) for name in official} == official
