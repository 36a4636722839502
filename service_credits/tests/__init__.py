from . import test_js
from . import test_ledger_api
from . import test_ledger_bypass
from . import test_ledger_catalogue
from . import test_ledger_operations
from . import test_ledger_partners
from . import test_ledger_reconcile
from . import test_portal_credits
