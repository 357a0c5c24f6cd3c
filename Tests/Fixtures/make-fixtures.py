#!/usr/bin/env python3
"""Make the bucket fixtures of the tests from the golden archives of real page servers.

    make-fixtures.py GOLDEN

For each tenant archive GOLDEN/pageserver*/tenants/X.tar.zst (objects by key, written by Neon's page server of March 2026
or June 2024) it writes buckets/X.jsonl: one object a line, in key order, with `key`, `size`, `last_modified` (nanoseconds
since 1970) and, of everything that is JSON, `text`. Layers and initdb archives are represented by their size: a scan
does not read them. GOLDEN/pageserver/versions becomes versions.jsonl: every version and delete marker of tenants A and E,
oldest first, with `version`, and `delete_marker` or `size` and `text`. The damages are copied as they are.
"""
import datetime, hashlib, json, os, shutil, subprocess, sys, tarfile

golden = sys.argv[1]
here = os.path.dirname(os.path.abspath(__file__))
os.makedirs(f"{here}/buckets", exist_ok=True)
for era in ("pageserver", "pageserver-2024"):
    folder = f"{golden}/{era}/tenants"
    for name in sorted(os.listdir(folder)):
        process = subprocess.Popen(["zstd", "-dc", "--long=27", f"{folder}/{name}"], stdout=subprocess.PIPE)
        objects = []
        with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
            for member in archive:
                if not member.isfile():
                    continue
                entry = {"key": member.name.removeprefix("./"), "size": member.size,
                         "last_modified": int(member.mtime) * 1_000_000_000}
                if "json" in os.path.basename(member.name):
                    entry["text"] = archive.extractfile(member).read().decode()
                objects.append(entry)
        objects.sort(key=lambda entry: entry["key"].encode())
        with open(f"{here}/buckets/{name.split('.')[0]}.jsonl", "w") as out:
            for entry in objects:
                out.write(json.dumps(entry, separators=(",", ":")) + "\n")


def nanoseconds(time):
    moment = datetime.datetime.strptime(time, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
    return int(moment.timestamp()) * 1_000_000_000


# Content of versions by its SHA-256: of superseded ones from old.tar.zst, of the latest from the tenants' archives.
content = {}
for archive_name in ("versions/old", "tenants/A", "tenants/E"):
    path = f"{golden}/pageserver/{archive_name}.tar.zst"
    process = subprocess.Popen(["zstd", "-dc", "--long=27", path], stdout=subprocess.PIPE)
    with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
        for member in archive:
            if member.isfile() and member.size < 1 << 20:
                body = archive.extractfile(member).read()
                content[hashlib.sha256(body).hexdigest()] = body
with open(f"{golden}/pageserver/versions/versions.jsonl") as recorded:
    versions = [json.loads(line) for line in recorded]
# Within a second the server's version identifiers fall with time.
versions.sort(key=lambda entry: entry["version"], reverse=True)
versions.sort(key=lambda entry: entry["last_modified"])
with open(f"{here}/versions.jsonl", "w") as out:
    for version in versions:
        entry = {"key": version["key"], "version": version["version"],
                 "last_modified": nanoseconds(version["last_modified"])}
        if version.get("delete_marker"):
            entry["delete_marker"] = True
        else:
            entry["size"] = version["size"]
            if "json" in os.path.basename(version["key"]):
                entry["text"] = content[version["sha256"]].decode()
        out.write(json.dumps(entry, separators=(",", ":")) + "\n")
shutil.copy(f"{golden}/damage/cases.json", f"{here}/damage-2026.json")
shutil.copy(f"{golden}/pageserver-2024/damage/cases.json", f"{here}/damage-2024.json")
