from . import service_credit_statement
from . import service_credit_report
from . import service_credit_outstanding
from . import service_credit_forecast
