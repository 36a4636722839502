def uninstall_hook(env):
    """Drop the ledger's functions; CASCADE takes the triggers that call them.

    Odoo drops the tables of an uninstalled module, not the functions, so that
    without this a reinstall would find leftovers of another version.
    """
    env.cr.execute("""
        SELECT p.oid::regprocedure::text
          FROM pg_proc p
          JOIN pg_namespace n ON n.oid = p.pronamespace
         WHERE n.nspname = current_schema
           AND p.proname LIKE 'service\\_credit\\_%%'
    """)
    for (signature,) in env.cr.fetchall():
        env.cr.execute(f"DROP FUNCTION IF EXISTS {signature} CASCADE")
