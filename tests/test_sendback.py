"""The notice of return: one page that names what goes back, why and until when, and its place on the pages."""

from datetime import date
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from docx import Document
from docx.document import Document as Letter
from openpyxl import load_workbook
from streamlit.testing.v1 import AppTest

from huizong import decisions, notices, sendback, submissions
from huizong.store import Store
from huizong.texts import speak
from tests.clerk import Office, staffing_workbook
from tests.stores import submitted

OFFICE = "松山区委统战部"
DUE, ISSUED = date(2018, 10, 20), date(2018, 10, 12)


@pytest.fixture
def wrong(store: Store) -> str:
    """A return with an error and a query."""
    offices = [Office(OFFICE, 6, 5, 2)]
    workbook = staffing_workbook("松山区", "2018年第三季度", offices)
    return submitted(store, workbook)


def letter_of(store: Store, submission: str, reason: str = "") -> Letter:
    return Document(BytesIO(sendback.notice_of(store, submission, due=DUE, issued=ISSUED, reason=reason)))


def test_the_notice_names_form_unit_period_errors_and_due_date(store: Store, wrong: str) -> None:
    letter = letter_of(store, wrong, "专职、兼职人数与在岗人数对不上")
    title, addressee, lead, reason, *_ = [paragraph.text for paragraph in letter.paragraphs]
    assert title == "关于退回2018年第三季度\n统战机构人员配备情况表的通知"
    assert addressee == "松山区："
    assert "《统战机构人员配备情况表》（第1次报送" in lead
    assert "强制性问题1条" in lead
    assert "2018年10月20日前" in lead
    assert reason == "退回原因：专职、兼职人数与在岗人数对不上"
    assert letter.paragraphs[-1].text == "2018年10月12日"
    (table,) = letter.tables
    assert [cell.text for cell in table.rows[0].cells] == ["性质", "单元格", "问题", "如何处理"]
    first = [cell.text for cell in table.rows[1].cells]
    assert first[:3] == ["强制性", "人员!E5、F5、D5", "专职 5 + 兼职 2 不等于在岗人数 6"]


def test_the_notice_is_laid_out_as_an_official_letter(store: Store, wrong: str) -> None:
    data = sendback.notice_of(store, wrong, due=DUE, issued=ISSUED)
    page = Document(BytesIO(data)).sections[0]
    assert (page.page_width.mm, page.page_height.mm) == pytest.approx((210, 297), abs=0.1)
    with ZipFile(BytesIO(data)) as archive:
        document, fonts = archive.read("word/document.xml").decode(), archive.read("word/fontTable.xml").decode()
    assert 'w:eastAsia="仿宋"' in document
    assert 'w:eastAsia="黑体"' in document
    assert '<w:font w:name="仿宋"><w:altName w:val="仿宋_GB2312,' in fonts


def test_many_long_problems_are_cut_to_one_page(store: Store) -> None:
    offices = [Office(f"不存在的很长很长的单位名称{n}镇", 6, 5, 2) for n in range(20)]
    submission = submitted(store, staffing_workbook("松山区", "2018年第三季度", offices))
    letter = letter_of(store, submission)
    (table,) = letter.tables
    assert len(table.rows) == 1 + notices.MOST_PROBLEMS
    assert all(len(cell.text) <= notices.MOST_CHARACTERS for row in table.rows[1:] for cell in row.cells[2:])
    assert any("列出5条" in paragraph.text for paragraph in letter.paragraphs)


def test_a_query_that_has_been_explained_does_not_go_back(store: Store) -> None:
    workbook = load_workbook(BytesIO(staffing_workbook("松山区", "2018年第三季度", [Office(OFFICE, 6, 5, 1)])))
    workbook["人员"]["C5"] = workbook["人员"]["C6"] = 5
    stream = BytesIO()
    workbook.save(stream)
    submission = submitted(store, stream.getvalue())
    queries = [problem for problem in sendback.problems_of(store, submission) if problem.severity == "query"]
    found = submissions.findings(store, submission)
    numbers = found.loc[found["severity"] == "query", "n"].tolist()
    assert len(queries) == len(numbers) > 0
    decisions.explain(store, submission, numbers, "名录外单位，已核实", who="统计员")
    assert not [problem for problem in sendback.problems_of(store, submission) if problem.severity == "query"]


def test_the_notice_speaks_english(store: Store, wrong: str) -> None:
    speak("en")
    try:
        letter = letter_of(store, wrong)
    finally:
        speak("zh_CN")
    assert letter.paragraphs[0].text == "Notice: Staffing of United Front offices of Q3 2018 is sent back"


# ---- on the pages ----------------------------------------------------------------------------------------------------

PAGES = Path(__file__).parent.parent / "pages"


def downloads(page: str) -> list[str]:
    app = AppTest.from_file(PAGES / f"{page}.py", default_timeout=30).run()
    assert not app.exception
    return [button.proto.label for button in app.get("download_button")]


def test_what_goes_back_is_offered_where_a_return_is_decided_and_in_its_history(store: Store, wrong: str) -> None:
    store.close()
    assert {"下载标注工作簿", "下载退回通知（Word）"} <= {*downloads("upload")}
    decisions.send_back(store, wrong, who="统计员", reason="核对三项")
    store.close()
    assert {"下载标注工作簿", "下载退回通知（Word）"} <= {*downloads("submissions")}


def test_nothing_goes_back_with_a_clean_return(store: Store) -> None:
    submitted(store, staffing_workbook("松山区", "2018年第三季度", [Office(OFFICE, 6, 5, 1)]), accept=True)
    store.close()
    assert "下载标注工作簿" not in downloads("submissions")
