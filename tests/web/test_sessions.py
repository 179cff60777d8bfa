"""The list of one's sessions: what it shows, and that ending one ends it."""

from django.test import Client

from crm.audit.models import OpenSession, SignIn
from crm.org import accounts
from crm.testing.people import PASSWORD, People

LIST = "/customers/customer/"
END = "/account/sessions/end/"


def browser(username: str, agent: str = "") -> Client:
    client = Client(headers={"user-agent": agent}, REMOTE_ADDR="10.1.2.3")
    assert client.post("/sign-in/", {"username": username, "password": PASSWORD}).status_code == 302
    return client


def test_every_session_is_listed_with_device_and_address(people: People) -> None:
    here = browser("alice", "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0")
    browser("alice", "Mozilla/5.0 (iPhone) MicroMessenger/8.0")
    browser("bob", "Mozilla/5.0 (X11; Linux) Firefox/140.0")
    page = here.get("/account/").content.decode()
    assert "Chrome · Windows" in page and "WeChat · iPhone" in page and "10.1.2.3" in page
    assert "Firefox" not in page
    assert page.count("此会话") == 1


def test_one_is_ended_and_the_others_live(people: People) -> None:
    here, there = browser("alice"), browser("alice")
    third = OpenSession.objects.get(key=there.session.session_key)
    browser("bob")
    here.post(END, {"session": third.pk})
    assert (there.get(LIST).status_code, here.get(LIST).status_code) == (302, 200)
    assert SignIn.objects.filter(event="ended", by=people.alice).count() == 1


def test_all_others_are_ended(people: People) -> None:
    here, *others = [browser("alice") for _ in range(3)]
    here.post(END, {"session": "others"})
    assert [client.get(LIST).status_code for client in (here, *others)] == [200, 302, 302]


def test_nobody_ends_the_session_of_somebody_else(people: People) -> None:
    alice, bob = browser("alice"), browser("bob")
    alice.post(END, {"session": OpenSession.objects.get(user=people.bob).pk})
    assert bob.get(LIST).status_code == 200
    assert alice.post(END, {"session": "x"}).status_code == 400


def test_a_new_password_ends_the_others_and_keeps_this_one(people: People) -> None:
    here, there = browser("alice"), browser("alice")
    new = "another horse battery"
    here.post("/account/", {"form": "password", "old_password": PASSWORD, "new_password1": new, "new_password2": new})
    assert (here.get(LIST).status_code, there.get(LIST).status_code) == (200, 302)
    assert OpenSession.objects.get(user=people.alice).key == here.session.session_key


def test_a_closed_account_has_no_session_left(people: People) -> None:
    alice = browser("alice")
    accounts.deactivate(people.alice, people.root)
    assert alice.get(LIST).status_code == 302 and not OpenSession.objects.filter(user=people.alice).exists()
    accounts.activate(people.alice)
    assert alice.get(LIST).status_code == 302


def test_a_session_that_was_never_noted_is_listed_after_its_first_page(people: People) -> None:
    client = Client()
    client.force_login(people.alice, backend="crm.org.auth.Backend")
    client.get(LIST)
    assert OpenSession.objects.get(user=people.alice).key == client.session.session_key
