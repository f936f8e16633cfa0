"""A person's own lists of the queue: saved under a name, opened, replaced, removed."""

from pipelines.actions.saved_views import MAX_VIEWS
from pipelines.state.desk_users import saved_views

FILTER = "show=all&kind=shared_account"


def save(visitor, name, query=FILTER):
    hidden = visitor.get(f"/?{query}").form("/act/save-view")
    return visitor.post("/act/save-view", hidden | {"name": name})


def test_a_list_is_saved_opened_and_removed(fresh):
    director = fresh.by_proxy("director")
    assert 'action="/act/save-view"' not in director.get("/").text  # the plain queue
    done = save(director, "  Shared   <b>accounts</b> ")
    assert done.status == 303
    assert done.headers["location"] == f"/?{FILTER}"
    page = director.get("/")
    assert "Shared &lt;b&gt;accounts&lt;/b&gt;" in page.text
    assert f"/?{FILTER}" in page.links()
    here = director.get(f"/?{FILTER}")
    assert 'action="/act/save-view"' not in here.text
    assert director.act(f"/?{FILTER}", "remove-view").status == 303
    assert saved_views(fresh.home.district.store, "director") == []
    gone = here.form("/act/remove-view")
    assert director.post("/act/remove-view", gone).status == 422


def test_lists_are_a_persons_own_and_remain_after_a_restart(fresh):
    director, analyst = fresh.by_proxy("director"), fresh.by_proxy("analyst")
    save(director, "Mine")
    assert "Mine</a>" in director.get("/").text
    assert ">Mine</a></li></ul></nav>\n<form" not in analyst.get("/").text
    assert saved_views(fresh.home.district.store, "analyst") == []
    again = fresh.by_proxy("director")  # another browser
    assert 'aria-label="Saved lists"' in again.get("/").text


def test_a_name_is_replaced_checked_and_limited(fresh):
    director = fresh.by_proxy("director")
    save(director, "Mine")
    save(director, "Mine", "show=overdue&evil=1")
    (row,) = saved_views(fresh.home.district.store, "director")
    assert row["query"] == "show=overdue"
    for wrong in ("", " ", "x" * 41, "a\x07b"):
        assert save(director, wrong).status == 422
    for number in range(1, MAX_VIEWS):
        assert save(director, f"List {number}", f"show=all&q={number}").status == 303
    assert save(director, "One more", "show=all&q=more").status == 422
    assert len(saved_views(fresh.home.district.store, "director")) == MAX_VIEWS
