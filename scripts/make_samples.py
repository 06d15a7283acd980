"""Makes data/samples: returns as clerks send them, around figures that were published. `python -m scripts.make_samples`

The published totals are real and so are the units; every row beneath a total is made up, and each sheet says so. The
same run gives the same bytes. Which unit owes what, and the targets, are written beside the workbooks.
"""

import csv
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from random import Random

from huizong.forms import Item, all_forms
from huizong.org_units import OrgUnit, register
from huizong.periods import Period
from huizong.samples import SAMPLES
from huizong.templates import Look, ReturnSheet, money_unit, own_office, printed, returns_workbook, sums

MADE_UP = "注：本表各行为示例数据（虚构），并非实际填报。"
ADDS_UP = "注：本表各行为示例数据（虚构），汇总后与公开数据一致。公开数据：{published}"
SHEETS = {
    "staffing": "人员配备",
    "coverage": "统战委员",
    "training": "教育培训",
    "pairing": "结对帮扶",
    "publicity": "宣传信息",
    "safeguards": "工作保障",
}
Row = dict[str, object]


@dataclass(frozen=True)
class Sample:
    """One return: rows of values, and what was published of it."""

    form: str
    unit: str
    period: str
    rows: Sequence[Row]
    published: str = ""


@dataclass(frozen=True)
class Hand:
    """How one office fills in its sheets."""

    title: str
    lines: Sequence[str]
    unit: str = "{name}"
    period: str = "{year}年第{quarter}季度"  # of a quarter
    look: Look = field(default_factory=Look)
    numbers_as_text: float = 0.0  # of so many cells
    full_width: float = 0.0
    dates: str = ""  # a strftime pattern; empty: real dates


HANDS = [
    Hand("{period}{title}", ["填报单位：{unit}", "填报时间：{filled}"], unit="{name}委统战部"),
    Hand(
        "{title}（{period}）",
        ["填报单位：{unit}", "报告期：{period}", "{measure}"],
        unit="{path}",
        look=Look(title_font="黑体", body_font="仿宋_GB2312", size=12, gap=1),
        dates="%Y.%m.%d",
    ),
    Hand(
        "{name}{period}{title}",
        ["填报单位（盖章）：{unit}　　　　填报时间：{filled}"],
        unit="中共{name}委统战部",
        period="{year}年{quarter}季度",
        look=Look(title_font="方正小标宋简体", body_font="宋体", size=10, width=1.1),
        numbers_as_text=0.03,
    ),
    Hand(
        "{title}",
        ["填报单位：{unit}", "填报时间：{period}"],
        look=Look(body_font="楷体", left=2, width=0.9, heads={"authorised_posts": "编制数", "officer": "统战干事"}),
        full_width=0.02,
    ),
    Hand(
        "{period} {title}",
        ["填报单位：{unit}", "填报日期：{filled}", "{measure}"],
        unit="{short}",
        period="{year}年第{number}季度",
        look=Look(title_font="华文中宋", body_font="宋体", total="合  计", heads={"staff_in_post": "实有人数"}),
        numbers_as_text=0.02,
        dates="%Y年%m月%d日",
    ),
]


def draw(*what: object) -> Random:
    """Chance that depends on its subject alone, so that what is added here changes nothing there."""
    return Random(" ".join(map(str, what)))


def spread(total: int, parts: int, chance: Random, *, least: int = 0) -> list[int]:
    """A total cut into so many whole parts of different size."""
    weights = [chance.uniform(0.4, 1.6) for _ in range(parts)]
    free = total - least * parts
    edges = [round(free * sum(weights[:n]) / sum(weights)) for n in range(parts + 1)]
    return [least + right - left for left, right in pairwise(edges)]


# ---- 赤峰市, 2017 and 2018 --------------------------------------------------------------------------------------

QUARTERS = [f"{year}-Q{quarter}" for year in (2017, 2018) for quarter in (1, 2, 3, 4)]
PUBLISHED_QUARTERS = ("2018-Q3", "2018-Q4")
SONGSHAN, LINXI, KESHIKETENG, HARQIN = "150404", "150424", "150425", "150428"
# The published 182 townships are 176 of the register and six of what it holds as zones and farms.
ZONES = ("150402401", "150404408", "150426400", "150428400", "150428401", "150430401")
# Townships with a full-time member at the end: 18 in all, and in which quarter the last of each county came.
FULL_TIME = {
    "150402": 3, "150403": 2, "150404": 3, "150421": 2, "150422": 1, "150423": 1, "150424": 1, "150426": 2,
    "150429": 2, "150430": 1,
}  # fmt: skip
FULL_TIME_GROWTH = [10, 10, 11, 12, 13, 15, 18, 18]  # in the prefecture, quarter by quarter
WITHOUT_MEMBER = [0.13, 0.11, 0.09, 0.06, 0.04, 0.02, 0, 0]
COLOCATED_SINCE = {"150403": 2, "150423": 3, "150429": 5}  # quarter; others always, 林西县 never
PUBLISHED_COVERAGE = (
    "赤峰市182个乡镇苏木街道，18个配备专职统战委员，其余164个由组织干事、站所长等兼任（松山区为党委副书记）。"
)
PUBLISHED_STAFF = (
    "赤峰市12个旗县区中11个统战部与工商联合署办公（林西县除外）；克什克腾旗、喀喇沁旗各5人，其中各抽调2人驻村。"
)


def chifeng() -> Iterator[Sample]:
    counties = register().children("1504")
    for county in counties:
        for n, quarter in enumerate(QUARTERS):
            known = quarter in PUBLISHED_QUARTERS
            yield Sample("coverage", county.code, quarter, coverage_rows(county, n), PUBLISHED_COVERAGE * known)
            yield Sample("staffing", county.code, quarter, staffing_rows(county, n), PUBLISHED_STAFF * known)
            yield Sample("training", county.code, quarter, course_rows(county, Period.of(quarter)))
            yield Sample("pairing", county.code, quarter, pairing_rows(county, n))
        for month in range(7, 13):
            yield Sample("publicity", county.code, f"2018-{month:02}", channel_rows(county, month))
        for year in (2017, 2018):
            yield Sample("safeguards", county.code, str(year), [safeguard_row(county, year)])


def townships(county: OrgUnit) -> list[OrgUnit]:
    units = register().children(county.code, kinds=("unit", "zone"))
    return [unit for unit in units if unit.kind == "unit" or unit.code in ZONES]


@cache
def with_full_time_member(n: int) -> set[str]:
    """Codes of the townships that have a full-time committee member in quarter n."""
    chosen = []
    for county, count in FULL_TIME.items():
        usual = [unit.code for unit in register().children(county, kinds=("unit",))]
        chosen += sorted(usual, key=lambda code: draw("full-time", code).random())[:count]
    chosen.sort(key=lambda code: draw("order of full-time", code).random())
    return set(chosen[: FULL_TIME_GROWTH[n]])


def member(unit: OrgUnit, n: int) -> str:
    if unit.code in with_full_time_member(n):
        return "full_time"
    return "none" if draw("member", unit.code).random() < WITHOUT_MEMBER[n] else "part_time"


def with_liaison(unit: OrgUnit, what: str, total: int, n: int) -> int:
    share = 0.35 + 0.6 * draw(what, unit.code).random() + 0.2 * draw(what, unit.county).random() + 0.03 * n
    return total if share >= 0.97 else int(total * share)


def coverage_rows(county: OrgUnit, n: int) -> list[Row]:
    rows = []
    for unit in townships(county):
        now = member(unit, n)
        post = None
        if now == "part_time":
            usual = "organisation_officer" if draw("post", unit.code).random() < 0.6 else "station_head"
            post = "deputy_secretary" if county.code == SONGSHAN else usual
        moved = draw("moved", unit.code, n).random() < 0.05 or (n > 0 and member(unit, n - 1) != now)
        villages, communities = unit.villages or 0, unit.communities or 0
        rows.append(
            {
                "township_name": unit.name,
                "committee_member": now,
                "concurrent_post": post,
                "in_leadership": now == "full_time" or post == "deputy_secretary",
                "newly_appointed": now != "none" and moved,
                "officer": draw("officer", unit.code).random() < 0.55 + 0.04 * n,
                "villages": villages,
                "villages_with_liaison": with_liaison(unit, "villages", villages, n),
                "communities": communities,
                "communities_with_liaison": with_liaison(unit, "communities", communities, n),
            }
        )
    return rows


@dataclass(frozen=True)
class Post:
    """Somebody in post, as the form counts people; nobody in particular."""

    age: int
    degree: str
    woman: bool
    full_time: bool


def posts(office: str, count: int, n: int = 0, *, full_time: float = 1.0) -> list[Post]:
    people = []
    for number in range(count):
        chance = draw("post", office, number)
        degree = chance.choices(["college_or_less", "bachelor", "postgraduate"], [3, 6, 1])[0]
        people.append(
            Post(
                chance.randint(26, 57) + n // 4, f"degree_{degree}", chance.random() < 0.4, chance.random() < full_time
            )
        )
    return people


def office_row(name: str, authorised: int, people: Sequence[Post], *, seconded: int = 0, **more: object) -> Row:
    ages = {"age_35_or_less": (0, 35), "age_36_45": (36, 45), "age_46_55": (46, 55), "age_56_or_more": (56, 99)}
    degrees = ("degree_college_or_less", "degree_bachelor", "degree_postgraduate")
    return {
        "office": name,
        "authorised_posts": authorised,
        "staff_in_post": len(people),
        "full_time": sum(post.full_time for post in people),
        "part_time": sum(not post.full_time for post in people),
        "seconded_out": seconded,
        "women": sum(post.woman for post in people),
        **{item: sum(low <= post.age <= high for post in people) for item, (low, high) in ages.items()},
        **{item: sum(post.degree == item for post in people) for item in degrees},
        **more,
    }


def staffing_rows(county: OrgUnit, n: int) -> list[Row]:
    small = county.code in (KESHIKETENG, HARQIN)
    chance = draw("office", county.code)
    authorised = 6 if small else chance.randint(7, 11)
    vacant = chance.choice([0, 1, 2, 2, 3])
    filled = 5 if small else authorised - vacant + (n >= chance.randint(3, 12) and vacant > 0)
    seconded = (2 if n >= 4 else 1) if small else chance.choice([0, 0, 1, 1])
    rows = [
        office_row(
            own_office(county),
            authorised,
            posts(county.code, filled, n, full_time=0.9),
            seconded=seconded,
            head_on_committee=chance.random() < 0.85,
            colocated=county.code != LINXI and n >= COLOCATED_SINCE.get(county.code, 0),
            operating_funds=round(chance.uniform(8, 30) * (1 + 0.06 * (n // 4)), 1),
        )
    ]
    for unit in townships(county):
        # Members who are part-time stay on the books of their first post; a few townships have a post of their own.
        own_post = not small and draw("own post", unit.code).random() < 0.3
        full = unit.code in with_full_time_member(n)
        people = posts(unit.code, int(full or (own_post and n >= draw("since", unit.code).randint(-4, 8))), n)
        if people and not full:
            people = [Post(people[0].age, people[0].degree, people[0].woman, full_time=False)]
        rows.append(office_row(unit.name, int(own_post or full), people))
    return rows


COURSES = [  # name, category, audience, hosted by, sessions, participants a session, days, funds a session
    ("{all}统战干部专题培训班", "training_class", "united_front_staff", "county", (1, 1), (30, 60), (2, 4), (1.0, 3.5)),
    ("统战委员业务培训班", "training_class", "committee_member", "county", (1, 1), (8, 14), (1, 3), (0.5, 1.5)),
    ("基层统战联络员轮训班", "training_class", "liaison", "township", (1, 3), (40, 90), (1, 1), (0.3, 0.8)),
    ("党外代表人士座谈会", "forum", "non_party", "county", (1, 2), (18, 40), (1, 1), (0.1, 0.4)),
    ("非公有制经济人士专题报告会", "lecture", "private_economy", "county", (1, 2), (50, 120), (1, 1), (0.2, 0.9)),
    ("新的社会阶层人士联谊座谈会", "forum", "new_strata", "county", (1, 1), (15, 45), (1, 1), (0.1, 0.4)),
    ("统战干部赴外学习考察", "study_away", "united_front_staff", "prefecture", (1, 1), (5, 15), (3, 7), (2.0, 6.0)),
    ("统战知识竞赛", "contest", "other", "county", (1, 1), (60, 160), (1, 1), (0.5, 1.5)),
]


def course_rows(county: OrgUnit, quarter: Period) -> list[Row]:
    chance = draw("courses", county.code, quarter)
    chosen = sorted(chance.sample(range(len(COURSES)), chance.randint(2, 4)))
    return [course_row(COURSES[number], county, quarter, chance) for number in chosen]


def course_row(course: tuple, unit: OrgUnit, quarter: Period, chance: Random) -> Row:
    name, category, audience, host, sessions, heads, days, funds = course
    held = chance.randint(*sessions)
    return {
        "course": name.format(all=f"全{unit.name[-1]}"),
        "category": category,
        "audience": audience,
        "host_level": host,
        "sessions": held,
        "participants": sum(chance.randint(*heads) for _ in range(held)),
        "days": chance.randint(*days),
        "funds": round(held * chance.uniform(*funds), 1),
        "held_on": quarter.start + timedelta(days=chance.randint(8, 80)),
    }


TRADES = ("农牧业", "粮油", "商贸", "建材", "乳业", "旅游", "药材", "果蔬", "能源", "运输")
MODES = ("industry", "industry", "employment", "donation", "skills", "consumption", "infrastructure", "other")


def pairing_rows(county: OrgUnit, n: int) -> list[Row]:
    """The pairings on the register of a county at the end of quarter n: each goes on from the quarter before."""
    chance = draw("pairings", county.code)
    joined = sorted(max(0, chance.randint(-8, 7)) for _ in range(chance.randint(12, 22)))
    enterprises = [f"{short(county)}示例{trade}公司" for trade in TRADES]
    rows = []
    for number, since in enumerate(joined):
        one = draw("pairing", county.code, number)
        place = one.choice(townships(county)).name
        pledged = one.randint(5, 120)
        pace, jobs, households = one.uniform(2, 9), one.randint(2, 40), one.randint(5, 60)
        enterprise, mode, projects = one.choice(enterprises), one.choice(MODES), one.choice([0, 1, 1, 1, 2, 3])
        given_up = one.random() < 0.05
        cooperatives, start = int(one.random() < 0.2), Period.of(QUARTERS[since]).start
        paired_on = start + timedelta(days=one.randint(3, 85)) - timedelta(days=0 if since else one.randint(0, 300))
        if since > n:
            continue
        done = min(1.0, (n - since + 1) / pace)
        state = "terminated" if given_up and done > 0.5 else "completed" if done == 1 else "under_way"
        rows.append(
            {
                "enterprise": enterprise,
                "village": f"{place}示例{number + 1}村",
                "paired_on": paired_on,
                "mode": mode,
                "projects": projects,
                "pledged_funds": pledged,
                "paid_funds": round(pledged * done, 1),
                "cooperatives": cooperatives,
                "jobs": round(jobs * done),
                "households": round(households * done),
                "status": "signed" if done < 0.2 else state,
            }
        )
    return rows


def channel_rows(county: OrgUnit, month: int) -> list[Row]:
    most = {
        "national_media": 1,
        "provincial_media": 4,
        "municipal_media": 9,
        "website": 12,
        "public_account": 8,
        "bulletin": 7,
    }
    rows = []
    for channel, top in most.items():
        chance = draw("publicity", county.code, month, channel)
        submitted = chance.randint(top // 3, top)
        rows.append(
            {"channel": channel, "submitted": submitted, "adopted": round(submitted * chance.uniform(0.2, 0.9))}
        )
    return rows


def safeguard_row(county: OrgUnit, year: int) -> Row:
    chance = draw("safeguards", county.code)
    lag = year - 2017
    appraised = chance.random() < 0.7 + 0.2 * lag
    return {
        "office": own_office(county),
        "committee_sessions": chance.randint(1, 4) + lag,
        "in_appraisal": appraised,
        "appraisal_weight": chance.choice([2, 3, 3, 4, 5]) if appraised else None,
        "in_party_school": chance.random() < 0.8 + 0.1 * lag,
        "in_publicity_plan": chance.random() < 0.75 + 0.15 * lag,
        "in_education": chance.random() < 0.5 + 0.2 * lag,
        "funds": chance.randint(3, 18) + 2 * lag,
    }


# ---- the other places ----------------------------------------------------------------------------------------


def zhaoyuan() -> Iterator[Sample]:
    """招远市, 2016: 14 townships, 724 villages and 22 communities, all with a liaison; 30 of 100 villages paired."""
    city = register().get("370685")
    units = register().children(city.code, kinds=("unit",))
    villages = fitted([unit.villages or 0 for unit in units], 724)
    communities = fitted([unit.communities or 0 for unit in units], 22)
    coverage: list[Row] = [
        {
            "township_name": unit.name,
            "committee_member": "part_time" if n % 3 else "full_time",
            "concurrent_post": "organisation_member" if n % 3 else None,
            "in_leadership": True,
            "newly_appointed": n % 5 == 0,
            "officer": True,
            "villages": villages[n],
            "villages_with_liaison": villages[n],
            "communities": communities[n],
            "communities_with_liaison": communities[n],
        }
        for n, unit in enumerate(units)
    ]
    published = "招远市14个镇街道全部配备统战委员和统战干事，724个村、22个社区全部配备联络员。"
    yield Sample("coverage", city.code, "2016-Q4", coverage, published)
    office = office_row(
        own_office(city), 9, posts(city.code, 9), head_on_committee=True, colocated=False, operating_funds=15
    )
    yield Sample("staffing", city.code, "2016-Q4", [office], "招远市委统战部在岗9人。")
    chance = draw("pairings", city.code)
    paid = [chance.randint(2, 30) for _ in range(30)]
    pairing: list[Row] = [
        {
            "enterprise": f"招远示例{TRADES[n % len(TRADES)]}{n // len(TRADES) + 1}公司",
            "village": f"{units[n % len(units)].name}示例{n + 1}村",
            "paired_on": date(2016, 3 + n // 4, 3 + n % 25),
            "mode": chance.choice(MODES),
            "projects": chance.choice([0, 1, 1, 2]),
            "pledged_funds": amount + chance.randint(0, 10),
            "paid_funds": amount,
            "cooperatives": int(n % 9 == 0),
            "jobs": chance.randint(2, 25),
            "households": chance.randint(5, 40),
            "status": "under_way",
        }
        for n, amount in enumerate(paid)
    ]
    yield Sample("pairing", city.code, "2016-Q4", pairing, "招远市计划结对100个村，已结对近30个（按30个计）。")
    for quarter in ("2016-Q1", "2016-Q2", "2016-Q3", "2016-Q4"):
        yield Sample("training", city.code, quarter, course_rows(city, Period.of(quarter)))
    adopted = {
        "provincial_media": spread(8, 12, draw("provincial")),
        "municipal_media": spread(14, 12, draw("municipal")),
        "website": spread(10, 12, draw("website")),
    }
    for month in range(1, 13):
        channels: list[Row] = [
            {"channel": channel, "submitted": items[month - 1] + month % 2, "adopted": items[month - 1]}
            for channel, items in adopted.items()
        ]
        yield Sample("publicity", city.code, f"2016-{month:02}", channels, "招远市全年刊发稿件30余篇（按32篇计）。")
    safeguards: Row = {
        "office": own_office(city),
        "committee_sessions": 3,
        "in_appraisal": True,
        "appraisal_weight": 10,
        "in_party_school": True,
        "in_publicity_plan": True,
        "in_education": True,
        "funds": 20,
    }
    published = "招远市委3次听取汇报，统战工作考核权重10分，专项经费20万元。"
    yield Sample("safeguards", city.code, "2016", [safeguards], published)


def fitted(counts: list[int], total: int) -> list[int]:
    """Counts made to add up to a total by the largest one, so that as few as possible differ from the register."""
    largest = counts.index(max(counts))
    return [count + (total - sum(counts)) * (n == largest) for n, count in enumerate(counts)]


def guangxi() -> Iterator[Sample]:
    """广西, 2015: the autonomous region reports itself."""
    region = register().get("45")
    published = "广西全年举办培训130期（次），参训1.6万人次。"
    sessions = spread(130, 32, draw("guangxi sessions"), least=1)
    participants = spread(16_000, 32, draw("guangxi participants"), least=60)
    for n, quarter in enumerate(Period.of("2015").parts("quarter")):
        rows = []
        for number in range(8):
            chance = draw("guangxi course", n, number)
            row = course_row(COURSES[number], region, quarter, chance) | {"host_level": "province"}
            row["sessions"], row["participants"] = sessions[8 * n + number], participants[8 * n + number]
            rows.append(row)
        yield Sample("training", region.code, quarter.code, rows, published)
    count = 3_300
    chance = draw("guangxi pairings")
    projects, cooperatives = [1] * 1_300 + [0] * 2_000, [1] * 30 + [0] * 3_270
    chance.shuffle(projects)
    chance.shuffle(cooperatives)
    funds = spread(384_000, count, chance, least=10)
    jobs = spread(60_000, count, chance, least=2)
    rows = [
        {
            "enterprise": f"广西示例企业{n + 1:04}",
            "village": f"广西示例{n + 1:04}村",
            "paired_on": date(2015, 1, 5) + timedelta(days=n % 350),
            "mode": chance.choice(MODES),
            "projects": projects[n],
            "pledged_funds": funds[n],
            "paid_funds": funds[n],
            "cooperatives": cooperatives[n],
            "jobs": jobs[n],
            "households": jobs[n] + chance.randint(0, 9),
            "status": "completed" if n % 3 else "under_way",
        }
        for n in range(count)
    ]
    published = "广西3300家民营企业结对帮扶3300个村，带动就业6万人，实施项目1300个，合作社30个，资金38.4亿元。"
    yield Sample("pairing", region.code, "2015-Q4", rows, published)
    site, account = spread(800, 12, draw("guangxi site")), spread(60, 12, draw("guangxi account"))
    for month in range(1, 13):
        items = {"website": site[month - 1], "public_account": account[month - 1]}
        channels: list[Row] = [{"channel": c, "submitted": count, "adopted": count} for c, count in items.items()]
        yield Sample("publicity", region.code, f"2015-{month:02}", channels, "广西全年网站刊发800条，公众号60条。")


def yongning() -> Iterator[Sample]:
    """南宁市邕宁区, first half of 2007: 15 items submitted, 4 adopted."""
    months = {  # month → channel → submitted, adopted
        1: {"municipal_media": (2, 1), "provincial_media": (0, 0)},
        2: {"municipal_media": (1, 0), "provincial_media": (1, 0)},
        3: {"municipal_media": (2, 1), "provincial_media": (1, 0)},
        4: {"municipal_media": (2, 0), "provincial_media": (1, 1)},
        5: {"municipal_media": (2, 1), "provincial_media": (0, 0)},
        6: {"municipal_media": (2, 0), "provincial_media": (1, 0)},
    }
    published = "邕宁区2007年上半年上报信息15条，采用4条（市级3条、自治区级1条）。"
    for month, channels in months.items():
        rows = [{"channel": c, "submitted": sent, "adopted": used} for c, (sent, used) in channels.items()]
        yield Sample("publicity", "450109", f"2007-{month:02}", rows, published)


def gaoyou() -> Iterator[Sample]:
    """A bureau of 高邮市, 2007: 7 of 18 staff are 38.9 %; a department reports, not a county."""
    bureau = register().get("321084-01")
    row = {
        "office": bureau.name,
        "authorised_posts": 20,
        "staff_in_post": 18,
        "full_time": 17,
        "part_time": 1,
        "seconded_out": 0,
        "women": 5,
        "age_35_or_less": 3,
        "age_36_45": 7,
        "age_46_55": 6,
        "age_56_or_more": 2,
        "degree_college_or_less": 6,
        "degree_bachelor": 11,
        "degree_postgraduate": 1,
        "operating_funds": 2,
    }
    published = "该局在岗18人（由“7人，占38.9%”推得），设统战联络员1名（表中列为兼职）。"
    yield Sample("staffing", bureau.code, "2007-Q4", [row], published)


def luohe() -> Iterator[Sample]:
    """漯河市, 2003 to 2005: 郾城县 is divided in September 2004; those who follow report from the fourth quarter on."""
    quarters = ["2003-Q4", "2004-Q1", "2004-Q2", "2004-Q3", "2004-Q4", "2005-Q1", "2005-Q2"]
    reporting = {
        "411121": quarters,  # 舞阳县
        "411122": quarters,  # 临颍县
        "411102": quarters,  # 源汇区
        "411123": quarters[:4],  # 郾城县
        "411103": quarters[4:],  # 郾城区
        "411104": quarters[4:],  # 召陵区
    }
    published = "2004年漯河市辖舞阳、郾城、临颍、源汇四个县区；当年9月郾城县撤销，设郾城区、召陵区。"
    for code, owed in reporting.items():
        for quarter in owed:
            yield Sample("training", code, quarter, course_rows(register().get(code), Period.of(quarter)), published)


# ---- from returns to files -----------------------------------------------------------------------------------

PLACES = {
    "chifeng": chifeng,
    "zhaoyuan": zhaoyuan,
    "guangxi": guangxi,
    "yongning": yongning,
    "gaoyou": gaoyou,
    "luohe": luohe,
}
NEVER_SENT = {("pairing", LINXI, "2018-Q4")}  # so that a response below 12/12 can be seen
TARGETS = [("target_fulfilment", "370685", "2016", 100)]


def short(unit: OrgUnit) -> str:
    """松山区 → 松山: how a clerk calls the place in a hurry."""
    return unit.name.removesuffix("旗") if len(unit.name) > 4 else unit.name[:-1] if len(unit.name) > 2 else unit.name


def file_of(place: str, sample: Sample) -> str:
    """Which workbook a return goes into: a county of 赤峰 sends one a quarter, others one a year, or one a form."""
    period = Period.of(sample.period)
    if place == "chifeng":
        quarter = f"{period.year}-Q{(period.end.month - 1) // 3 + 1}"
        return f"{quarter}-{sample.unit}.xlsx"
    if place == "luohe":
        return f"{period.year}-{sample.form}-{sample.unit}.xlsx"
    return f"{period.year if place != 'yongning' else '2007-H1'}-{sample.form}-{sample.unit}.xlsx"


def sheet_of(sample: Sample, hand: Hand, alone: bool) -> ReturnSheet:
    form, unit, period = all_forms()[sample.form], register().get(sample.unit), Period.of(sample.period)
    chance = draw("hand", sample.form, sample.unit, sample.period)
    words = {
        "title": form.title.zh,
        "name": unit.name,
        "short": short(unit),
        "path": register().label(unit.code),
        "period": period_words(period, hand),
        "filled": chinese_date(period.end + timedelta(days=chance.randint(2, 12))),
        "measure": f"计量单位：{money_unit(form)}" if money_unit(form) else "",
    }
    words["unit"] = unit.name if unit.kind == "department" or unit.level < 3 else hand.unit.format(**words)
    name = SHEETS[sample.form] if alone else f"{SHEETS[sample.form]}{period_tab(period)}"
    note = ADDS_UP.format(published=sample.published) if sample.published else MADE_UP
    lines = [line.format(**words) for line in hand.lines]
    return ReturnSheet(
        form=form,
        title=hand.title.format(**words),
        lines=[line for line in lines if line],
        rows=[
            {code: by_hand(form.by_code[code], value, hand, chance) for code, value in row.items()}
            for row in sample.rows
        ],
        totals=sums(form, sample.rows),
        notes=[note, "填表人：（略）　　审核人：（略）"],
        name=name,
        look=hand.look,
    )


def period_words(period: Period, hand: Hand) -> str:
    if period.frequency != "quarter":
        return period.label("zh_CN")
    return hand.period.format(year=period.year, quarter="一二三四"[period.number - 1], number=period.number)


def period_tab(period: Period) -> str:
    return {"quarter": f"{period.number}季度", "month": f"{period.number}月", "year": ""}[period.frequency]


def chinese_date(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def by_hand(item: Item, value: object, hand: Hand, chance: Random) -> object:
    """A value as this office types it: mostly as it should be."""
    if item.type == "date" and hand.dates and isinstance(value, date):
        return value.strftime(hand.dates)
    if item.type == "integer" and value is not None:
        if chance.random() < hand.numbers_as_text:
            return str(value)
        if chance.random() < hand.full_width:
            return str(value).translate(FULL_WIDTH)
    return printed(item, value)


FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def hand_of(unit: str) -> Hand:
    return HANDS[sum(map(ord, unit)) % len(HANDS)]


def assignments(samples: Iterable[Sample]) -> list[tuple[str, str, date, date]]:
    """form, unit, from, to: who owes what as long as the samples go."""
    owed: dict[tuple[str, str], list[Period]] = {}
    for sample in samples:
        owed.setdefault((sample.form, sample.unit), []).append(Period.of(sample.period))
    return sorted((*who, min(periods).start, max(periods).end) for who, periods in owed.items())


def workbooks(place: str) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each workbook of a place."""
    files: dict[str, list[Sample]] = {}
    for sample in PLACES[place]():
        if (sample.form, sample.unit, sample.period) not in NEVER_SENT:
            files.setdefault(file_of(place, sample), []).append(sample)
    for name, samples in files.items():
        forms = [sample.form for sample in samples]
        yield name, returns_workbook(sheet_of(s, hand_of(s.unit), forms.count(s.form) == 1) for s in samples)


def main() -> None:
    shutil.rmtree(SAMPLES, ignore_errors=True)
    for place in PLACES:
        (SAMPLES / place).mkdir(parents=True)
        for name, data in workbooks(place):
            (SAMPLES / place / name).write_bytes(data)
    everything = (sample for samples_of in PLACES.values() for sample in samples_of())
    write_table("assignments", ("form", "unit", "from", "to"), assignments(everything))
    write_table("targets", ("indicator", "unit", "period", "value"), TARGETS)


def write_table(name: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with (SAMPLES / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(heads)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
