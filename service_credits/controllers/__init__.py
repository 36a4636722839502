from . import portal
from . import portal_credit_export
from . import portal_intervention
from . import portal_intervention_decision
from . import portal_intervention_request
from . import portal_order
from . import portal_credit_preferences
