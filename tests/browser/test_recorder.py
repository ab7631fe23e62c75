"""The fixture's own test: each thing that a page must not do is recorded, and a quiet page has nothing recorded."""

import pytest

from tests.browser.page import poll, settled

pytestmark = pytest.mark.browser

POLICY = "default-src 'none'; script-src 'unsafe-inline'; require-trusted-types-for 'script'"


def document(script: str, policy: str = "") -> str:
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">' if policy else ""
    return f"<!doctype html><html><head>{meta}<title>t</title></head><body><script>{script}</script></body></html>"


@pytest.mark.parametrize(
    ("script", "policy", "fault"),
    [
        ("console.log('hello')", "", "console log: hello"),
        ("console.warn('hello')", "", "console warning: hello"),
        ("setTimeout(() => { throw new Error('broken'); })", "", "uncaught error: broken"),
        ("Promise.reject(new Error('late'))", "", "uncaught error: late"),
        ("alert('stop')", "", "dialog: stop"),
        ("new Image().src = 'other.png'", "", "other.png"),
        ("new Image().src = 'other.png'", POLICY, "violation: img-src: "),
        ("document.body.innerHTML = '<p>'", POLICY, "violation: require-trusted-types-for: "),
        ("eval('1')", POLICY, "violation: "),
    ],
)
def test_each_fault_is_recorded(records, tmp_path, script, policy, fault):
    (tmp_path / "page.html").write_text(document(script, policy))
    page, record = records(tmp_path / "page.html")
    settled(page)
    assert any(fault in one for one in record.faults), record.faults


def test_a_quiet_page_has_no_fault(records, tmp_path):
    script = """
        const link = document.createElement('a');
        link.href = URL.createObjectURL(new Blob(['x']));
        link.download = 'x.txt';
        document.body.append(link);
        location.hash = 'state';
    """
    (tmp_path / "page.html").write_text(document(script))
    page, record = records(tmp_path / "page.html", "#before")
    with page.expect_download() as download:
        page.evaluate("document.querySelector('a').click()")
    assert download.value.suggested_filename == "x.txt"
    assert poll(page, "location.hash") == "#state"
    settled(page)
    assert record.faults == []


def test_polling_ends_where_nothing_comes(records, tmp_path):
    (tmp_path / "page.html").write_text(document("", POLICY))
    page, _ = records(tmp_path / "page.html")
    with pytest.raises(AssertionError, match=r"not true within 0\.05 s: window\.never"):
        poll(page, "window.never", 0.05)
