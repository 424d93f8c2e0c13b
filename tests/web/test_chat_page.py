"""The chat page in a real Chromium at the width of a small phone."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bot.channels.web import WebChat
from bot.clients.charts import Labels, can_draw, draw_chart
from bot.domain.errors import StorageError
from bot.domain.messages import Address, Inbound, InboundKind, Outbound, QuickReply
from bot.domain.weather import DaySummary
from bot.storage.drafts import Draft
from tests.web.fake_doors import FakeInbox, fake_doors
from tests.web.served import served

pytestmark = pytest.mark.integration
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
)  # fmt: skip
SHOTS = Path(tempfile.gettempdir()) / "khetdoot-shots"
"""The pictures of the last run, for people to look at."""
ADVICE = (
    "धान में तना छेदक\n\n1. सूखे कल्ले जड़ से उखाड़ कर जला दें।\n2. खेत में 3–5 सेमी पानी रखें, सात दिन यूरिया न डालें।\n"
    "3. शाम को प्रकाश प्रपंच लगाएं।\n\nज्यादा नुकसान हो तो कृषि अधिकारी को दिखाएं।"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not shutil.which(CHROMIUM):
        pytest.skip("chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def inbox() -> FakeInbox:
    return FakeInbox()


@pytest.fixture
def address(inbox: FakeInbox) -> Iterator[str]:
    channels = {"web": WebChat(lambda: datetime.now(UTC))}
    with served(fake_doors(inbox, channels=channels, poll_seconds=5, draft=lambda _: inbox.draft)) as address:
        yield address


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 360, "height": 640}, device_scale_factor=2, base_url=address, has_touch=True, is_mobile=True,
        permissions=["geolocation"], geolocation={"latitude": 25.6, "longitude": 85.1},
    )  # fmt: skip
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if "Content Security" in line.text else None)
    yield page
    context.close()
    assert problems == []


def shoot(page: Page, name: str) -> None:
    """Keeps a picture."""
    page.screenshot(path=SHOTS / f"{name}.png")


def answering(*outbounds: Callable[[Address], Outbound]) -> Callable[[Inbound], Sequence[Outbound]]:
    """Answers one message after the other; silent when there are no more."""
    left = list(outbounds)

    def respond(inbound: Inbound) -> Sequence[Outbound]:
        return [left.pop(0)(inbound.address)] if left else []

    return respond


def ask(page: Page, text: str) -> None:
    """Types and sends."""
    page.locator("#text").fill(text)
    page.locator("#send").tap()


def fits_the_screen(page: Page) -> bool:
    """Nothing is wider than the phone."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_first_visit_chooses_a_language(page: Page, inbox: FakeInbox) -> None:
    inbox.respond = lambda inbound: [Outbound(inbound.address, "ठीक है, हिन्दी में।", "hi")]
    page.goto("/chat")
    expect(page.get_by_role("button", name="తెలుగు")).to_be_visible()
    assert fits_the_screen(page)
    shoot(page, "first-visit")
    page.get_by_role("button", name="हिन्दी").tap()
    expect(page.locator("html")).to_have_attribute("lang", "hi")
    expect(page.locator("h1")).to_have_text("खेतदूत")
    expect(page.get_by_text("ठीक है, हिन्दी में।")).to_be_visible()
    expect(page.locator("#languages")).to_have_count(0)
    page.locator("#language").select_option("te")
    expect(page.locator("html")).to_have_attribute("lang", "te")
    assert [inbound.text for inbound in inbox.inbounds] == ["हिन्दी", "తెలుగు"]


def test_a_question_and_its_answer(page: Page, inbox: FakeInbox) -> None:
    crops = (QuickReply("धान", "rice"), QuickReply("गेहूं", "wheat"), QuickReply("कुछ और", "other"))
    inbox.respond = answering(
        lambda to: Outbound(to, "किस फसल में?", "hi", quick_replies=crops), lambda to: Outbound(to, ADVICE, "hi")
    )
    page.goto("/chat?language=hi")
    ask(page, "पत्ते सूख रहे हैं <b>क्या</b> करूं?")
    expect(page.locator(".me .bubble")).to_have_text("पत्ते सूख रहे हैं <b>क्या</b> करूं?")
    expect(page.locator(".me.sent")).to_have_count(1)
    expect(page.get_by_role("button", name="धान")).to_be_visible()
    shoot(page, "asked-back")
    page.get_by_role("button", name="धान").tap()
    expect(page.get_by_text("यूरिया न डालें")).to_be_visible()
    expect(page.locator("#typing")).to_be_hidden()
    expect(page.locator(".choices")).to_have_count(0)
    assert [inbound.text for inbound in inbox.inbounds][1:] == ["rice"]
    assert inbox.inbounds[0].language_hint == "hi"
    assert fits_the_screen(page)
    shoot(page, "answered")
    page.reload()
    expect(page.get_by_text("यूरिया न डालें")).to_be_visible()
    expect(page.locator(".me")).to_have_count(2)


@pytest.mark.skipif(not can_draw(), reason="matplotlib and Pillow not installed: pip install khetdoot[chart]")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:matplotlib", "ignore::DeprecationWarning:pyparsing")
def test_a_picture_comes_with_the_weather_and_goes_again(page: Page, inbox: FakeInbox) -> None:
    forecast = "హత్రాస్\nఈరోజు: వర్షం లేదు. 24-33°C, గాలి గంటకు 12 కి.మీ."
    inbox.respond = answering(lambda to: Outbound(to, forecast, "te", image=chart()))
    page.goto("/chat?language=te")
    ask(page, "వాతావరణం")
    picture = page.get_by_role("img", name=forecast.partition("\n")[0])
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => [image.naturalWidth, image.naturalHeight])") == [
        640,
        400,
    ]
    assert fits_the_screen(page)
    shoot(page, "weather")
    page.route("**/chat/pictures/*", lambda route: route.fulfill(status=404))
    page.reload()
    expect(page.locator("#messages .bubble").last).to_contain_text("వర్షం లేదు")
    expect(page.locator("img.picture")).to_have_count(0)


def chart() -> bytes:
    """A week's beginning in Telugu."""
    first = date(2026, 7, 10)
    days = [
        DaySummary(first + timedelta(days=number), 24.0, 33.0 - number, rain, 60.0, 10.0, 15.0, 5.0)
        for number, rain in enumerate((0.0, 18.0, 0.3, 66.0, 4.0))
    ]
    names = ("ఈరోజు", "రేపు", "ఆది", "సోమ", "మంగళ")
    telugu = Labels("Telu", "హత్రాస్", names, "వర్షం (మి.మీ.)", "ఉష్ణోగ్రత", "Open-Meteo.com (CC BY 4.0)")
    return draw_chart(days, telugu, telugu)


def test_it_shows_that_the_bot_is_writing(page: Page, inbox: FakeInbox) -> None:
    page.goto("/chat?language=hi")
    ask(page, "कल बारिश होगी?")
    expect(page.locator("#typing")).to_be_visible()
    shoot(page, "typing")
    inbox.write(inbox.inbounds[0].address, "कल 12 मिमी बारिश हो सकती है।")
    expect(page.get_by_text("12 मिमी")).to_be_visible()
    expect(page.locator("#typing")).to_be_hidden()


def test_the_place_is_sent_when_asked_for(page: Page, inbox: FakeInbox) -> None:
    inbox.respond = answering(lambda to: Outbound(to, "Where is your field?", ask_location=True))
    page.goto("/chat?language=en")
    ask(page, "Will it rain?")
    page.locator(".choices").get_by_role("button", name="Send my place").tap()
    expect(page.get_by_text("📍 My place")).to_be_visible()
    expect(page.locator(".me.sent")).to_have_count(2)
    assert inbox.inbounds[1].kind is InboundKind.LOCATION
    assert inbox.inbounds[1].location is not None
    assert inbox.inbounds[1].location.latitude == 25.6


def test_a_place_that_cannot_be_read_is_said(page: Page) -> None:
    page.context.clear_permissions()
    page.goto("/chat?language=en")
    page.locator("#place").tap()
    expect(page.locator(".notice")).to_have_text("Your place could not be read. Write your village.")


def test_a_message_survives_a_lost_network(page: Page, inbox: FakeInbox) -> None:
    page.goto("/chat?language=hi")
    page.context.set_offline(True)
    ask(page, "गेहूं में पीलापन")
    expect(page.locator("#offline")).to_be_visible()
    expect(page.locator(".me.waiting")).to_have_count(1)
    shoot(page, "offline")
    page.context.set_offline(False)
    expect(page.locator(".me.sent")).to_have_count(1, timeout=20_000)
    expect(page.locator("#offline")).to_be_hidden()
    assert len(inbox.inbounds) == 1


def test_an_answer_that_was_lost_doubles_nothing(page: Page, inbox: FakeInbox) -> None:
    # The server takes the message, but the page never hears of it.
    lost: list[str] = []

    def lose_first(route: object) -> None:
        if lost:
            route.continue_()  # type: ignore[attr-defined]
            return
        lost.append(route.fetch().text())  # type: ignore[attr-defined]
        route.abort()  # type: ignore[attr-defined]

    page.route("**/channels/web/receive", lose_first)
    page.goto("/chat?language=hi")
    ask(page, "एक बार")
    expect(page.locator(".me.sent")).to_have_count(1, timeout=20_000)
    assert lost
    assert len(inbox.inbounds) == 1


def test_an_unsent_message_is_sent_after_a_reload(page: Page, inbox: FakeInbox) -> None:
    page.goto("/chat?language=hi")
    inbox.error = StorageError("away")
    ask(page, "बाद में")
    expect(page.locator("#offline")).to_be_visible()
    inbox.error = None
    page.reload()
    expect(page.locator(".me.sent")).to_have_count(1)
    assert [inbound.text for inbound in inbox.inbounds] == ["बाद में"]


def test_a_refused_message_is_marked(page: Page) -> None:
    page.goto("/chat?language=en")
    page.locator("#text").evaluate("box => { box.removeAttribute('maxlength'); box.value = 'x'.repeat(2001); }")
    page.locator("#send").tap()
    expect(page.locator(".me.failed .state")).to_have_text("not sent")


def test_right_to_left(page: Page, inbox: FakeInbox) -> None:
    inbox.respond = answering(lambda to: Outbound(to, "چاول میں تنا چھیدنے والا کیڑا: سوکھے پودے نکال دیں۔", "ur"))
    page.goto("/chat?language=ur")
    ask(page, "میرے چاول میں کیڑا ہے")
    expect(page.get_by_text("سوکھے پودے")).to_be_visible()
    expect(page.locator(".me.sent")).to_have_count(1)
    box = page.locator(".me .bubble").bounding_box()
    assert box is not None
    assert box["x"] < 60  # her own words stand on the left
    ask(page, "my rice has stem borer")
    expect(page.locator(".me.sent")).to_have_count(2)  # the row is drawn anew when it has arrived
    assert page.locator(".me .bubble").last.evaluate("bubble => getComputedStyle(bubble).direction") == "ltr"
    assert fits_the_screen(page)
    shoot(page, "right-to-left")


def test_enter_sends_and_shift_enter_breaks_the_line(page: Page, inbox: FakeInbox) -> None:
    page.goto("/chat?language=en")
    page.locator("#text").focus()
    page.keyboard.type("one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    page.keyboard.press("Enter")
    expect(page.locator(".me.sent")).to_have_count(1)
    assert [inbound.text for inbound in inbox.inbounds] == ["one\ntwo"]


def test_dark_and_wide(page: Page, inbox: FakeInbox) -> None:
    inbox.respond = answering(lambda to: Outbound(to, ADVICE, "hi", quick_replies=(QuickReply("और बताएं", "more"),)))
    page.emulate_media(color_scheme="dark")
    page.goto("/chat?language=hi")
    ask(page, "मेरे धान में तना छेदक लग गया है")
    expect(page.get_by_text("यूरिया न डालें")).to_be_visible()
    shoot(page, "dark")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1000, "height": 640})
    shoot(page, "wide")


def test_an_answer_grows_and_comes_once(page: Page, inbox: FakeInbox) -> None:
    page.goto("/chat?language=hi")
    ask(page, "धान में तना छेदक")
    draft = page.locator(".row.draft")
    for text in ("धान में तना छेदक\n\n1. सूखे कल्ले …", "धान में तना छेदक\n\n1. सूखे कल्ले जड़ से उखाड़ कर जला दें। <b>x</b> …"):
        inbox.draft = Draft(1, text)
        expect(draft).to_have_text(text)
        expect(draft).to_have_count(1)
    shoot(page, "draft")
    inbox.draft = None
    inbox.write(inbox.inbounds[0].address, ADVICE)
    expect(page.get_by_text("3–5 सेमी")).to_have_count(1)
    expect(draft).to_have_count(0)
    expect(page.get_by_text("सूखे कल्ले")).to_have_count(1)
    assert fits_the_screen(page)
