#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Holds the three descriptions of the control interface against each other:
Documentation/netlink/hyperspace.yaml, include/uapi/linux/hyperspace.h and the
policies in kmod/netlink_policy.c.  KTAP on standard output.

policy.txt, which the lab compares with what a running kernel reports, is made
from the specification: "test_abi.py --write" writes it anew.
"""
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
SPEC = os.path.join(TOP, "Documentation/netlink/hyperspace.yaml")
HEADER = os.path.join(TOP, "include/uapi/linux/hyperspace.h")
POLICY = os.path.join(HERE, "policy.txt")
KSFT_SKIP = 4

# Policy of a command as netlink.c wires it: OP(VM_GET, key, .doit = ...
OP = re.compile(r"\bOP\((\w+), (\w+),\s*([^)]*)\)")
LIMITS = {"u32": (0, 2**32 - 1), "u64": (0, 2**64 - 1), "s32": (-2**31, 2**31 - 1)}


def c_name(*parts):
    return "".join(parts).replace("-", "_").upper()


class Spec:
    """The specification, with values counted out and names as C has them."""

    def __init__(self, path):
        import yaml
        with open(path) as text:
            doc = yaml.safe_load(text)
        self.doc = doc
        self.consts = {c_name(d["name"]): d["value"]
                       for d in doc["definitions"] if d["type"] == "const"}
        self.enums = {}     # name of the C enum -> {name: value}
        self.flags = {}
        for d in doc["definitions"]:
            if d["type"] == "enum":
                self.enums[d["enum-name"].replace("-", "_")] = {
                    c_name(d["name-prefix"], e["name"]): d.get("value-start", 0) + i
                    for i, e in enumerate(d["entries"])}
            elif d["type"] == "flags":
                self.flags.update({c_name(d["name-prefix"], e["name"]): 1 << i
                                   for i, e in enumerate(d["entries"])})
        self.sets = {}      # attribute set -> {attribute: (value, description)}
        for s in doc["attribute-sets"]:
            members, value = {}, 1
            for a in s["attributes"]:
                value = a.get("value", value)
                members[a["name"]] = (value, a)
                value += 1
            self.sets[s["name"]] = members
            self.enums[s["enum-name"].replace("-", "_")] = {
                c_name(s["name-prefix"], n): v for n, (v, _) in members.items()}
        ops, value = doc["operations"], 1
        self.cmds = {}
        for o in ops["list"]:
            value = o.get("value", value)
            self.cmds[o["name"]] = (value, o)
            value += 1
        self.enums[ops["enum-name"].replace("-", "_")] = {
            c_name(ops["name-prefix"], n): v for n, (v, _) in self.cmds.items()}

    def number(self, value):
        return self.consts[c_name(value)] if isinstance(value, str) else value

    def wire(self, attribute):
        """(kind, limits) of an attribute as a kernel's policy has it."""
        kind, checks = attribute["type"], attribute.get("checks", {})
        if kind == "string":
            return "nul-string", str(self.number(checks["max-len"]))
        if kind in LIMITS:
            low, high = LIMITS[kind]
            return kind, "%d %d" % (self.number(checks.get("min", low)),
                                    self.number(checks.get("max", high)))
        if kind == "binary" and "exact-len" in checks:
            return kind, str(self.number(checks["exact-len"]))
        if kind == "nest":
            return kind, attribute["nested-attributes"]
        return kind, ""

    def policy_lines(self):
        """Lines "COMMAND do|dump ATTRIBUTE KIND LIMITS", sorted; what is in a nest
        stands under "ATTRIBUTE/NESTED"."""
        lines = []
        main = self.sets["main"]
        for value, op in self.cmds.values():
            for mode in ("do", "dump"):
                if mode not in op:
                    continue
                # vm-get has one policy in the kernel for both its modes.
                asked = op.get("do", op[mode]) if "do" in op else op[mode]
                for name in asked.get("request", {}).get("attributes", []):
                    number, attribute = main[name]
                    kind, limits = self.wire(attribute)
                    head = "%2d %-4s %2d" % (value, mode, number)
                    if kind == "nest":
                        lines.append(head + " nest")
                        for n, a in self.sets[limits].values():
                            lines.append(("%s/%d %s %s" % ((head, n) + self.wire(a))).rstrip())
                    else:
                        lines.append(("%s %s %s" % (head, kind, limits)).rstrip())
        return sorted(lines)


def header_enums():
    """{enum: [names]} and {macro: text} of the header, as written."""
    with open(HEADER) as text:
        source = re.sub(r"/\*.*?\*/", "", text.read(), flags=re.S)
    enums = {m.group(1): [n for n in re.findall(r"^\s*(\w+)", m.group(2), flags=re.M)]
             for m in re.finditer(r"enum (\w+) \{(.*?)\};", source, flags=re.S)}
    macros = re.findall(r"^#define\s+(\w+)\s+\S", source, flags=re.M)
    return enums, macros


def run_c(code, *includes):
    """Compiles and runs a C program; its output."""
    with tempfile.TemporaryDirectory() as tmp:
        src = os.path.join(tmp, "a.c")
        with open(src, "w") as out:
            out.write(code)
        subprocess.run([os.environ.get("CC", "gcc"), "-Wall", "-Werror", "-o", os.path.join(tmp, "a")] +
                       ["-I" + os.path.join(TOP, i) for i in includes] +
                       ["-I" + os.path.join(TOP, "include/uapi"), src], check=True)
        return subprocess.run([os.path.join(tmp, "a")], check=True, stdout=subprocess.PIPE,
                              text=True).stdout


def header_values(names):
    code = '#include <stdio.h>\n#include <linux/hyperspace.h>\nint main(void)\n{\n'
    for n in names:
        code += '\tprintf("%s %%llu\\n", (unsigned long long)%s);\n' % (n, n)
    out = run_c(code + "\treturn 0;\n}\n")
    return {line.split()[0]: int(line.split()[1]) for line in out.splitlines()}


def kernel_policies():
    """{policy: {attribute: (kind, limits)}} as kmod/netlink_policy.c has them."""
    with open(os.path.join(TOP, "kmod/netlink_policy.c")) as text:
        names = re.findall(r"^const struct nla_policy hs_policy_(\w+)\[", text.read(), flags=re.M)
    code = """
#include <stdio.h>
#include "netlink_policy.c"
static const char *nest(const struct nla_policy *p);
static void show(const char *name, const struct nla_policy *p, int n)
{
	for (int i = 0; i < n; i++)
		printf("%s %d %d %u %d %lld %d %lld %s\\n", name, i, p[i].type, p[i].len,
		       p[i].has_min, (long long)p[i].min, p[i].has_max, (long long)p[i].max,
		       nest(p[i].nested));
}
static const char *nest(const struct nla_policy *p)
{
"""
    code += "".join('\tif (p == hs_policy_%s)\n\t\treturn "%s";\n' % (n, n) for n in names)
    code += '\treturn "-";\n}\nint main(void)\n{\n'
    for n in names:
        code += '\tshow("%s", hs_policy_%s, sizeof(hs_policy_%s) / sizeof(hs_policy_%s[0]));\n' % (
            n, n, n, n)
    kinds = [None, "u32", "u64", "s32", "flag", "nul-string", "binary", "nest"]
    found = {n: {} for n in names}
    for line in run_c(code + "\treturn 0;\n}\n", "selftests/abi/shim", "kmod").splitlines():
        name, *numbers, nested = line.split()
        attr, kind, length, has_min, low, has_max, high = map(int, numbers)
        kind = kinds[kind]
        if kind is None:
            continue
        limits = ""
        if kind == "nul-string" or kind == "binary":
            limits = str(length)
        elif kind == "nest":
            limits = nested
        elif kind in LIMITS:
            limits = "%d %d" % (low if has_min else LIMITS[kind][0],
                                high if has_max else LIMITS[kind][1])
        found[name][attr] = (kind, limits)
    return found


def kernel_ops():
    """{command: (policy, modes)} as kmod/netlink.c wires them."""
    with open(os.path.join(TOP, "kmod/netlink.c")) as text:
        table = re.search(r"struct genl_ops ops\[\] = \{(.*?)\n\};", text.read(), flags=re.S).group(1)
    return {m.group(1): (m.group(2), {mode for mode, field in (("do", ".doit"), ("dump", ".dumpit"))
                                      if field in m.group(3)})
            for m in OP.finditer(table)}


class Ktap:
    def __init__(self):
        self.count = self.bad = 0

    def same(self, name, got, want):
        self.count += 1
        if got != want:
            self.bad += 1
            print("# %s" % name)
            for side, items in (("only in the first", got), ("only in the second", want)):
                other = want if items is got else got
                if isinstance(items, dict):
                    items, other = items.items(), other.items()
                if hasattr(items, "__iter__") and not isinstance(items, str):
                    for item in items:
                        if item not in other:
                            print("#   %s: %s" % (side, item))
                else:
                    print("#   %s: %s" % (side, items))
        print("%sok %d %s" % ("" if got == want else "not ", self.count, name))


def main():
    try:
        spec = Spec(SPEC)
    except ImportError:
        print("1..0 # SKIP no python3-yaml")
        return KSFT_SKIP
    if "--write" in sys.argv[1:]:
        with open(POLICY, "w") as out:
            out.write("".join(line + "\n" for line in spec.policy_lines()))
        return 0
    t = Ktap()
    print("KTAP version 1")
    enums, macros = header_enums()

    t.same("the header has the enums of the specification", sorted(enums), sorted(spec.enums))
    for enum, members in sorted(spec.enums.items()):
        named = [n for n in enums.get(enum, []) if not re.match(r"__|HS_(A(_\w+)?|CMD)_MAX$", n)]
        t.same("%s: names" % enum, named, list(members))
        values = header_values(named)
        t.same("%s: values" % enum, values, members)
        t.same("%s: no zero" % enum, 0 in members.values(), False)
    constants = dict(spec.consts, **spec.flags)
    t.same("constants", header_values(constants), constants)
    t.same("no flag of the header is missing",
           sorted(m for m in macros if re.match(r"HS_\w+_F_", m)), sorted(spec.flags))
    with open(HEADER) as text:
        head = text.read()
    t.same("family name", re.search(r'HS_GENL_NAME\s+"(.*)"', head).group(1), spec.doc["name"])
    t.same("family version", int(re.search(r"HS_GENL_VERSION\s+(\d+)", head).group(1)),
           spec.doc["version"])
    t.same("multicast groups", re.findall(r'HS_GENL_GROUP_\w+\s+"(.*)"', head),
           [g["name"] for g in spec.doc["mcast-groups"]["list"]])

    policies, ops = kernel_policies(), kernel_ops()
    wired = {c_name(n): o for n, (_, o) in spec.cmds.items() if "event" not in o}
    t.same("the kernel has the commands of the specification", sorted(ops), sorted(wired))
    main_set = spec.sets["main"]
    for name, op in sorted(wired.items()):
        policy, modes = ops.get(name, (None, set()))
        t.same("%s: do and dump" % name, modes, {m for m in ("do", "dump") if m in op})
        asked = (op.get("do") or op["dump"]).get("request", {}).get("attributes", [])
        want = {main_set[a][0]: spec.wire(main_set[a][1]) for a in asked}
        t.same("%s: policy" % name, policies.get(policy), want)
    # What may be in a nest that a request holds.
    asked = {a["nested-attributes"] for _, op in spec.cmds.values() for mode in ("do", "dump")
             for n in op.get(mode, {}).get("request", {}).get("attributes", [])
             for a in [main_set[n][1]] if a["type"] == "nest"}
    for name in sorted(asked):
        want = {n: spec.wire(a) for n, a in spec.sets[name].values()}
        t.same("nest %s: policy" % name, policies.get(name), want)
    with open(POLICY) as text:
        t.same("policy.txt is up to date", text.read().splitlines(), spec.policy_lines())
    for s in spec.doc["attribute-sets"]:
        dangling = [a["nested-attributes"] for a in s["attributes"]
                    if a.get("nested-attributes", s["name"]) not in spec.sets]
        t.same("%s: nested sets exist" % s["name"], dangling, [])
    print("1..%d" % t.count)
    return 1 if t.bad else 0


if __name__ == "__main__":
    sys.exit(main())
