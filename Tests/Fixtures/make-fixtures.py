#!/usr/bin/env python3
"""Make the bucket fixtures of the tests from the golden archives of real page servers.

    make-fixtures.py GOLDEN

For each tenant archive GOLDEN/pageserver*/tenants/X.tar.zst (objects by key, written by Neon's page server of March 2026
or June 2024) it writes buckets/X.jsonl: one object a line, in key order, with `key`, `size`, `last_modified` (nanoseconds
since 1970) and, of everything that is JSON, `text`. Layers and initdb archives are represented by their size: a scan
does not read them. The damages are copied as they are.
"""
import json, os, shutil, subprocess, sys, tarfile

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
shutil.copy(f"{golden}/damage/cases.json", f"{here}/damage-2026.json")
shutil.copy(f"{golden}/pageserver-2024/damage/cases.json", f"{here}/damage-2024.json")
