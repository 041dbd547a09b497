from streamlit.testing.v1 import AppTest

from allo_core.ui.shared.components import component_script


def states() -> None:
    import streamlit as st

    from allo_core.ui.shared.components import in_order

    st.session_state["sent"] = [
        in_order("view", {"head": 1}),
        in_order("view", {"head": 1}),
        in_order("view", {"head": 2}),
        in_order("other", {"head": 2}),
        in_order("view", {"head": 1}),
    ]


def test_the_order_grows_with_the_states_of_one_component_alone():
    sent = AppTest.from_function(states).run().session_state["sent"]
    first, again, second, _, back = [state["order"] for state in sent]
    assert first == again < second < back
    assert [state["head"] for state in sent] == [1, 1, 2, 2, 1]


def test_the_order_grows_on_in_a_new_session():
    first = AppTest.from_function(states).run().session_state["sent"]
    second = AppTest.from_function(states).run().session_state["sent"]
    assert second[0]["order"] > first[0]["order"]


def test_scripts_begin_with_the_order_of_calls():
    assert component_script("snake.js").index("function inOrder") < component_script("snake.js").index("export default")
