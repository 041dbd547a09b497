// Back and Forward: Streamlit changes the address alone, and the address holds the whole state of a page.

const reopen = () => location.reload();

export default inOrder(() => {
  addEventListener("popstate", reopen);
  return () => removeEventListener("popstate", reopen);
});
