from . import service_credit_demo
