"""The way into the app by another page than the first."""

from allo_core.ui.shared import navigation


def test_a_page_that_is_asked_for_first_takes_no_icon_from_the_network(monkeypatch):
    """Without an icon of the app's own Streamlit takes the page's, which browsers fetch from elsewhere."""
    calls = []
    monkeypatch.setattr(navigation.st, "session_state", {})
    for name in ("set_page_config", "navigation", "rerun"):
        monkeypatch.setattr(navigation.st, name, lambda *args, name=name, **options: calls.append((name, options)))
    monkeypatch.setattr(navigation, "_pages", list)
    navigation.enter()
    assert [name for name, _ in calls] == ["set_page_config", "navigation", "rerun"]
    assert calls[0][1] == {"page_icon": navigation.ICON}
    assert not navigation.ICON.startswith(":")


def test_a_page_of_a_session_that_has_begun_goes_on(monkeypatch):
    monkeypatch.setattr(navigation.st, "session_state", {"entered": True})
    monkeypatch.setattr(navigation.st, "rerun", lambda: 1 / 0)
    navigation.enter()
