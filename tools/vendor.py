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
from pathlib import Path

import tinycss2

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static"
VENDOR = STATIC / "vendor"
MANIFEST = VENDOR / "manifest.json"
ICONS = Path(__file__).with_name("icons.txt")
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
    "@fontsource-variable/geist-mono": (
        ("files/geist-mono-latin-wght-normal.woff2", "geist-mono-latin-{v}.woff2"),
    ),
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

# The parts of Tabler the house builds on; everything else of its 635 KB (navbars, carousels, its own
# charts, calendars, colour variants) is left out. A class belongs to a family when it equals the
# name or goes on with "-". To use another part of Tabler, add its family here and run this file.
FAMILIES = (
    "btn card dropdown input-group form visually-hidden table-responsive container row col "
    "d m mx my mt mb ms me p px py pt pb ps pe g gx gy gap w h mw min "
    "flex justify-content align-items align-self order float overflow position "
    "text-start text-center text-end text-nowrap text-truncate text-break text-wrap "
    "fw fst lh rounded visible invisible show active disabled is-invalid is-valid was-validated "
    "collapse list-unstyled list-inline progress"
).split()
# Families that begin like one above but are not wanted.
NOT_WANTED = (
    "btn-close btn-floating form-colorinput form-imagecheck form-selectgroup form-fieldset form-floating form-range "
    "btn-outline btn-x btn-facebook btn-twitter btn-google btn-youtube btn-vimeo btn-dribbble btn-github "
    "btn-instagram btn-pinterest btn-vk btn-rss btn-flickr btn-bitbucket btn-tabler btn-blue btn-azure btn-indigo "
    "btn-purple btn-pink btn-red btn-orange btn-yellow btn-lime btn-green btn-teal btn-cyan btn-gray btn-ghost "
    "btn-secondary btn-success btn-warning btn-info btn-light btn-dark btn-muted btn-link btn-animate btn-actions "
    "card-stacked card-rotate card-img card-cover card-tabs card-avatar card-stamp card-chart card-sponsor "
    "card-mask card-list-group card-table card-progress card-status card-gradient"
).split()


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
    """Keep the licence text beside the files; Tabler's core ships none of its own but names MIT."""
    name = f"{package.strip('@').replace('/', '-')}-{version}.txt"
    text = source / "LICENSE"
    if not text.exists():
        text = next(source.parent.parent.glob("@tabler_icons/package/LICENSE"), None) or source / "README.md"
    shutil.copyfile(text, VENDOR / "licences" / name)
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
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{"".join(p.replace(" />", "/>") for p in paths)}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">' + "\n".join(symbols) + "</svg>\n"


def subset(css: str) -> str:
    """Tabler's stylesheet with only the wanted families; element rules and variables stay."""
    banner = re.search(r"/\*!.*?\*/", css, re.DOTALL)
    kept = "".join(keep(rule) for rule in tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True))
    used = set(re.findall(r"var\((--[\w-]+)", kept + (STATIC / "css/theme.css").read_text()))
    # Variables nobody reads any more; twice, because a dropped one may have been the last reader of another.
    for _ in range(3):
        kept = re.sub(r"(?<=[{;])(--[\w-]+):[^;{}]*(;|(?=\}))", lambda m: m[0] if m[1] in used else "", kept)
        used = set(re.findall(r"var\((--[\w-]+)", kept + (STATIC / "css/theme.css").read_text()))
    kept = re.sub(r"[^{}]+\{\}", "", kept)
    return (banner[0] if banner else "") + "\n/* Subset made by tools/vendor.py */\n" + kept + "\n"


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

    return any(map(belongs, FAMILIES)) and not any(map(belongs, NOT_WANTED))


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
    faults += [f"{path.name} is missing" for path in named if not path.exists()]
    faults += [f"{path.name} was changed by hand" for path, sum_ in named.items() if path.exists() and sha256(path) != sum_]
    faults += [f"{row['name']} {row['version']} is not the pin" for row in files if PINS.get(row["name"]) != row["version"]]
    return sorted(faults)


def report(faults: list[str]) -> int:
    print("\n".join(faults) or "static/vendor agrees with its manifest")
    return 1 if faults else 0


if __name__ == "__main__":
    main()
