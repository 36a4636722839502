"""What every command needs first: system packages, Odoo, Python packages, PostgreSQL."""

from . import odoo, postgres, stamps, system, venv

STEPS = 4


def environment(steps):
    """All of it, in numbered steps; what is there already is only looked at."""
    steps.step("System packages")
    python = system.ensure_basics()
    steps.step("Odoo 19")
    source = odoo.source()
    steps.step("Python packages")
    venv.ensure(source, python)
    steps.step("PostgreSQL")
    postgres.ensure()


def ready():
    """Whether a set-up was once completed here, so that there may be databases."""
    return bool(stamps.read("venv")) and venv.PYTHON.exists()
