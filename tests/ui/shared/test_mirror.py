"""What the browser sends before it was told of a change is not taken for a person's wish."""

from streamlit.testing.v1 import AppTest


def _page():
    """Two widgets that mirror the view, and nothing else."""
    import streamlit as st

    from allo_core.ui.explore import session
    from allo_core.ui.shared.choices import THRESHOLDS
    from allo_core.ui.shared.mirror import mirrored

    explore = session.start()
    view = explore.view
    st.select_slider("Threshold", THRESHOLDS, **mirrored("threshold", view.threshold, lambda value: explore.change(threshold=value)))
    st.slider("Pairs", 0, 50, **mirrored("pairs", view.pairs, lambda value: explore.change(pairs=value)))


def opened() -> AppTest:
    return AppTest.from_function(_page, default_timeout=180).run()


def changed_elsewhere(page: AppTest, **fields) -> object:
    """Change the view as a click on a picture does; what the browser showed before."""
    before = page._tree
    for widget in (*page.select_slider, *page.slider):
        widget.set_value(widget.value)  # else AppTest asks the server for it
    page.session_state.explore.change(**fields)
    page.run()
    return before


def message_from(page: AppTest, before: object) -> AppTest:
    """The page as a browser sees it that still shows what it showed ``before``."""
    page._tree = before
    return page


def test_a_view_that_changes_elsewhere_is_shown():
    page = opened()
    changed_elsewhere(page, threshold=0.1)
    assert page.select_slider[0].value == 0.1
    assert not page.exception


def test_an_old_value_does_not_undo_a_change():
    page = opened()
    before = changed_elsewhere(page, threshold=0.1)
    message_from(page, before).run()
    assert page.session_state.explore.view.threshold == 0.1
    assert page.select_slider[0].value == 0.1


def test_nor_after_two_changes():
    page = opened()
    before = changed_elsewhere(page, threshold=0.1)
    changed_elsewhere(page, threshold=0.2)
    message_from(page, before).run()
    assert page.session_state.explore.view.threshold == 0.2


def test_a_wish_that_comes_with_an_old_value_is_granted():
    page = opened()
    before = changed_elsewhere(page, threshold=0.1)
    message_from(page, before).slider[0].set_value(20).run()
    assert page.session_state.explore.view.threshold == 0.1
    assert page.session_state.explore.view.pairs == 20


def test_a_person_can_go_back_to_the_old_value():
    page = opened()
    first = page.session_state.explore.view.threshold
    changed_elsewhere(page, threshold=0.1)
    page.select_slider[0].set_value(first).run()
    assert page.session_state.explore.view.threshold == first


def test_wishes_in_a_row_leave_the_widget_what_it_is():
    page = opened()
    key = page.select_slider[0].key
    for value in (0.1, 0.2, 0.1):
        page.select_slider[0].set_value(value).run()
        assert page.session_state.explore.view.threshold == value
        assert page.select_slider[0].key == key  # else the keyboard would lose it


def test_a_wish_on_a_widget_that_was_replaced_meanwhile_counts():
    page = opened()
    before = changed_elsewhere(page, threshold=0.1)
    message_from(page, before).select_slider[0].set_value(0.2).run()
    assert page.session_state.explore.view.threshold == 0.2
    assert page.select_slider[0].value == 0.2


def test_a_run_that_was_cut_short_loses_no_value():
    """The browser learns what a widget shows from every run, not from the first alone."""
    page = opened()
    page.run()
    for _ in range(2):
        page.run()
        slider = page.select_slider[0]
        assert [slider.proto.options[int(at)] for at in slider.proto.default] == [str(page.session_state.explore.view.threshold)]
        assert list(page.slider[0].proto.default) == [page.session_state.explore.view.pairs]


def _renamed():
    """A select box whose words change under the same value, as those of a fold do with the receptor."""
    import streamlit as st

    from allo_core.ui.shared.mirror import mirrored

    state = st.session_state
    words = {"fold": f"threaded on {state.get('template', 'AA2AR')}", "": "none"}
    shown = state.get("shown", "fold")
    heard = state.setdefault("heard", [])
    st.selectbox("Structure", list(words), format_func=words.__getitem__, **mirrored("structure", shown, heard.append, list(words)))


def test_words_that_are_no_option_any_more_are_not_heard(monkeypatch):
    page = AppTest.from_function(_renamed, default_timeout=180).run()
    page.selectbox[0].set_value("fold")
    old = page.selectbox[0]._widget_state
    assert old.string_value == "threaded on AA2AR"
    page.session_state["template"] = "OPSD"
    page.run()
    with monkeypatch.context() as patch:  # the browser repeats them once more
        patch.setattr(type(page.selectbox[0]), "_widget_state", property(lambda _: old))
        page.run()
    assert page.session_state["heard"] == []
    assert page.selectbox[0].options == ["threaded on OPSD", "none"]
    assert page.selectbox[0].value == "fold"
    page.selectbox[0].set_value("").run()
    assert page.session_state["heard"] == [""]
