"""Packaging: one distribution, several import packages, each in a folder that bears its own name.

``backends/`` and ``conformance/`` are shelves, not packages: what stands on them is installed at the top level, and our
own backends are found through entry points exactly as anybody else's are.
"""

from __future__ import annotations

import runpy
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
SHELF = {
    "nova_db": ".",
    "nova_db_memory": "backends",
    "nova_db_lmdb": "backends",
    "nova_db_sqlalchemy": "backends",
    "nova_db_conformance": "conformance",
}


def _paths(pattern: str) -> list[str]:
    """Files of the tree, by their names there."""
    return sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern))


POSTGRESQL = ["psycopg[binary]>=3.3"]
MYSQL = ["PyMySQL>=1.2.4"]
MYSQLCLIENT = ["mysqlclient>=2.2"]
LMDB = ["lmdb>=3.0", "msgspec>=0.21"]
TESTING = ["fixtures>=4.3"]
CONFORMANCE = [*TESTING, "pytest>=9", "testscenarios>=0.7", "testtools>=2.9", "hypothesis>=6.170"]
BENCH = ["matplotlib>=3.10"]  # draws what was measured
DEV = [
    *POSTGRESQL,
    *MYSQL,
    *LMDB,
    *CONFORMANCE,
    "build>=1.6",
    "import-linter>=2.6",
    "mypy>=2.4",
    "pyright[nodejs]>=1.1.414",
    "pytest-xdist>=3.8",
    "python-subunit>=1.4",  # what stestr tells the results in, of which the suite's verdict is tested
    "ruff>=0.17.6",
    "setuptools>=77",
    "trio>=0.30",
    "types-PyMySQL>=1.2",
]

setup(
    name="nova-db",
    version=runpy.run_path(str(ROOT / "nova_db" / "version.py"))["__version__"],
    description="The state database of a compute cloud: one contract, any backend",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license_expression="Apache-2.0",
    license_files=["LICENSE"],
    keywords=[
        "compute",
        "cloud",
        "database",
        "sqlalchemy",
        "postgresql",
        "mariadb",
        "sqlite",
        "in-memory",
        "lmdb",
        "conformance",
    ],
    classifiers=[
        "Development Status :: 4 - Beta",
        "Framework :: Pytest",
        "Intended Audience :: Developers",
        "Intended Audience :: System Administrators",
        "Operating System :: POSIX",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3 :: Only",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Database",
        "Typing :: Typed",
    ],
    python_requires=">=3.11",
    packages=[
        package
        for name, shelf in SHELF.items()
        for package in find_packages(str(ROOT / shelf), include=[name, f"{name}.*"])
    ],
    package_dir={name: name if shelf == "." else f"{shelf}/{name}" for name, shelf in SHELF.items()},
    package_data={
        "": ["py.typed", "*.pyi"],
        "nova_db.cli.skeletons": ["**/*.tmpl"],
        "nova_db_sqlalchemy": ["**/*.mako", "**/versions/*.py"],
        "nova_db_conformance": ["**/*.jsonl.gz", "harness/page.*"],
    },
    include_package_data=False,
    data_files=[
        ("share/nova-db", ["etc/nova_db/nova-db.conf.sample"]),
        ("share/doc/nova-db", ["README.md", "CHANGELOG.md", *_paths("docs/*.md")]),
    ],
    zip_safe=False,
    install_requires=[
        "SQLAlchemy>=2.1",
        "alembic>=1.20",
        "fixtures>=4.3",
        "google-re2>=1.1.20251105",
        "oslo.config>=10.7",
        "oslo.utils>=10.2",
        "rich>=15.0",
        "shtab>=1.13",
        "stevedore>=5.10",
    ],
    extras_require={
        "postgresql": POSTGRESQL,
        "mysql": MYSQL,
        "mysqlclient": MYSQLCLIENT,
        "lmdb": LMDB,
        "testing": TESTING,
        "conformance": CONFORMANCE,
        "dev": DEV,
        "bench": BENCH,
    },
    entry_points={
        "nova_db.backends": [
            "lmdb = nova_db_lmdb:LMDBDriver",
            "memory = nova_db_memory:MemoryDriver",
            "sqlalchemy = nova_db_sqlalchemy:SQLAlchemyDriver",
        ],
        "oslo.config.opts": ["nova_db = nova_db.conf:list_opts"],
        "console_scripts": ["nova-db = nova_db.cli:main"],
        "pytest11": [
            "nova_db = nova_db.pytest_plugin",
            "nova_db_conformance = nova_db_conformance.harness.plugin",
        ],
    },
)
