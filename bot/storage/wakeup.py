"""Wake-up calls from who records to who works: at once within the process, by Redis between processes."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4
from weakref import WeakKeyDictionary

from redis.client import PubSub

from bot.domain.errors import StorageError
from bot.storage.redis import RedisConnection, ignore, typed_errors

TOPIC = "khetdoot:wakeup"
NEW_INBOUND, NEW_OUTBOUND = "inbound", "outbound"
RETRY_SECONDS = 1.0


class Wakeup:
    """A call may be lost (Redis down, a process that starts just then): who waits also looks now and then.

    A call between a waiter's last wait and its next one is not lost: the next one returns at once.
    """

    def __init__(self, redis: RedisConnection, on_unavailable: Callable[[StorageError], None] = ignore) -> None:
        self.redis = redis
        self.on_unavailable = on_unavailable
        self.process = uuid4().hex
        self.lock = threading.Lock()
        self.calls: defaultdict[str, int] = defaultdict(int)
        self.seen: WeakKeyDictionary[object, dict[str, int]] = WeakKeyDictionary()
        self.waiting: defaultdict[str, list[Callable[[], None]]] = defaultdict(list)
        self.closing = threading.Event()
        self.listener: threading.Thread | None = None

    def notify(self, name: str) -> None:
        """Wakes all who wait for `name`, in this process and in others. Never raises, never waits long."""
        self.wake(name)
        if self.redis.embedded:
            return
        try:
            with typed_errors():
                self.redis.client.publish(TOPIC, f"{self.process} {name}")
        except StorageError as error:
            self.on_unavailable(error)

    def wait(self, name: str, timeout: float) -> bool:
        """Waits at most `timeout` seconds; True when called."""
        event = threading.Event()
        waiter = threading.current_thread()
        if self.enrol(name, waiter, event.set):
            return True
        called = event.wait(timeout)
        self.leave(name, waiter, event.set, called=called)
        return called

    async def wait_async(self, name: str, timeout: float) -> bool:
        """The same for a task, holding no thread."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        waiter = asyncio.current_task()

        def resolve() -> None:
            if not future.done():
                future.set_result(None)

        def call() -> None:
            # The loop may be closed by now, and then nobody waits.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(resolve)

        if self.enrol(name, waiter, call):
            return True
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(future, timeout)
        finally:
            called = future.done() and not future.cancelled()
            self.leave(name, waiter, call, called=called)
        return called

    def enrol(self, name: str, waiter: object, call: Callable[[], None]) -> bool:
        """Puts a waiter in line; True, and not in line, when there was a call since its last wait."""
        self.listen()
        with self.lock:
            if self.calls[name] > self.seen.setdefault(waiter, {}).get(name, 0):
                self.seen[waiter][name] = self.calls[name]
                return True
            self.waiting[name].append(call)
            return False

    def leave(self, name: str, waiter: object, call: Callable[[], None], *, called: bool) -> None:
        """Takes a waiter out of the line."""
        with self.lock:
            if call in self.waiting[name]:
                self.waiting[name].remove(call)
            if called:
                self.seen[waiter][name] = self.calls[name]

    def wake(self, name: str) -> None:
        """Wakes the waiters of this process."""
        with self.lock:
            self.calls[name] += 1
            callers, self.waiting[name] = self.waiting[name], []
        for call in callers:
            call()

    def listen(self) -> None:
        """Starts the thread that hears other processes, once."""
        with self.lock:
            if self.redis.embedded or self.listener is not None:
                return
            self.listener = threading.Thread(target=self.hear, name="wakeup", daemon=True)
            self.listener.start()

    def hear(self) -> None:
        """Passes on the calls of other processes until closed; an unreachable Redis is tried again and again."""
        while not self.closing.is_set():
            try:
                with typed_errors(), PubSub(self.redis.client.connection_pool, ignore_subscribe_messages=True) as calls:
                    calls.subscribe(TOPIC)
                    while not self.closing.is_set():
                        message = calls.get_message(timeout=RETRY_SECONDS)
                        self.pass_on(str(message["data"]) if message else "")
            except StorageError as error:
                self.on_unavailable(error)
                self.closing.wait(RETRY_SECONDS)

    def pass_on(self, text: str) -> None:
        """Wakes for a call that another process made."""
        process, _, name = text.partition(" ")
        if name and process != self.process:
            self.wake(name)

    def close(self) -> None:
        """Ends the listening thread."""
        self.closing.set()
        if self.listener is not None:
            self.listener.join(2 * RETRY_SECONDS)
