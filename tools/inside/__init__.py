"""Scripts that run in the virtual environment, with Odoo at hand: CONFIG DATABASE [ARGUMENTS]."""

import contextlib
import sys


@contextlib.contextmanager
def environment(quiet=False):
    """An Odoo environment on the database that the command line names; nothing is committed."""
    from odoo import api
    from odoo.modules.registry import Registry
    from odoo.tools import config

    database = sys.argv[2]
    options = ["-c", sys.argv[1], "-d", database, "--no-http"]
    if quiet:
        options.append("--log-level=warn")
    config.parse_config(options, setup_logging=True)
    with Registry(database).cursor() as cr:
        uid = api.SUPERUSER_ID
        yield api.Environment(cr, uid, api.Environment(cr, uid, {})["res.users"].context_get())
        cr.rollback()
