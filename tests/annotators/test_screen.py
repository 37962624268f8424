"""The labelling screen in a real browser, on the real Label Studio."""

import base64
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from playwright.sync_api import Page, Request, Route, sync_playwright

from bizmeme.core.labelling_screen import screen
from bizmeme.core.vocabulary import Labels
from tests.conftest import program

if TYPE_CHECKING:
    from tests.studio import RealStudio

LABELS = Labels(name="mood", names=("bearish", "neutral", "bullish"))
GUIDELINE = "bullish: moon, $BTC\nbearish: doom"
PATIENCE_MS = 120_000  # it ends a hang, it measures nothing
POSTS = 4

pytestmark = pytest.mark.slow


class Visit:
    """A browser that is logged in, and what it asked of other hosts, which it was not given."""

    def __init__(self, page: Page, studio: "RealStudio") -> None:
        self.page = page
        self.elsewhere: list[str] = []
        self._studio = studio
        page.set_default_timeout(PATIENCE_MS)
        page.route("**/*", self._let_through)
        page.goto(f"{studio.base_url}/user/login/")
        page.fill("input[name=email]", studio.user)
        page.fill("input[name=password]", studio.password)
        page.click("button[type=submit]")
        page.wait_for_url(f"{studio.base_url}/")

    def _let_through(self, route: Route, request: Request) -> None:
        if request.url.startswith((self._studio.base_url, "data:", "blob:")):
            route.continue_()
        else:
            self.elsewhere.append(request.url)
            route.abort()

    def label(self, project: int) -> None:
        """Open the project as "Label All Tasks" does."""
        self.page.goto(f"{self._studio.base_url}/projects/{project}/data?labeling=1")
        self.sees(0)

    def sees(self, number: int) -> None:
        """Wait for the post of that number: its text, and its picture in its own width."""
        self.page.get_by_text(f"text of post {number}", exact=True).wait_for()
        width = f"document.querySelector('.picture img')?.naturalWidth == {width_px(number)}"
        self.page.wait_for_function(width)

    def shows(self, how: str) -> None:
        """Wait for the picture to be drawn so."""
        picture = "document.querySelector('.picture .lsf-object')"
        self.page.wait_for_function(f"getComputedStyle({picture}).filter == '{how}'")

    def press(self, *keys: str) -> None:
        """Press the keys; a number has chosen its label before the next one."""
        for key in keys:
            self.page.keyboard.press(key)
            if key.isdigit():
                self.page.wait_for_selector(f"input[name={LABELS.names[int(key) - 1]}]:checked")


def width_px(number: int) -> int:
    return 320 + 10 * number


def data(number: int) -> dict[str, object]:
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((width_px(number), 240)).save(buffer, "JPEG")
    image = "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
    text = f"text of post {number}"
    return {"image": image, "subject": f"$BTC {number}", "text": text, "board": "biz", "no": number}


@pytest.fixture
def visit(real_studio: "RealStudio") -> Iterator[Visit]:
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=flags)
        yield Visit(browser.new_page(viewport={"width": 1440, "height": 900}), real_studio)
        browser.close()


def project(client: Any, *, blur: bool) -> int:
    """A project with a few posts."""
    made = client.projects.create(
        title="screen",
        label_config=screen(LABELS, GUIDELINE, blur=blur),
        maximum_annotations=1,
        show_skip_button=True,
        enable_empty_annotation=False,
        sampling="Sequential sampling",
    )
    tasks = [{"data": data(number)} for number in range(POSTS)]
    client.projects.import_tasks(id=made.id, request=tasks)
    return int(made.id)


def said(client: Any, number: int) -> dict[int, list[str] | str]:
    """What the server holds of each post."""
    found: dict[int, list[str] | str] = {}
    for row in client.projects.exports.as_json(number):
        for annotation in row["annotations"]:
            choices = [choice for each in annotation["result"] for choice in each["value"]["choices"]]
            found[row["data"]["no"]] = "skipped" if annotation["was_cancelled"] else choices
    return found


def test_a_post_is_seen_whole_and_labelled_and_skipped_by_keys_alone(
    real_studio: "RealStudio", visit: Visit
) -> None:
    client = real_studio.client()
    number = project(client, blur=False)
    visit.label(number)
    page = visit.page
    for shown in ("$BTC 0", "bullish: moon, $\u2060BTC", "bearish: doom"):
        assert page.get_by_text(shown, exact=True).is_visible()
    assert page.get_by_text("1, 2, 3 choose").is_visible()
    boxes = [page.locator(part).bounding_box() for part in (".picture img", ".lsf-richtext", ".guideline")]
    assert all(box and box["x"] >= 0 and box["y"] + box["height"] <= 900 for box in boxes)  # no scrolling
    for post, keys in enumerate((("1", "Control+Enter"), ("Control+Space",), ("2", "3", "Control+Enter"))):
        visit.press(*keys)
        visit.sees(post + 1)
    assert said(client, number) == {0: ["bearish"], 1: "skipped", 2: ["bullish"]}
    assert visit.elsewhere == []
    assert page.evaluate("APP_SETTINGS.collect_analytics") is False


def test_a_blurred_picture_is_sharp_under_the_mouse_only(real_studio: "RealStudio", visit: Visit) -> None:
    visit.label(project(real_studio.client(), blur=True))
    visit.page.mouse.move(1400, 700)
    visit.shows("blur(24px)")
    visit.page.locator(".picture").hover()
    visit.shows("none")
    visit.page.mouse.move(1400, 700)
    visit.shows("blur(24px)")
