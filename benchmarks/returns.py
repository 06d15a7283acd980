"""Made-up returns of real units, for the benchmarks: right in every cell, so that only time is measured."""

from huizong.forms import all_forms
from huizong.org_units import OrgUnit, register
from huizong.periods import Period
from huizong.templates import returns_workbook
from tests.workbooks import return_sheet


def staffing_rows(county: OrgUnit, n: int, most: int = 1000) -> list[dict[str, object]]:
    """The county's own office and its townships; n varies the numbers."""
    names = [f"{county.name}委统战部", *(township.name for township in register().children(county.code))]
    rows = []
    for r, name in enumerate(names[:most]):
        full, part = (n + r) % 4 + 1, r % 2
        staff = full + part
        rows.append(
            {"office": name, "authorised_posts": staff + r % 2, "staff_in_post": staff, "full_time": full,
             "part_time": part, "seconded_out": 0, "women": staff // 2, "age_35_or_less": staff, "age_36_45": 0,
             "age_46_55": 0, "age_56_or_more": 0, "degree_college_or_less": 0, "degree_bachelor": staff,
             "degree_postgraduate": 0, "operating_funds": round(1.1 * staff, 2)}
        )  # fmt: skip
    return rows


def coverage_rows(county: OrgUnit, n: int) -> list[dict[str, object]]:
    """The county's townships; the first n have a full-time member."""
    return [
        {"township_name": t.name, "committee_member": "full_time" if r < n else "part_time",
         "concurrent_post": None if r < n else "organisation_officer", "in_leadership": True, "newly_appointed": False,
         "officer": True, "villages": t.villages, "villages_with_liaison": t.villages,
         "communities": t.communities, "communities_with_liaison": 0}
        for r, t in enumerate(register().children(county.code))
    ]  # fmt: skip


def workbook(county: OrgUnit, period: Period, rows: dict[str, list[dict[str, object]]]) -> bytes:
    """One workbook with a sheet for each form in rows."""
    unit = register().label(county.code)
    return returns_workbook(
        [return_sheet(all_forms()[form], r, unit=unit, period=period.code, name=form) for form, r in rows.items()]
    )
