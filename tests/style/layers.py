#!/usr/bin/env python3
"""Every #include "..." keeps to tests/style/layers.txt, and every folder of sources is listed there."""
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def read_layers(path):
    layers = {}
    for line in path.read_text(encoding="ascii").splitlines():
        words = line.split("#")[0].split()
        if words:
            layers[words[1]] = (int(words[0]), set(words[2:]))
    return layers


def target_folder(top, name):
    """The folder of an included file, which is named from the top or from src/; None if generated."""
    for base in (top / "src", top):
        if (base / name).is_file():
            return str((base / name).parent.relative_to(top))
    return None


def main():
    top = pathlib.Path(sys.argv[1])
    layers = read_layers(top / "tests/style/layers.txt")
    faults = []
    for path in sorted(p for d in ("src", "acl", "cache") for p in (top / d).rglob("*.[ch]")):
        folder = str(path.parent.relative_to(top))
        where = path.relative_to(top)
        if folder not in layers:
            faults.append(f"{where}: the folder {folder} is in no layer")
            continue
        layer, neighbours = layers[folder]
        for name in INCLUDE.findall(path.read_text(encoding="utf-8")):
            target = target_folder(top, name)
            if target is None or target == folder or target in neighbours:
                continue
            if target not in layers or layers[target][0] >= layer:
                faults.append(f'{where}: includes "{name}", which is not below {folder}')
            if name.endswith("_int.h"):
                faults.append(f'{where}: includes "{name}", which is internal to {target}')
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
