from . import service_credit_statement
