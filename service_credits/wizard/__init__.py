from . import service_credit_adjust
from . import service_credit_transfer
