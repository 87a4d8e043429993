#!/usr/bin/env python3
"""Documents and the tree name the same things: documents in README, folders and decisions where they are listed."""
import pathlib
import re
import sys


def main():
    top = pathlib.Path(sys.argv[1])
    faults = []

    def text(name):
        return (top / name).read_text(encoding="utf-8")

    documents = sorted(p.relative_to(top) for p in (top / "doc").rglob("*") if p.suffix in (".md", ".8", ".5"))
    architecture = text("doc/architecture.md")
    for path in documents:
        if path.parent == pathlib.Path("doc") and not any(str(path) in text(p) for p in ["README", *documents] if p != path):
            faults.append(f"nobody names {path}: README does best")
    layers = [line.split()[1] for line in text("tests/style/layers.txt").splitlines() if line[:1].isdigit()]
    for folder in layers:
        if f"`{folder}`" not in architecture:
            faults.append(f"doc/architecture.md does not name {folder}")
    # what a document names must be there
    for path in [pathlib.Path("README"), *documents]:
        for name in re.findall(r"(?<![\w/])((?:doc|src|acl|cache|tests)/[\w./-]*\w)(?![\w*])", text(path)):
            is_reserved = name in layers or re.search(r"[A-Z]{4}", name) or name == "src/cuttle"
            if not is_reserved and not (top / name).exists():
                faults.append(f"{path} names {name}, which is not there")
    # functions, structs and files of the code that documents name
    sources = {p: p.read_text() for d in ("src", "acl", "cache", "tests") for p in (top / d).rglob("*.[ch]")}
    code, files = "\n".join(sources.values()), {p.name for p in sources} | {p.name for p in top.glob("src/**/*.tbl.h")}
    for path in documents:
        for name in set(re.findall(r"`(?:struct )?(\w+)(?:\(\))`", text(path)) + re.findall(r"`struct (\w+)`", text(path))):
            if not re.search(rf"\b{name}\b", code) and not re.search("[A-Z]{4}", name):
                faults.append(f"{path} names {name}, which the code does not have")
        for name in set(re.findall(r"`(\w+\.[ch])`", text(path))) - files - {"foo.c", "foo.h", "foo_int.h"}:
            faults.append(f"{path} names {name}, which is not there")
    # what is distributed
    local = text("doc/local.mk")
    for path in documents:
        if str(path) not in local:
            faults.append(f"doc/local.mk does not list {path}")
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
