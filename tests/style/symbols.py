#!/usr/bin/env python3
"""Every name that a folder's library exports begins with one of the folder's prefixes (prefixes.txt)."""
import pathlib
import subprocess
import sys


def read_prefixes(path):
    prefixes, owners = {}, {}
    for line in path.read_text(encoding="ascii").splitlines():
        words = line.split("#")[0].split()
        for prefix in words[1:]:
            if owners.setdefault(prefix, words[0]) != words[0]:
                sys.exit(f"{path}: {prefix} belongs to {owners[prefix]} and {words[0]}")
            prefixes.setdefault(words[0], set()).add(prefix)
    return prefixes


def exported(library):
    out = subprocess.run(["nm", "-A", "-g", "--defined-only", str(library)], capture_output=True, text=True, check=False)
    for line in out.stdout.splitlines():
        where, kind, name = line.rsplit(None, 2)
        if kind != "w" and not name.startswith("_"):        # those belong to compilers and sanitizers
            yield where.split(":")[1], name


def main():
    top, build = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    prefixes = read_prefixes(top / "tests/style/prefixes.txt")
    libraries = sorted(p for d in ("src", "acl", "cache") for p in (build / d).rglob("lib*.a"))
    faults = 0
    if not libraries:
        sys.exit("no libraries to look at: make first")
    for library in libraries:
        folder = str(library.parent.relative_to(build))
        mine = prefixes.get(folder, set())
        for member, name in exported(library):
            if not any(name == p or name.startswith(p + "_") for p in mine):
                print(f"{folder}/{member}: {name} should be static, or begin with one of: {' '.join(sorted(mine))}")
                faults += 1
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
