from . import test_intervention_rating
