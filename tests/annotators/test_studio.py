"""What the tests' own Label Studio promises to the tests that use it."""

from pathlib import Path

import httpx
import pytest

from bizmeme.shell.studio_server import USER
from tests.studio import running


@pytest.mark.slow
def test_a_second_person_signs_up_and_both_are_there_after_a_kill(tmp_path: Path) -> None:
    with running(tmp_path / "home") as studio:
        second = studio.make_user("second@localhost", "of-the-second")
        studio.kill()
        with pytest.raises(httpx.ConnectError):
            studio.client().users.whoami()
        studio.start()
        assert studio.client(second).users.whoami().email == "second@localhost"
        assert [each.email for each in studio.client().users.list()] == [USER, "second@localhost"]
        with httpx.Client(base_url=studio.base_url, trust_env=False) as client:
            client.get("/user/signup/")
            form = {
                "csrfmiddlewaretoken": client.cookies["csrftoken"],
                "email": "c@localhost",
                "password": "of-c",
            }
            uninvited = client.post("/user/signup/", data=form, headers={"Referer": studio.base_url})
        assert uninvited.status_code == 403
        assert len(list(studio.client().users.list())) == 2
