"""Made-up returns of the real counties of one province over three years: honest, and as untidy as honest returns are.

Written from how such offices work, not from how the checks look at them. Offices have posts and people who come, go,
grow older and are lent out; budgets are set once a year; villages get and lose liaison officers; courses are few, of
very unequal size and often reported in round numbers; pairings are added and paid by instalments; items of publicity
are counted by month. Sizes differ from county to county by a factor of ten. What is honest and looks odd is in it as
well: reforms that move a third of a staff, campaigns, guests at a course, counties that leave a stock as it was.
"""

import numpy as np
import pandas as pd

from huizong.org_units import COUNTY, register
from huizong.periods import Period

TOPICS = (
    "统战委员培训班", "联络员培训班", "党外人士座谈会", "非公经济人士培训班", "统战干部培训班", "民族政策宣讲",
    "宗教政策法规讲座", "新阶层人士沙龙", "统战知识竞赛", "外出考察学习", "同心讲堂", "侨务工作座谈会",
)  # fmt: skip
AUDIENCES = ("committee_member", "liaison", "non_party", "private_economy", "united_front_staff", "other", "other",
             "new_strata", "other", "united_front_staff", "other", "other")  # fmt: skip
CHANNELS = ("national_media", "provincial_media", "municipal_media", "website", "public_account", "bulletin")
SEASON = {1: 0.7, 2: 1.1, 3: 0.9, 4: 1.4}  # courses are held when the meetings are over


def quarters_until(last: Period, n: int) -> list[Period]:
    found = [last]
    while len(found) < n:
        found.append(found[-1].previous())
    return found[::-1]


def returns_of(province: str, periods: list[Period], seed: int) -> dict[str, pd.DataFrame]:
    """Form → one row per row of the returns of the province's counties: unit, period, unit_code, row_kind, row_key,
    label and the form's items."""
    rng = np.random.default_rng(seed)
    counties = pd.DataFrame([unit._asdict() for unit in register().under(province, COUNTY)])
    townships = pd.DataFrame([t._asdict() for code in counties["code"] for t in register().children(code)])
    townships["unit"] = townships["code"].str[:6]
    size = pd.Series(rng.lognormal(0, 0.5, len(counties)), counties["code"])  # how large a county's undertakings are
    staffed, covered = staffing(rng, counties, townships, periods), coverage(rng, townships, periods)
    members = covered[covered["committee_member"] != "none"].groupby(["unit", "period"]).size()
    liaisons = (
        covered.groupby(["unit", "period"])[["villages_with_liaison", "communities_with_liaison"]].sum().sum(axis=1)
    )
    staff = staffed.groupby(["unit", "period"])["staff_in_post"].sum()
    there = {"committee_member": members, "liaison": liaisons, "united_front_staff": staff}
    return {
        "staffing": staffed,
        "coverage": covered,
        "training": training(rng, size, periods, there),
        "pairing": pairing(rng, size, townships.groupby("unit")["villages"].sum(), periods),
        "publicity": publicity(rng, size, periods),
    }


def staffing(rng: np.random.Generator, counties: pd.DataFrame, townships: pd.DataFrame, periods) -> pd.DataFrame:
    """Offices of posts; a post is held by a person or vacant."""
    offices = pd.concat([
        pd.DataFrame({"unit": counties["code"], "unit_code": counties["code"], "row_kind": "self",
                      "label": counties["name"] + "委统战部", "posts": 5 + rng.poisson(6, len(counties))}),
        pd.DataFrame({"unit": townships["unit"], "unit_code": townships["code"], "row_kind": "township",
                      "label": townships["name"], "posts": 1 + rng.poisson(1.3, len(townships))}),
    ], ignore_index=True)  # fmt: skip
    office = offices.index.repeat(offices["posts"] * 2).to_numpy()  # half of the places lie idle, for reforms
    rank = pd.Series(office).groupby(office).cumcount().to_numpy()
    n = len(office)
    posts = offices["posts"].to_numpy().copy()
    held = (rank < posts[office]) & (rng.random(n) < 0.88)
    full_time = rng.random(n) < np.where(offices["row_kind"].to_numpy()[office] == "self", 0.8, 0.3)
    age, degree = rng.choice(4, n, p=[0.25, 0.3, 0.3, 0.15]), rng.choice(3, n, p=[0.35, 0.55, 0.1])
    woman, lent = rng.random(n) < 0.35, rng.random(n) < 0.06
    funds = np.round(rng.lognormal(0.2, 0.6, len(offices)) * posts, 1)
    county = pd.factorize(offices["unit"])[0]
    frames = []
    for number, period in enumerate(periods):
        reformed = (rng.random(len(counties)) < 0.006)[county]
        posts = np.where(reformed, np.maximum(1, np.round(posts * rng.choice([0.7, 1.35], len(posts)))), posts).astype(
            int
        )
        left = rng.random(n) < 0.03
        came = ~held & (rng.random(n) < 0.22)
        held = (held & ~left | came) & (rank < posts[office])
        new = rng.choice(4, n, p=[0.45, 0.35, 0.17, 0.03])
        age = np.where(came, new, np.minimum(3, age + (rng.random(n) < 0.025)))
        full_time ^= rng.random(n) < 0.01
        lent = np.where(lent, rng.random(n) > 0.12, rng.random(n) < 0.008)
        if period.number == 1:
            funds = np.round(funds * rng.lognormal(0.04, 0.12, len(funds)), 1)
        funds = np.where(rng.random(len(funds)) < 0.05, np.round(funds * rng.lognormal(0, 0.2, len(funds)), 1), funds)

        def count(who: np.ndarray, held: np.ndarray = held) -> np.ndarray:
            return np.bincount(office[held & who], minlength=len(offices)).astype(float)

        everyone = np.ones(n, bool)
        table = offices.drop(columns="posts").assign(
            period=period.code, row_key=offices["unit_code"], authorised_posts=posts.astype(float),
            staff_in_post=count(everyone), full_time=count(full_time), part_time=count(~full_time),
            seconded_out=count(lent), women=count(woman), operating_funds=funds,
            **{name: count(age == k) for k, name in enumerate(
                ("age_35_or_less", "age_36_45", "age_46_55", "age_56_or_more"))},
            **{name: count(degree == k) for k, name in enumerate(
                ("degree_college_or_less", "degree_bachelor", "degree_postgraduate"))},
        )  # fmt: skip
        frames.append(left_as_it_was(rng, table, frames[-1] if number else None, 0.08))
    return pd.concat(frames, ignore_index=True)


def left_as_it_was(rng, now: pd.DataFrame, before: pd.DataFrame | None, share: float) -> pd.DataFrame:
    """Some counties send a stock as it was the time before, which is often near enough to the truth."""
    if before is None:
        return now
    idle = [unit for unit in now["unit"].unique() if rng.random() < share]
    same = before[before["unit"].isin(idle)].assign(period=now["period"].iloc[0])
    return pd.concat([now[~now["unit"].isin(idle)], same], ignore_index=True)


def coverage(rng: np.random.Generator, townships: pd.DataFrame, periods) -> pd.DataFrame:
    n = len(townships)
    kinds = np.array(["full_time", "part_time", "none"])
    member = rng.choice(3, n, p=[0.15, 0.8, 0.05])
    villages, communities = townships["villages"].to_numpy(), townships["communities"].to_numpy()
    level = pd.Series(rng.beta(12, 1, townships["unit"].nunique()), townships["unit"].unique())
    likely = level[townships["unit"]].to_numpy()
    with_village, with_community = rng.binomial(villages, likely), rng.binomial(communities, likely)
    frames = []
    for number, period in enumerate(periods):
        member = np.where(rng.random(n) < 0.02, rng.choice(3, n, p=[0.2, 0.78, 0.02]), member)
        with_village += rng.binomial(villages - with_village, 0.12) - rng.binomial(with_village, 0.006)
        with_community += rng.binomial(communities - with_community, 0.12) - rng.binomial(with_community, 0.006)
        table = pd.DataFrame({
            "unit": townships["unit"], "unit_code": townships["code"], "row_kind": "township",
            "label": townships["name"], "row_key": townships["code"], "period": period.code,
            "committee_member": kinds[member], "concurrent_post": np.where(member == 1, "organisation_officer", None),
            "in_leadership": np.where(member < 2, rng.random(n) < 0.5, None), "officer": rng.random(n) < 0.9,
            "newly_appointed": np.where(member < 2, rng.random(n) < 0.1, None),
            "villages": villages.astype(float), "villages_with_liaison": with_village.astype(float),
            "communities": communities.astype(float), "communities_with_liaison": with_community.astype(float),
        })  # fmt: skip
        frames.append(left_as_it_was(rng, table, frames[-1] if number else None, 0.08))
    return pd.concat(frames, ignore_index=True)


def training(rng: np.random.Generator, size: pd.Series, periods, there: dict[str, pd.Series]) -> pd.DataFrame:
    """A few courses a quarter, none in some. Of those there are (members, liaison officers, staff) most attend, and now
    and then guests do."""
    habit = pd.Series(rng.gamma(3, 0.75, len(size)), size.index)  # courses a quarter
    usual = pd.Series(rng.lognormal(np.log(45), 0.3, len(size)), size.index)  # people a session
    rows = []
    for period in periods:
        for unit in size.index:
            busy = 3 if rng.random() < 0.02 else 1
            for topic in rng.permutation(len(TOPICS))[
                : min(rng.poisson(habit[unit] * SEASON[period.number] * busy), 12)
            ]:
                sessions = 1 + rng.negative_binomial(1, 0.6)
                people = max(3, rng.lognormal(np.log(usual[unit]), 0.55))
                if AUDIENCES[topic] in there:
                    most = there[AUDIENCES[topic]].get((unit, period.code), 0)
                    people = min(people, most * (1.5 if rng.random() < 0.05 else 0.9))
                if people < 1:
                    continue
                people = 10 * int(people / 10) if people >= 10 and rng.random() < 0.4 else int(people)
                days = rng.choice([0.5, 1, 1, 2, 3, 5])
                cost = people * sessions * days * rng.uniform(0.008, 0.025)
                rows.append((unit, period.code, TOPICS[topic], AUDIENCES[topic], sessions, people * sessions, days,
                             None if rng.random() < 0.15 else round(max(cost, 0.1), 1)))  # fmt: skip
    names = ["unit", "period", "label", "audience", "sessions", "participants", "days", "funds"]
    table = pd.DataFrame(rows, columns=names)
    return table.assign(row_key=table["label"], course=table["label"], row_kind="other", unit_code=None)


def pairing(rng: np.random.Generator, size: pd.Series, villages: pd.Series, periods) -> pd.DataFrame:
    """A register that grows, up to half of the villages, is paid by instalments, and whose works bring jobs."""
    pairs, frames = [], []
    free = (villages // 2).to_dict()
    for number, period in enumerate(periods):
        for unit in size.index:
            added = min(rng.poisson((8 if number == 0 else 0.7) * size[unit]), free[unit])
            free[unit] -= added
            for _ in range(added):
                pledged = round(float(rng.lognormal(3.4, 1.1)), 1)
                pairs.append([unit, f"企业{len(pairs)}", f"村{len(pairs)}", rng.integers(1, 4), pledged, 0.0,
                              float(rng.random() < 0.3), rng.poisson(4), rng.poisson(12)])  # fmt: skip
        for pair in pairs:
            if rng.random() < 0.35 and pair[5] < pair[4]:
                pair[5] = round(min(pair[4], pair[5] + pair[4] * rng.uniform(0.1, 0.5)), 1)
                pair[7] += rng.poisson(1)
                pair[8] += rng.poisson(2)
        names = ["unit", "enterprise", "village", "projects", "pledged_funds", "paid_funds", "cooperatives", "jobs",
                 "households"]  # fmt: skip
        table = pd.DataFrame(pairs, columns=names)
        table = table.assign(period=period.code, label=table["enterprise"], row_kind="village", unit_code=None,
                             row_key=table["enterprise"] + "|" + table["village"])  # fmt: skip
        frames.append(left_as_it_was(rng, table, frames[-1] if number else None, 0.08))
    return pd.concat(frames, ignore_index=True)


def publicity(rng: np.random.Generator, size: pd.Series, periods) -> pd.DataFrame:
    """Each month, a line for every channel."""
    usual = dict(zip(CHANNELS, (0.3, 1.2, 3.0, 8.0, 6.0, 2.5), strict=True))
    taken = dict(zip(CHANNELS, (0.3, 0.35, 0.4, 0.7, 0.8, 0.4), strict=True))
    rows = []
    for month in (part for period in periods for part in period.parts("month")):
        for unit in size.index:
            eager = size[unit] * rng.lognormal(0, 0.3)
            for channel in CHANNELS:
                sent = rng.poisson(usual[channel] * eager * rng.gamma(4, 0.25))
                rows.append((unit, month.code, channel, sent, rng.binomial(sent, taken[channel])))
    table = pd.DataFrame(rows, columns=["unit", "period", "label", "submitted", "adopted"])
    return table.assign(row_key=table["label"], channel=table["label"], row_kind="other", unit_code=None)
