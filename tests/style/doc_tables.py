#!/usr/bin/env python3
"""Tables and drawings of documents that are made from the code's own tables.

A document holds them between <!-- table NAME --> and <!-- end -->. usage: doc_tables.py TOP [--write]
Without --write, what differs is a fault. Beside that: what documents list by hand is complete.
"""
import pathlib
import re
import sys

MARK = re.compile(r"(<!-- table (\w+) -->\n).*?(<!-- end -->)", re.S)


def rows(text, macro):
    """The arguments of each MACRO(...) in text, as written, strings joined and without quotes."""
    for m in re.finditer(r"^" + macro + r"\(", text, re.M):
        args, depth, at, quoted = [""], 1, m.end(), False
        while depth > 0:
            c = text[at]
            quoted ^= c == '"' and text[at - 1] != "\\"
            depth += 0 if quoted else (c == "(") - (c == ")")
            if c == "," and depth == 1 and not quoted:
                args.append("")
            elif depth > 0:
                args[-1] += c
            at += 1
        yield [re.sub(r'"\s*"', "", a.strip()).strip('"') for a in args]


def machine(tbl, macro):
    """One line a step: the next row straight below, all other ways to the right."""
    waits = {"TMO_NONE": "", "TMO_FORWARD": "forward_timeout", "TMO_REQUEST": "request_timeout", "TMO_READ": "read_timeout",
             "TMO_WRITE": "write_timeout", "TMO_EITHER": "write_timeout: CLIENT_STALLED, or read_timeout"}
    steps = [(s, waits[w], why, re.findall(r"TO\((\w+)\)", to)) for s, _, w, why, to in rows(tbl, macro)]
    out = []
    for i, (name, wait, why, to) in enumerate(steps):
        below = steps[i + 1][0] if i + 1 < len(steps) else None
        others = ", ".join(t for t in to if t != below)
        line = f"    {name} " + "-" * (15 - len(name)) + f"> {others}" if others else f"    {name}"
        limit = wait if why == "NONE" else f"{wait}: {why}"     # NONE: the step itself goes on in another way
        out.append(f"{line:<58} {limit}" if wait else line)
        if below:
            out.append("      |" if below in to else "")
    return "\n".join(out) + "\n"


class Tree:
    def __init__(self, top):
        self.top = top
        self.sources = {p: p.read_text() for d in ("src", "acl", "cache") for p in sorted((top / d).rglob("*.[ch]"))}

    def text(self, name):
        return (self.top / name).read_text()

    def raised(self):
        """Endings that some code causes; to compare with one or to translate it causes nothing."""
        code = "\n".join(t for p, t in self.sources.items() if p.suffix == ".c")
        found = set(re.findall(r"(?<!case )(?<![=!<>]= )\bWHY_(\w+)", code)) | set(re.findall(r"\bTXN_FAIL\(t, (\w+)", code))
        for tbl, macro in (("txn", "TXN_STEP"), ("fetch", "FETCH_STEP")):
            found |= {r[3] for r in rows(self.text(f"src/proxy/{tbl}_steps.tbl.h"), macro)}
        return found

    def table_txn_steps(self):
        return machine(self.text("src/proxy/txn_steps.tbl.h"), "TXN_STEP")

    def table_fetch_steps(self):
        return machine(self.text("src/proxy/fetch_steps.tbl.h"), "FETCH_STEP")

    def table_why(self):
        out, raised = "| ending | page and status | suffix | meaning |\n|---|---|---|---|\n", self.raised()
        for sym, page, status, suffix, _, _, text in rows(self.text("src/base/why.tbl.h"), "WHY"):
            shown = "-" if page == "NULL" else f"{page} {status}"
            out += f"| {sym} | {shown} | {'-' if suffix == 'NONE' else '_' + suffix} | {text}{'' if sym in raised | {'NONE'} else ' (not yet)'} |\n"
        return out

    def table_counters(self):
        out = "| counter | counts |\n|---|---|\n"
        code = "\n".join(t for p, t in self.sources.items() if p.suffix == ".c" and "admin" not in p.parts)
        for sym, name, text in rows(self.text("src/base/counters.tbl.h"), "COUNTER"):
            out += f"| {name} | {text}{'' if re.search(rf'COUNT_{sym}' + chr(92) + 'b', code) else ' (nothing yet)'} |\n"
        return out

    def table_budget(self):
        out = "| class | refused above | what |\n|---|---|---|\n"
        for _, name, share, text in rows(self.text("src/base/budget.tbl.h"), "BUDGET"):
            out += f"| {name} | {'never' if share == '0' else f'{int(share) / 10:g} %'} | {text} |\n"
        return out

    def table_pages(self):
        pages = re.findall(r'\{ "(\w+)", "([^"]+)", page_\w+ \}', self.text("src/admin/manager.c"))
        return "| page | shows |\n|---|---|\n" + "".join(f"| {n} | {t} |\n" for n, t in pages)

    def table_log_codes(self):
        out, tbl = "| code | prints |\n|---|---|\n", self.text("src/log/codes.tbl.h")
        others = list(rows(tbl, "LOG_ALIAS"))
        for sym, code, _, _, text in rows(tbl, "LOG_CODE"):
            names = [code] + [other for other, of in others if of == sym]
            out += f"| {', '.join(f'`%{n}`' for n in names)} | {text} |\n"
        return out

    def table_log_dashes(self):
        tbl = self.text("src/log/codes.tbl.h")
        words = dict(re.findall(r'#define (\w+) "([^"]+)"', tbl))
        whys = {}
        for code, why in rows(tbl, "LOG_DASH"):
            whys.setdefault(words.get(why, why), []).append(code)
        return "| why | codes |\n|---|---|\n" + "".join(
            f"| {why} | {', '.join(f'`%{c}`' for c in codes)} |\n" for why, codes in whys.items())

    def table_locks(self):
        out = "| rank | for | taken in |\n|---|---|---|\n"
        for rank, text in re.findall(r"\b(LOCK_RANK_\w+)[^/\n]*/\* (.*?) \*/", self.text("src/base/lock.h")):
            users = [str(p.relative_to(self.top)) for p, t in self.sources.items() if p.suffix == ".c" and re.search(rf"\b{rank}\b", t)]
            out += f"| {rank[10:]} | {text} | {', '.join(f'`{u}`' for u in users) or 'nothing yet'} |\n"
        return out

    def incomplete(self):
        """What is listed by hand and lacks something."""
        threading, operations, glossary = (self.text(f"doc/{n}.md") for n in ("threading", "operations", "glossary"))
        for path, text in self.sources.items():
            for name, body in re.findall(r"^struct (\w+) \{\n(.*?)^\}", text, re.S | re.M):
                if re.search(r"\bstruct lock \w|_Atomic|\batomic_\w+ \w|pthread_mutex_t", body) and f"`{name}`" not in threading:
                    yield f"doc/threading.md does not say how struct {name} ({path.name}) is shared"
        proxy = "\n".join(t for p, t in self.sources.items() if p.parent.name == "proxy")
        for code in sorted(set(re.findall(r"\bLOG_((?:TCP|NONE|HIER)_\w+)", proxy))):
            if f"`{code}`" not in operations:
                yield f"doc/operations.md does not explain {code}, which access.log may show"
        keys = re.findall(r'^\t\{ SPAN\("(\w+)"\), \w+, ', self.text("src/log/facts_read.c"), re.M)
        for key in [k for k in keys if k != "facts"]:
            if not re.search(rf"^\| (\w+, )*{key}(, \w+)* \|", self.text("doc/facts.md"), re.M):
                yield f"doc/facts.md does not explain the key {key}"
        if len(keys) < 20:
            yield "src/log/facts_read.c: the table of keys is not where it was"
        words = re.findall(r"^\| ([^|]+?) \|", glossary, re.M)[2:]
        if words != sorted(set(words)):
            yield "doc/glossary.md: not in order, or a word twice"


def main():
    top, tree, faults = pathlib.Path(sys.argv[1]), Tree(pathlib.Path(sys.argv[1])), []
    for path in sorted((top / "doc").glob("*.md")):
        old = path.read_text()
        new = MARK.sub(lambda m: m[1] + getattr(tree, "table_" + m[2])() + m[3], old)
        if new != old and "--write" in sys.argv:
            path.write_text(new)
        elif new != old:
            faults.append(f"{path.relative_to(top)} differs from the code's tables; run tests/style/doc_tables.py . --write")
    faults += tree.incomplete()
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
