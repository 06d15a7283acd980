"""The forms: all that DOMAIN asks of them is there, and a file that is wrong says where and what would be right."""

from pathlib import Path

import pytest
import yaml

from huizong.forms import FORMS, MIN_RESPONSE, BadForm, Form, UnknownForm, all_forms, load_form, load_forms, plain

# form → its printed heads, in the order of the blank; a head with another above it is written 其中：专职.
PRINTED = {
    "staffing": (
        "单位名称 核定编制 在岗人数 其中：专职 其中：兼职 抽调(借调)外出 女性 年龄：35岁及以下 年龄：36—45岁 "
        "年龄：46—55岁 年龄：56岁及以上 学历：大专及以下 学历：本科 学历：研究生 "
        "部长是否党委常委 是否与工商联等合署办公 业务经费(万元)"
    ),
    "coverage": (
        "乡镇(街道) 统战委员配备 兼任职务 是否进入党委班子 是否新任 是否配备统战干事 行政村(嘎查)数 其中：已配备联络员 "
        "社区(居委会)数 其中：已配备联络员"
    ),
    "training": "培训(活动)名称 类别 培训对象 主办层级 期(次)数 参训人次 天数 经费(万元) 开班日期",
    "pairing": (
        "帮扶企业 结对村 结对时间 帮扶方式 项目数 协议资金(万元) 到位资金(万元) 合作社数 带动就业人数 受益户数 状态"
    ),
    "publicity": "渠道 上报条数 采用条数",
    "safeguards": (
        "单位名称 党委会议听取汇报次数 纳入考核 考核权重(分) 纳入党校教学 纳入宣传计划 纳入国民教育 专项经费(万元)"
    ),
}
CODE_LISTS = {
    "coverage.committee_member": "专职/兼职/未配备",
    "coverage.concurrent_post": "党委副书记/组织委员/宣传委员/组织干事/站所长/其他",
    "training.category": "专题培训班/座谈会/报告会讲座/外派学习/知识竞赛/其他",
    "training.audience": "统战干部/统战委员/联络员/党外代表人士/非公有制经济人士/新的社会阶层人士/其他",
    "training.host_level": "省/市/县/乡",
    "pairing.mode": "产业帮扶/就业帮扶/公益捐赠/技能培训/消费帮扶/基础设施/其他",
    "pairing.status": "已签约/实施中/已完成/已终止",
    "publicity.channel": "国家级媒体/省级媒体/市级媒体/网站/公众号/信息简报",
}
FREQUENCY = {
    "staffing": ("quarter", "stock"),
    "coverage": ("quarter", "stock"),
    "training": ("quarter", "flow"),
    "pairing": ("quarter", "stock"),
    "publicity": ("month", "flow"),
    "safeguards": ("year", "stock"),
}


@pytest.mark.parametrize("code", PRINTED)
def test_a_form_has_every_printed_head(code: str):
    assert [item.head("zh_CN") for item in all_forms()[code].items] == PRINTED[code].split()


@pytest.mark.parametrize("name", CODE_LISTS)
def test_a_code_list_is_as_printed(name: str):
    form, item = name.split(".")
    assert [code.label.zh for code in all_forms()[form].by_code[item].codes] == CODE_LISTS[name].split("/")


def test_frequency_and_measure():
    assert {form.code: (form.frequency, form.measure) for form in all_forms().values()} == FREQUENCY


def test_no_alias_means_two_items_of_a_form():
    for form in all_forms().values():
        owners: dict[str, str] = {}
        for item in form.items:
            for alias in item.aliases:
                assert owners.setdefault(plain(alias), item.code) == item.code, f"{form.code}: {alias}"
                labels = {plain(other.label.zh): other.code for other in form.items if other is not item}
                assert plain(alias) not in labels, f"{form.code}: {alias}"


def test_no_title_means_two_forms():
    titles = [plain(t) for form in all_forms().values() for t in (form.title.zh, form.title.en, *form.aliases)]
    assert len(titles) == len(set(titles))


def test_each_theme_has_a_headline():
    for form in all_forms().values():
        assert 1 <= sum(indicator.headline for indicator in form.indicators) <= 3, form.code


def test_terms_of_a_cross_form_indicator():
    terms = all_forms().terms("members_trained_share")
    assert [(side, form.code) for side, form, _ in terms] == [("numerator", "training"), ("denominator", "coverage")]


def test_an_unknown_form_lists_the_known():
    with pytest.raises(UnknownForm, match="known: staffing, coverage, training"):
        all_forms()["staffings"]


def test_a_broken_rule_marks_its_items():
    form = all_forms()["coverage"]
    rules = {rule.code: rule for rule in form.rules}
    assert form.rule_items(rules["village_liaisons_within_villages"]) == ["villages_with_liaison", "villages"]
    assert form.rule_items(rules["villages_as_in_register"]) == ["villages"]


# ---- files that are wrong --------------------------------------------------------------------------------------------


def declared(code: str = "publicity") -> dict:
    return yaml.safe_load((FORMS / f"{code}.yaml").read_text(encoding="utf-8"))


def written(folder: Path, form: dict, name: str = "publicity") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(form, allow_unicode=True), encoding="utf-8")
    return path


def refused(path: Path) -> str:
    with pytest.raises(BadForm) as refusal:
        load_form(path)
    assert all(line.startswith(f"{path.name}: ") for line in str(refusal.value).splitlines())
    return str(refusal.value)


def rule(expr: str) -> dict:
    words = {"zh": "示例", "en": "example"}
    return {"code": "tried", "severity": "error", "expr": expr, "message": words, "remedy": words}


@pytest.mark.parametrize(
    ("expr", "said"),
    [
        ("adoptd <= submitted", "no item 'adoptd'; known: channel, submitted, adopted"),
        ("sqrt(adopted) <= submitted", "function 'sqrt' is not allowed; allowed: abs, ceil"),
        ("read_text('/etc/passwd') = 'x'", "is not allowed"),
        ("adopted <= (SELECT 1)", "subquery cannot stand in a form's expression"),
        ("sum(adopted) OVER () > 0", "window cannot stand in a form's expression"),
        ("adopted <= submitted FROM publicity", "holds a clause"),
        ("adopted <= submitted; SELECT 1", "holds more than one statement"),
        ("adopted <= submitted; DROP TABLE x", "is not SQL"),
        ("adopted <= submitted -- always", "does not run"),
        ("adopted, submitted", "is not one expression"),
        ("adopted <= <= submitted", "is not SQL"),
        ("adopted <= 'many'::DATE", "does not run"),
    ],
)
def test_a_wrong_expression(tmp_path: Path, expr: str, said: str):
    form = declared()
    form["rules"].append(rule(expr))
    message = refused(written(tmp_path, form))
    assert message.startswith("publicity.yaml: form: rules.tried.expr: ")
    assert said in message


def test_only_the_wrong_expression_is_named(tmp_path: Path):
    form = declared()
    form["rules"].append(rule("lower(adopted) = 1.5::DATE"))
    assert "adopted_within_submitted" not in refused(written(tmp_path, form))


def change(form: dict, key: str, value: object) -> dict:
    *steps, last = [int(step) if step.isdigit() else step for step in key.split(".")]
    part = form
    for step in steps:
        part = part[step]
    if value is None:
        del part[last]
    else:
        part[last] = value
    return form


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("items.2.code", "submitted", "items: 'submitted' stands twice"),
        ("items.2.code", "Adopted", "items.2.code: String should match pattern"),
        ("items.2.code", "county", "'county' is a name the product uses itself"),
        ("items.1.type", "number", "items.1.type: Input should be 'unit', 'text', 'integer'"),
        ("items.1.type", "code", "a list of codes stands exactly where type is code"),
        ("items.0.codes.1.variants", ["中央媒体"], "'中央媒体' stands for 'national_media' and for 'provincial_media'"),
        ("items.1.label.zh", None, "items.1.label.zh: Field required"),
        ("rules.0.message.en", None, "rules.0.message.en: Field required"),
        ("indicators.0.why", None, "indicators.0.why: Field required"),
        ("rules.0.severity", "warning", "Input should be 'error' or 'query'"),
        ("rules.0.unique", ["channel"], "write exactly one of expr, unique, complete"),
        ("rules.1.unique", ["chanel"], "rules.channel_twice.unique: no item 'chanel'; known: channel"),
        ("indicators.0.unit", None, "a share needs a denominator"),
        ("indicators.2.code", "submitted", "indicators: 'submitted' stands twice"),
        ("indicators.2.numerator", "adoptd", "indicators.adoption_rate.numerator.sum: 'adoptd': no item"),
        ("compositions.0.by", "chanel", "compositions.channel: no item 'chanel'"),
        ("rows.name_item", "chanel", "rows.name_item: no item 'chanel'"),
        ("rows.units", ["township"], "units: stands exactly where unit_item does"),
        ("frequency", "weekly", "frequency: Input should be 'month', 'quarter', 'half_year' or 'year'"),
        ("min_response", 80, "min_response: Input should be less than or equal to 1"),
        ("carry_months", 6, "carry_months: what happened in one period is never carried into another"),
        ("colour", "red", "colour: Extra inputs are not permitted"),
    ],
)
def test_a_wrong_key(tmp_path: Path, key: str, value: object, said: str):
    assert said in refused(written(tmp_path, change(declared(), key, value)))


def test_all_faults_of_a_file_at_once(tmp_path: Path):
    form = change(change(declared(), "items.1.label.zh", None), "rules.0.severity", "warning")
    assert len(refused(written(tmp_path, form)).splitlines()) == 2


def test_not_yaml(tmp_path: Path):
    path = tmp_path / "publicity.yaml"
    path.write_text("code: [publicity", encoding="utf-8")
    assert "not YAML" in refused(path)


# ---- forms beside each other -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("term", "said"),
    [
        (
            {"form": "stafing", "sum": "staff_in_post"},
            "denominator.form: no form 'stafing'; known: staffing, publicity",
        ),
        ({"form": "staffing", "sum": "staff"}, "denominator: 'staff': no item 'staff'"),
        ({"form": "staffing", "distinct": "village"}, "denominator.distinct: no item 'village'"),
    ],
)
def test_a_wrong_term_of_another_form(tmp_path: Path, term: dict, said: str):
    written(tmp_path, declared("staffing"), "staffing")
    written(tmp_path, change(declared(), "indicators.2.denominator", term))
    with pytest.raises(BadForm) as refusal:
        load_forms(tmp_path)
    assert str(refusal.value).startswith("publicity.yaml: indicators.adoption_rate.denominator")
    assert said in str(refusal.value)


def test_an_indicator_stands_in_one_form(tmp_path: Path):
    written(tmp_path, declared("staffing"), "staffing")
    written(tmp_path, change(declared(), "indicators.2.code", "vacancy_rate"))
    with pytest.raises(BadForm, match=r"indicators\.vacancy_rate: also stands in publicity\.yaml"):
        load_forms(tmp_path)


def test_a_file_is_named_as_its_form(tmp_path: Path):
    written(tmp_path, declared(), "channels")
    with pytest.raises(BadForm, match=r"channels\.yaml: code: 'publicity' must be the file's name"):
        load_forms(tmp_path)


def test_an_empty_folder(tmp_path: Path):
    with pytest.raises(BadForm, match="a form is one YAML file"):
        load_forms(tmp_path)


def test_the_least_a_form_needs(tmp_path: Path):
    form = {
        key: declared()[key] for key in "code title theme icon order valid_from frequency measure rows items".split()
    }
    assert isinstance(load_form(written(tmp_path, form)), Form)


def test_the_least_response_is_the_form_s_unless_an_indicator_says_another(tmp_path: Path):
    form = change(declared(), "min_response", 0.5)
    load_form(written(tmp_path, change(form, "indicators.1.min_response", 1)))
    forms = load_forms(tmp_path)
    first, second = (indicator.code for indicator in forms["publicity"].indicators[:2])
    assert (forms.min_response(first), forms.min_response(second)) == (0.5, 1)
    assert all_forms().min_response(first) == MIN_RESPONSE
