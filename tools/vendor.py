"""Refresh the third-party files under static/vendor from the pins in package.json.

    python tools/vendor.py            fetch with npm into a temporary folder, rewrite static/vendor
    python tools/vendor.py --check    no network: every file is the one the manifest names

Needs npm for the first form only. Nothing here runs in production.
"""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from functools import cache
from pathlib import Path

import tinycss2

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static"
VENDOR = STATIC / "vendor"
MANIFEST = VENDOR / "manifest.json"
ICONS = Path(__file__).with_name("icons.txt")
PARTS = Path(__file__).with_name("tabler.txt")
THEME = STATIC / "css/theme.css"
PINS: dict[str, str] = json.loads((ROOT / "package.json").read_text())["devDependencies"]

# package: ((path inside it, name under static/vendor with {v} for the version), ...)
COPIES = {
    "htmx.org": (("dist/htmx.min.js", "htmx-{v}.min.js"),),
    "uplot": (
        ("dist/uPlot.iife.min.js", "uplot-{v}.iife.min.js"),
        ("dist/uPlot.min.css", "uplot-{v}.min.css"),
    ),
    "@fontsource-variable/geist": (
        ("files/geist-latin-wght-normal.woff2", "geist-latin-{v}.woff2"),
        ("files/geist-latin-ext-wght-normal.woff2", "geist-latin-ext-{v}.woff2"),
    ),
    "@fontsource-variable/geist-mono": (("files/geist-mono-latin-wght-normal.woff2", "geist-mono-latin-{v}.woff2"),),
}
LICENCES = {
    "@tabler/core": "MIT",
    "@tabler/icons": "MIT",
    "htmx.org": "0BSD",
    "uplot": "MIT",
    "@fontsource-variable/geist": "OFL-1.1",
    "@fontsource-variable/geist-mono": "OFL-1.1",
}
TABLER = "tabler-{v}.subset.min.css"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true")
    if arguments.parse_args().check:
        sys.exit(report(check()))
    with tempfile.TemporaryDirectory() as folder:
        refresh(Path(folder))
    sys.exit(report(check()))


def refresh(folder: Path) -> None:
    """Rewrite static/vendor and the icon sprite from freshly fetched packages."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    (VENDOR / "licences").mkdir(parents=True)
    entries = []
    for package, version in PINS.items():
        source = fetch(package, version, folder)
        licence = copy_licence(package, version, source)
        for name in copy_files(package, version, source):
            entries.append(entry(package, version, licence, name))
    MANIFEST.write_text(json.dumps({"files": entries}, indent=2) + "\n")


def fetch(package: str, version: str, folder: Path) -> Path:
    packed = subprocess.run(
        ["npm", "pack", "--silent", f"{package}@{version}"], cwd=folder, check=True, capture_output=True, text=True
    )
    target = folder / package.replace("/", "_")
    with tarfile.open(folder / packed.stdout.split()[-1]) as archive:
        archive.extractall(target, filter="data")
    return target / "package"


def copy_licence(package: str, version: str, source: Path) -> str:
    """Keep the licence text beside the files. Tabler's core ships none: its banner and its sister package's text."""
    name = f"{package.strip('@').replace('/', '-')}-{version}.txt"
    if package == "@tabler/core":
        banner = re.search(r"/\*!\n(.*?)\*/", (source / "dist/css/tabler.min.css").read_text(), re.DOTALL)
        sister = fetch("@tabler/icons", PINS["@tabler/icons"], source.parent.parent) / "LICENSE"
        terms = sister.read_text().partition("Permission is hereby")
        (VENDOR / "licences" / name).write_text(f"{banner[1] if banner else ''}\n{terms[1]}{terms[2]}")
    else:
        shutil.copyfile(source / "LICENSE", VENDOR / "licences" / name)
    return f"licences/{name}"


def copy_files(package: str, version: str, source: Path) -> list[str]:
    if package == "@tabler/core":
        name = TABLER.format(v=version)
        (VENDOR / name).write_text(subset((source / "dist/css/tabler.min.css").read_text()))
        return [name]
    if package == "@tabler/icons":
        (STATIC / "icons.svg").write_text(sprite(source / "icons/outline"))
        return ["../icons.svg"]
    names = []
    for path, pattern in COPIES[package]:
        names.append(pattern.format(v=version))
        shutil.copyfile(source / path, VENDOR / names[-1])
    return names


def sprite(folder: Path) -> str:
    symbols = []
    for name in sorted(ICONS.read_text().split()):
        drawing = (folder / f"{name}.svg").read_text()
        paths = re.findall(r"<path d=[^>]*/>", drawing)
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24">{"".join(p.replace(" />", "/>") for p in paths)}</symbol>'
        )
    return '<svg xmlns="http://www.w3.org/2000/svg">' + "\n".join(symbols) + "</svg>\n"


def subset(css: str) -> str:
    """Tabler's stylesheet with only the wanted families; element rules and variables stay."""
    banner = re.search(r"/\*!.*?\*/", css, re.DOTALL)
    kept = "".join(keep(rule) for rule in tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True))
    for _ in range(3):  # a variable that is dropped may have been the last reader of another
        kept = without_unread(kept)
    kept = re.sub(r"[^{}]+\{\}", "", kept)
    return (banner[0] if banner else "") + "\n/* Subset made by tools/vendor.py */\n" + kept + "\n"


def without_unread(css: str) -> str:
    """`css` without the variables that neither it nor the theme reads."""
    read = set(re.findall(r"var\((--[\w-]+)", css + THEME.read_text()))
    return re.sub(r"(?<=[{;])(--[\w-]+):[^;{}]*(;|(?=\}))", lambda found: found[0] if found[1] in read else "", css)


def keep(rule: tinycss2.ast.Node) -> str:
    if rule.type == "at-rule":
        if rule.content is None or rule.lower_at_keyword in {"keyframes", "font-face", "charset"}:
            return "" if rule.lower_at_keyword in {"charset", "keyframes"} else rule.serialize()
        inner = "".join(keep(child) for child in tinycss2.parse_rule_list(rule.content, True, True))
        return f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}" if inner else ""
    if rule.type != "qualified-rule":
        return ""
    selectors = [s for s in split(tinycss2.serialize(rule.prelude)) if wanted(s)]
    return f"{','.join(selectors)}{{{tinycss2.serialize(rule.content)}}}" if selectors else ""


def split(prelude: str) -> list[str]:
    return re.split(r",(?![^(]*\))", prelude.strip())


def wanted(selector: str) -> bool:
    outside = re.sub(r":not\([^)]*\)", "", selector)
    if re.search(r"\[data-(vc|bs-theme-|countup)|\[dir=", outside) or re.search(r"(^|[\s,(])#", outside):
        return False
    return all(in_family(name) for name in re.findall(r"\.((?:[\w-]|\\.)+)", outside))


def in_family(name: str) -> bool:
    def belongs(family: str) -> bool:
        return name == family or name.startswith(family + "-")

    return any(map(belongs, families("keep"))) and not any(map(belongs, families("leave")))


@cache
def families(verb: str) -> list[str]:
    lines = (line.split() for line in PARTS.read_text().splitlines())
    return [name for words in lines if words and words[0] == verb for name in words[1:]]


def entry(package: str, version: str, licence: str, name: str) -> dict[str, str]:
    return {
        "file": name.removeprefix("../"),
        "folder": "static" if name.startswith("../") else "static/vendor",
        "name": package,
        "version": version,
        "licence": LICENCES[package],
        "licence_text": licence,
        "sha256": sha256(VENDOR / name),
    }


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check() -> list[str]:
    """What does not agree with the manifest, one sentence each."""
    files = json.loads(MANIFEST.read_text())["files"]
    named = {ROOT / row["folder"] / row["file"]: row["sha256"] for row in files}
    there = {path for path in VENDOR.iterdir() if path.is_file() and path != MANIFEST}
    faults = [f"{path.name} is not in the manifest" for path in there - named.keys()]
    for path, told in named.items():
        if not path.exists():
            faults.append(f"{path.name} is missing")
        elif sha256(path) != told:
            faults.append(f"{path.name} was changed by hand")
    faults += [f"{row['name']} is not at its pin" for row in files if PINS.get(row["name"]) != row["version"]]
    styles = THEME.read_text() + "".join(path.read_text() for path in VENDOR.glob("tabler-*.css"))
    unknown = set(re.findall(r"var\((--tblr-[\w-]+)\)", THEME.read_text())) - set(
        re.findall(r"(--tblr-[\w-]+):", styles)
    )
    faults += [f"the theme reads {name}, which Tabler's subset does not set" for name in unknown]
    return sorted(faults)


def report(faults: list[str]) -> int:
    print("\n".join(faults) or "static/vendor agrees with its manifest")
    return 1 if faults else 0


if __name__ == "__main__":
    main()
