"""The rule of the two shipped programs, written without the add-on: ten lines, day by day."""

from datetime import date, timedelta


def expected(since, first, last):
    """{(program, period): (credits, day)} of a client, every day from `first` to `last`."""
    got, day = {}, first
    while day <= last:
        birthday = (since.month, since.day)
        if birthday == (2, 29) and (day.year % 4 or (day.year % 100 == 0 and day.year % 400)):
            birthday = (2, 28)
        years = day.year - since.year - ((day.month, day.day) < birthday)
        if years >= 1 and ("welcome", "once") not in got:
            got["welcome", "once"] = (min(15, years), day)
        if years >= 5 and (day.month, day.day) == birthday:
            got["yearly", str(day.year)] = (min(6, 2 * (years // 5)), day)
        day += timedelta(days=1)
    return got


def some_date(randomness, first_year, last_year):
    """A start date, often one of the days that go wrong."""
    year = randomness.randint(first_year, last_year)
    month, day = randomness.choice(
        [(2, 29), (2, 28), (3, 1), (1, 1), (12, 31), (6, 15), (randomness.randint(1, 12), 17)]
    )
    if (month, day) == (2, 29) and year % 4:
        year -= year % 4
    return date(year, month, day)
