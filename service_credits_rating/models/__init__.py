from . import service_intervention
