"""A report: JSON for programs, JUnit's XML for what shows the tests of many projects, one page for people.

Each backend has files of its own, and the page is made of all that a folder holds; so runs on several backends, one
after the other, come together in one folder.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from nova_db_conformance.harness.page import drawn
from nova_db_conformance.harness.stages import SUITE
from nova_db_conformance.harness.verdict import Result, Verdict

REPORT_VARIABLE = "NOVA_DB_REPORT"
"""The environment variable that names a folder for the report, for every runner."""
PAGE = "index.html"

_left_to_runner = False


def prepare(folder: Path) -> None:
    """Make a folder for a report if it is missing, and look at what it holds, before a run that takes long.

    :raises ValueError: it is none, cannot be made or written to, or a document there cannot be read.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
        _documents(folder)
    except FileExistsError:
        raise ValueError(f"{folder} is a file; expected a folder, or the name of a new one") from None
    except OSError as error:
        why = f"cannot be made or written to: {error.strerror}"
        raise ValueError(f"{folder} {why}; expected a folder, or the name of a new one") from None


def write(verdicts: Iterable[Verdict], folder: Path) -> list[Path]:
    """Write the documents of each verdict into a folder, made if it is missing, and the page of all; where they are.

    :raises OSError: the folder cannot be made or written to.
    :raises ValueError: the document of another backend there cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for verdict in verdicts:
        text = f"{json.dumps(verdict.as_data(), indent=1)}\n".encode()
        written.append(_put(folder / f"{verdict.backend}.json", text))
        xml = ET.tostring(junit(verdict), encoding="utf-8", xml_declaration=True)
        written.append(_put(folder / f"{verdict.backend}.xml", xml))
    return [*written, write_page(folder)]


def write_page(folder: Path) -> Path:
    """Make the page anew of the JSON documents in a folder; where it is.

    :raises OSError: the folder cannot be read or written to.
    :raises ValueError: there is no document, or one cannot be read.
    """
    found = _documents(folder)
    if not found:
        raise ValueError(f"there is no verdict of the conformance suite in {folder}: expected files BACKEND.json")
    return _put(folder / PAGE, drawn(found).encode())


def write_if_asked(verdicts: Iterable[Verdict]) -> list[Path]:
    """Write them into the folder that the environment names, if it does; where they are."""
    folder = os.environ.get(REPORT_VARIABLE)
    return write(verdicts, Path(folder)) if folder else []


def reports_itself() -> bool:
    """Whether a report was asked for, of a runner that cannot see to what is measured for it."""
    return bool(os.environ.get(REPORT_VARIABLE)) and not _left_to_runner


def leave_to_runner() -> None:
    """Have the runner, and not the tests, see to it."""
    global _left_to_runner
    _left_to_runner = True


def _documents(folder: Path) -> list[dict[str, Any]]:
    return [document for path in sorted(folder.glob("*.json")) if (document := _read(path)) is not None]


def _read(path: Path) -> dict[str, Any] | None:
    """A document; None of a file that is another program's."""
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path} is no JSON: {error}") from None
    return found if isinstance(found, dict) and found.get("suite") == SUITE else None


def _put(path: Path, content: bytes) -> Path:
    """Write a file, which whoever reads it meanwhile finds whole."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(content)
    return beside.replace(path)


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
    if verdict.progress != "finished":
        suite = ET.SubElement(root, "testsuite", name="the run", tests="1", failures="0", skipped="0", errors="1")
        case = ET.SubElement(suite, "testcase", classname=SUITE, name="the run comes to its end")
        ET.SubElement(case, "error", message=_plain(verdict.headline), type=verdict.progress)
    return root


def _case(result: Result) -> ET.Element:
    class_name, _, name = result.id.replace("::", ".").rpartition(".")
    case = ET.Element("testcase", classname=class_name, name=name, time=f"{result.seconds:.3f}")
    if result.outcome != "passed":
        kind = "failure" if result.outcome == "failed" else "skipped"
        told = ET.SubElement(case, kind, message=_plain(result.what))
        if result.promise:
            told.set("type", _plain(result.promise))
        if result.detail:
            told.text = "\n".join(map(_plain, result.detail.splitlines()))
    return case


def _plain(text: str) -> str:
    """Without the characters that XML has no way to write."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
