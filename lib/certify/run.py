"""All parts of the certificate, in order."""

from __future__ import annotations

from pathlib import Path

from certify import (
    alarm_firms,
    certify,
    driver_answers,
    driver_shops,
    event_firms,
    forecasts,
    grades,
    worth,
)


def certify_all(firms: int, to: Path | None = None) -> int:
    """Try every headline number in invented firms, write the certificate; return 1 if one misses.

    Parameters
    ----------
    firms : how many firms a number is tried in.
    to : where it is written; by default beside the package.
    """
    to = to or certify.CERTIFICATE
    judged = certify.certify(firms)
    shops = worth.shops_of(firms)
    worths = worth.certify_worth(shops)
    drivers = driver_shops.certify_drivers(shops)
    named = driver_answers.certify_naming(firms)
    clustered = certify.certify_clusters(certify.many_of(firms))
    graded = grades.certify_grades(max(firms // 10, 1))
    events = event_firms.certify_events(max(firms // 4, 1))
    sections = [worth.section(worths, shops), driver_shops.section(drivers)]
    sections += [driver_answers.naming_section(named), grades.section(graded, events)]
    tried = {per: forecasts.certify_forecasts(per=per) for per in forecasts.MONTHS_OF_PERIODS}
    looked = alarm_firms.certify_alarms(max(firms // 5, 1))
    sections += [forecasts.section(tried), alarm_firms.section(looked)]
    certify.write_certificate(judged, clustered, firms, to, sections=sections)
    missed = [*certify.outside_goal(judged)["number"], *grades.outside(graded)]
    print(f"{len(judged)} figures, {len(missed)} outside the goal: {to}")
    return int(len(missed) > 0)
