"""Runs the roles of a process side by side until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Coroutine, Iterator, Sequence
from functools import partial
from typing import Any

import structlog
import uvicorn

from bot.channels.gammu import Gammu
from bot.channels.telegram import Telegram
from bot.channels.telegram_menu import command_menus
from bot.domain.errors import SendError
from bot.domain.messages import DeliveryReport, Inbound
from bot.scheduler import Scheduler
from bot.services import Services, build_services, worker_name
from bot.settings import Settings
from bot.storage.wakeup import NEW_INBOUND
from bot.web.app import Doors, create_app
from bot.worker import Worker

log = structlog.get_logger()
RETRY_SECONDS = 30.0


def run_roles(settings: Settings, roles: frozenset[str]) -> None:
    """Runs until SIGTERM or SIGINT. Raises ConfigurationError and DataError before anything is started."""
    set_up_logging()
    services = build_services(settings, thinks="worker" in roles)
    try:
        announce(settings, services, roles)
        asyncio.run(run(services, roles))
    finally:
        services.close()


def set_up_logging() -> None:
    """One line an event, ours and the libraries' alike; never a text, number or name of a person."""
    shared: list[Any] = [structlog.stdlib.add_log_level, structlog.processors.TimeStamper("iso", utc=True)]
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler()
    lines = structlog.dev.ConsoleRenderer(colors=False)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(lines, foreign_pre_chain=shared))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # These print addresses (which hold the token) and texts at INFO, or a line a migration.
    for name in ("httpx", "telegram", "alembic", "apscheduler"):
        logging.getLogger(name).setLevel(logging.WARNING)


def announce(settings: Settings, services: Services, roles: frozenset[str]) -> None:
    """The start-up lines: where to chat, and what is embedded."""
    print(f"Khetdoot: {len(services.mind.index.cards)} cards, {len(services.mind.locales.spoken)} languages")
    print(f"  database  {services.database.name}")
    embedded = "inside this process: conversations end with it (set KHETDOOT_REDIS_URL to keep them)"
    print(f"  sessions  {embedded if services.redis.embedded else 'Redis'}")
    print(f"  model     {services.model_state()}")
    print(f"  channels  {', '.join(services.channels)}")
    if "web" in roles:
        print(f"  chat      http://{settings.host}:{settings.port}/chat", flush=True)


async def run(services: Services, roles: frozenset[str]) -> None:
    """Starts the roles; when one ends or a signal comes, all end."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    tasks = [stopping_wait(stopping), *tasks_of(services, roles, stopping)]
    running = [asyncio.create_task(task) for task in tasks]
    done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    stopping.set()
    await asyncio.wait(running, timeout=10)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    for channel in services.channels.values():
        await channel.close()
    for task in done:
        task.result()


def tasks_of(services: Services, roles: frozenset[str], stopping: asyncio.Event) -> Iterator[Coroutine[Any, Any, None]]:
    """What the roles of this process do."""
    if "web" in roles:
        yield serve_web(services, stopping)
    if "scheduler" in roles:
        yield Scheduler(services, worker_name(), stopping).run()
    if "worker" not in roles:
        return
    release_own_claims(services)
    yield Worker(services, worker_name(), stopping).run()
    telegram, gammu = services.channels.get("telegram"), services.gateways.get("gammu")
    if isinstance(telegram, Telegram):
        yield run_telegram(services, telegram)
    if isinstance(gammu, Gammu):
        yield run_gammu(services, gammu)


def release_own_claims(services: Services) -> None:
    """After a crash: SQLite belongs to one process, so whatever is claimed there was held by a dead one."""
    if services.database.sqlite:
        services.messages.release_claims("")


async def stopping_wait(stopping: asyncio.Event) -> None:
    """Ends when told to stop."""
    await stopping.wait()


async def serve_web(services: Services, stopping: asyncio.Event) -> None:
    """uvicorn, without its own signal handlers and access log (it would print queries)."""
    settings = services.settings
    config = uvicorn.Config(
        create_app(doors_of(services)),
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_level="warning",
        lifespan="off",
        server_header=False,
    )
    server = Server(config)
    serving = asyncio.create_task(server.serve())
    ending = asyncio.create_task(stopping.wait())
    await asyncio.wait([serving, ending], return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    ending.cancel()
    await serving


class Server(uvicorn.Server):
    """uvicorn that leaves signals to us."""

    def install_signal_handlers(self) -> None:
        """None of its own."""


def doors_of(services: Services) -> Doors:
    """What the web server gets to see."""
    settings, locales = services.settings, services.mind.locales
    languages = [(tag, locales.languages[tag].native, locales.languages[tag].direction) for tag in locales.spoken]
    return Doors(
        channels={**services.channels, **services.gateways},
        inbox=services.messages,
        notify=partial(services.wakeup.notify, NEW_INBOUND),
        ready=services.ready,
        languages=languages,
        text=locales.text,
        draft=services.drafter.drafts.of,
        public_url=settings.public_url,
        trusted_proxies=settings.trusted_proxies,
        metrics_public=settings.metrics_public,
    )


async def run_telegram(services: Services, telegram: Telegram) -> None:
    """Webhook when a public address is set, else long polling; an unreachable Telegram is tried again and again."""

    async def record(inbounds: Sequence[Inbound]) -> None:
        await asyncio.to_thread(services.messages.record_all, inbounds)
        services.wakeup.notify(NEW_INBOUND)

    while True:
        try:
            await telegram.start(services.settings.public_url)
            break
        except SendError as error:
            log.warning("telegram is out of reach", error=str(error))
            await asyncio.sleep(RETRY_SECONDS)
    await describe(services, telegram)
    if services.settings.public_url:
        await asyncio.Event().wait()
    await telegram.poll(record)


async def describe(services: Services, telegram: Telegram) -> None:
    """Sets the command menu: a comfort, so that a failure is only told."""
    locales = services.mind.locales
    try:
        await telegram.describe(command_menus(locales.text, locales.spoken))
    except SendError as error:
        log.warning("telegram: no command menu", error=str(error))


async def run_gammu(services: Services, gammu: Gammu) -> None:
    """Reads the modem's database again and again."""

    async def record(inbounds: Sequence[Inbound]) -> None:
        await asyncio.to_thread(services.messages.record_all, inbounds)
        services.wakeup.notify(NEW_INBOUND)

    async def report(delivery: DeliveryReport) -> None:
        await asyncio.to_thread(services.messages.record_delivery, delivery)

    await gammu.poll(record, report)
