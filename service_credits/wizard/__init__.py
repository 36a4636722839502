from . import service_credit_adjust
from . import service_credit_loyalty
from . import service_credit_loyalty_line
from . import service_credit_seniority
from . import service_credit_transfer
from . import service_intervention_decide
from . import service_intervention_deliver
from . import account_move_reversal
