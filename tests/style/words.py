#!/usr/bin/env python3
"""What must not stand in the sources: banned calls, a magic number twice, bytes beyond US-ASCII.

base/base.h poisons what is wrong everywhere; here is what is wrong outside of certain files.
"""
import pathlib
import re
import sys

# pattern, files where it may stand (by the start of their path), what to use instead
BANNED = (
    (r"\balloca\s*\(", (), "the arena"),
    (r"\b(system|popen)\s*\(", (), "nothing: no shell is ever run"),
    (r"\b(sleep|usleep|nanosleep)\s*\(", (), "a timer of the loop"),
    (r"\b(rand|random|srand|drand48)\s*\(", (), "getrandom()"),
    (r"\b(strtol|strtoul|strtoll|strtoull|sscanf)\s*\(", (), "span_to_u64()"),
    (r"\b(tmpnam|mktemp|tempnam)\s*\(", (), "mkstemp()"),
    (r"\bgetaddrinfo\s*\(", ("src/admin/command_",), "src/net/dns.h: it blocks"),
    (r"\b(accept4?|connect|bind|listen|recv|recvfrom|send|sendto|splice|sendfile)\s*\(",
     ("src/net/sock.c", "src/net/dns", "src/net/conntrack.c", "src/log/io.c"), "src/net/sock.h, which tests/sim replaces"),
    (r"\b(recvmsg|sendmsg)\s*\(", ("src/net/sock.c", "src/daemon/keeper_msg.c"), "src/net/sock.h"),
    (r"\b(set(res|re|e)?[ug]id|setgroups)\s*\(", ("src/daemon/privileges.c", "src/daemon/grant.c"), "those files"),
    (r"\bfork\s*\(", ("src/daemon/", "src/helper/"), "those folders"),
    (r"\bsignal\s*\(", ("src/daemon/signals.c",), "daemon/signals.h"),
)
MAGIC = re.compile(r"#\s*define\s+(\w+_MAGIC)\s+(0[xX][0-9a-fA-F]+)")
COMMENT = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.S)


def without_comments(text):
    """Comments and strings become blanks; lines stay where they are."""
    return COMMENT.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def main():
    top = pathlib.Path(sys.argv[1])
    faults, magics = [], {}
    for path in sorted(p for d in ("src", "acl", "cache") for p in (top / d).rglob("*.[ch]")):
        where, raw = str(path.relative_to(top)), path.read_bytes()
        if any(b > 0x7e for b in raw):
            faults.append(f"{where}: not US-ASCII")
        text = without_comments(raw.decode("utf-8", "replace"))
        for number, line in enumerate(text.splitlines(), 1):
            for pattern, where_fine, instead in BANNED:
                # a declaration "static enum err connect(" or a member "->listen(" is no call of the function
                if re.search(r"(?<![>.\w])" + pattern, line) and not where.startswith(where_fine or ("-",)):
                    faults.append(f"{where}:{number}: {line.strip()[:60]}: use {instead}")
        for name, value in MAGIC.findall(text):
            if magics.setdefault(int(value, 16), (where, name)) != (where, name):
                faults.append(f"{where}: {name} has the value of {magics[int(value, 16)][1]}")
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
