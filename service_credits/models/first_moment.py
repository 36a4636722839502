from datetime import datetime, time

import pytz


def first_moment(day, zone):
    """Return the moment at which `day` begins in `zone`, as Odoo stores moments: in UTC, naive.

    :param date day:
    :param str zone: name of a time zone; none counts as UTC
    """
    start = pytz.timezone(zone or "UTC").localize(datetime.combine(day, time.min))
    return start.astimezone(pytz.utc).replace(tzinfo=None)
