"""A verdict as documents: JSON for programs, JUnit's XML for what shows the tests of many projects."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

from nova_db_conformance.harness.verdict import Result, Verdict

JSON = "conformance.json"
JUNIT = "conformance.xml"


def write(verdict: Verdict, folder: Path) -> list[Path]:
    """Write the documents into a folder, which is made if it is missing; where they are.

    :raises OSError: the folder cannot be made or written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    as_json, as_junit = folder / JSON, folder / JUNIT
    as_json.write_text(f"{json.dumps(verdict.as_data(), indent=2)}\n", encoding="utf-8")
    as_junit.write_bytes(ET.tostring(junit(verdict), encoding="utf-8", xml_declaration=True))
    return [as_json, as_junit]


def junit(verdict: Verdict) -> ET.Element:
    """A suite a stage, with the promise that each failure breaks as its type."""
    root = ET.Element("testsuites", name=f"conformance of {verdict.backend}")
    for score in verdict.scores:
        results = [result for result in verdict.results if result.stage == score.stage.key]
        counts = {"tests": score.ran, "failures": score.failed, "skipped": score.skipped, "errors": 0}
        suite = ET.SubElement(root, "testsuite", {name: str(count) for name, count in counts.items()})
        suite.set("name", score.stage.title)
        suite.set("time", f"{score.seconds:.3f}")
        for result in results:
            suite.append(_case(result))
    return root


def _case(result: Result) -> ET.Element:
    class_name, _, name = result.id.replace("::", ".").rpartition(".")
    case = ET.Element("testcase", classname=class_name, name=name, time=f"{result.seconds:.3f}")
    if result.outcome != "passed":
        kind = "failure" if result.outcome == "failed" else "skipped"
        told = ET.SubElement(case, kind, message=_plain(result.what))
        if result.promise:
            told.set("type", _plain(result.promise))
    return case


def _plain(text: str) -> str:
    """Without the characters that XML has no way to write."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
