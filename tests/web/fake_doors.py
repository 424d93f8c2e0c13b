"""Doors without a database: what comes in is kept in lists, answers are put in by the test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.channels.base import Channel
from bot.domain.messages import Address, DeliveryReport, Inbound, Outbound, QuickReply
from bot.web.doors import Doors, Draft, no_draft

LANGUAGES = (
    ("en", "English", "ltr"), ("hi", "हिन्दी", "ltr"), ("mr", "मराठी", "ltr"), ("te", "తెలుగు", "ltr"),
    ("ta", "தமிழ்", "ltr"), ("kn", "ಕನ್ನಡ", "ltr"), ("bn", "বাংলা", "ltr"), ("gu", "ગુજરાતી", "ltr"),
    ("pa", "ਪੰਜਾਬੀ", "ltr"), ("ml", "മലയാളം", "ltr"), ("or", "ଓଡ଼ିଆ", "ltr"), ("sw", "Kiswahili", "ltr"),
    ("es", "Español", "ltr"), ("ur", "اردو", "rtl"),
)  # fmt: skip
STRINGS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "chat.title": "Khetdoot", "chat.subtitle": "Ask about your crops, animals and weather",
        "greeting": "Namaste! Ask me about pests, diseases, weeds, soil or the weather, in your own words.",
        "chat.placeholder": "Write your question", "chat.send": "Send", "button.location": "Send my place",
        "chat.location_sent": "My place", "chat.location_failed": "Your place could not be read. Write your village.",
        "chat.offline": "No connection. Your message is kept and will be sent.", "chat.not_sent": "not sent",
        "language.ask": "Language", "chat.typing": "Khetdoot is writing", "chat.noscript": "Please allow JavaScript.",
    },
    "hi": {
        "chat.title": "खेतदूत", "chat.subtitle": "फसल, पशु और मौसम के बारे में पूछें",
        "greeting": "नमस्ते! कीट, रोग, खरपतवार, मिट्टी या मौसम के बारे में अपने शब्दों में पूछें।",
        "chat.placeholder": "अपना सवाल लिखें", "chat.offline": "नेटवर्क नहीं है। आपका संदेश बाद में भेजा जाएगा।",
    },
    "ur": {
        "chat.title": "کھیت دوت", "greeting": "السلام علیکم! کیڑوں، بیماریوں یا موسم کے بارے میں پوچھیں۔",
        "chat.placeholder": "اپنا سوال لکھیں",
    },
}  # fmt: skip


@dataclass(frozen=True)
class FakeAnswer:
    """A row of the outbox."""

    number: int
    outbound: Outbound
    in_reply_to: str | None = None

    @property
    def picture(self) -> bool:
        """As stored."""
        return bool(self.outbound.image)


class FakeInbox:
    """Keeps what it is given, once per channel and external id. With an `error` it takes nothing."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.inbounds: list[Inbound] = []
        self.reports: list[DeliveryReport] = []
        self.answers: list[FakeAnswer] = []
        self.draft: Draft | None = None
        self.respond: Callable[[Inbound], Sequence[Outbound]] | None = None
        self.lock = threading.Lock()

    def record_all(self, inbounds: Sequence[Inbound]) -> None:
        """Also answers, when the test has set `respond`."""
        if self.error:
            raise self.error
        with self.lock:
            for inbound in inbounds:
                seen = {(known.address.channel, known.external_id) for known in self.inbounds}
                if (inbound.address.channel, inbound.external_id) not in seen:
                    self.inbounds.append(inbound)
                    for outbound in self.respond(inbound) if self.respond else ():
                        self._add(outbound, inbound.external_id)

    def record_delivery(self, report: DeliveryReport) -> None:
        """Kept."""
        if self.error:
            raise self.error
        self.reports.append(report)

    def replies_for(self, address: Address, after: int) -> Sequence[FakeAnswer]:
        """In order."""
        if self.error:
            raise self.error
        with self.lock:
            return [one for one in self.answers if one.outbound.address == address and one.number > after]

    def picture_for(self, address: Address, number: int) -> bytes | None:
        """Of her own messages only."""
        own = {one.number: one.outbound.image for one in self.answers if one.outbound.address == address}
        return own.get(number) or None

    def write(self, address: Address, text: str, *labels: str, ask_location: bool = False) -> None:
        """Something to say to an address."""
        replies = tuple(QuickReply(label, label) for label in labels)
        with self.lock:
            self._add(Outbound(address, text, quick_replies=replies, ask_location=ask_location), None)

    def _add(self, outbound: Outbound, in_reply_to: str | None) -> None:
        self.answers.append(FakeAnswer(len(self.answers) + 1, outbound, in_reply_to))


def page_text(key: str, language: str, /, **values: object) -> str:
    """Falls back to English, as messages.po does."""
    return STRINGS.get(language, {}).get(key, STRINGS["en"][key])


def fake_doors(
    inbox: FakeInbox | None = None,
    *,
    channels: Mapping[str, Channel] | None = None,
    notify: Callable[[], object] = lambda: None,
    ready: Mapping[str, str | bool] | None = None,
    public_url: str = "",
    trusted_proxies: Sequence[str] = (),
    metrics_public: bool = False,
    poll_seconds: float = 0.2,
    draft: Callable[[Address], Draft | None] = no_draft,
) -> Doors:
    """Doors over a fake inbox."""
    parts: Mapping[str, str | bool] = {"database": True, "redis": "embedded"} if ready is None else ready
    return Doors(
        channels=channels or {}, inbox=inbox or FakeInbox(), notify=notify, ready=lambda: parts, languages=LANGUAGES,
        text=page_text, public_url=public_url, trusted_proxies=trusted_proxies, metrics_public=metrics_public,
        poll_seconds=poll_seconds, draft=draft,
    )  # fmt: skip
