"""Open-Meteo, MET Norway and data.gov.in over real HTTP, with their rules, scripted faults and a count of requests."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import cos, pi
from typing import Any
from urllib.parse import parse_qs, urlsplit

HOUR = timedelta(hours=1)


class Fault(StrEnum):
    """What a service does wrong with one request."""

    DOWN = "closes the connection without a word"
    SLOW = "drips its answer"
    BUSY = "429 with Retry-After"
    BROKEN = "500"
    HALF = "half a JSON"
    UNITS = "other units than asked for"
    PAGE = "an HTML page with status 200"


UNITS = {
    "temperature_2m": "°C",
    "relative_humidity_2m": "%",
    "dew_point_2m": "°C",
    "precipitation": "mm",
    "precipitation_probability": "%",
    "wind_speed_10m": "km/h",
    "wind_gusts_10m": "km/h",
    "cloud_cover": "%",
    "et0_fao_evapotranspiration": "mm",
    "weather_code": "wmo code",
}


@dataclass
class Sky:
    """The weather told: base values, and rain in mm by hour (UTC)."""

    temperature: float = 28.0
    humidity: float = 55.0
    wind: float = 9.0
    rain: dict[datetime, float] = field(default_factory=dict)
    chance: float | None = None
    code: int = 1

    def at(self, name: str, moment: datetime) -> float:
        """A variable by Open-Meteo's name; warmest at 09:00 UTC."""
        swing = cos((moment.hour - 9) / 24 * 2 * pi)
        rain = self.rain.get(moment, 0.0)
        values = {
            "temperature_2m": self.temperature + 5 * swing,
            "relative_humidity_2m": min(self.humidity - 15 * swing, 100.0),
            "dew_point_2m": 15.0,
            "precipitation": rain,
            "precipitation_probability": self.chance if self.chance is not None else (80.0 if rain else 5.0),
            "wind_speed_10m": self.wind,
            "wind_gusts_10m": self.wind * 1.6,
            "cloud_cover": 40.0,
            "et0_fao_evapotranspiration": max(0.45 * swing, 0.0),
            "weather_code": float(self.code),
        }
        return round(values[name], 2)


class WeatherServer:
    """All services on one port. `faults[service]` are served first, one a request; `counts` by service."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.sky = Sky()
        self.skies: dict[tuple[float, float], Sky] = {}
        """Weather of its own for points (latitude, longitude) as they are asked for."""
        self.faults: dict[str, deque[Fault | None]] = {}
        self.always: dict[str, Fault] = {}
        self.counts: Counter[str] = Counter()
        self.requests: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.records: list[dict[str, Any]] = []
        self.found: list[dict[str, Any]] = []
        self.drip_seconds = 0.3
        self.delay_seconds = 0.0
        self.lock = threading.Lock()
        self.url = ""

    def next_fault(self, service: str) -> Fault | None:
        """The fault for this request."""
        with self.lock:
            queue = self.faults.get(service)
            return queue.popleft() if queue else self.always.get(service)

    def open_meteo(self, params: dict[str, str], *, archive: bool) -> tuple[int, Any]:
        """/v1/forecast and /v1/archive."""
        names = params.get("hourly", "").split(",")
        if unknown := [name for name in names if name not in UNITS]:
            return 400, {"error": True, "reason": f"Cannot initialize WeatherVariable from {unknown[0]}"}
        midnight = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        if archive:
            first = datetime.fromisoformat(params["start_date"]).replace(tzinfo=UTC)
            last = datetime.fromisoformat(params["end_date"]).replace(tzinfo=UTC) + timedelta(days=1)
        else:
            first = midnight - timedelta(days=int(params.get("past_days", "0")))
            last = midnight + timedelta(days=int(params.get("forecast_days", "7")))
        hours = [first + HOUR * index for index in range(int((last - first) / HOUR))]
        stamps = [
            int(hour.timestamp()) if params.get("timeformat") == "unixtime" else hour.strftime("%Y-%m-%dT%H:%M")
            for hour in hours
        ]
        place = {"latitude": float(params["latitude"]), "longitude": float(params["longitude"])}
        sky = self.skies.get((place["latitude"], place["longitude"]), self.sky)
        hourly = {"time": stamps} | {name: [sky.at(name, hour) for hour in hours] for name in names}
        units = {"time": params.get("timeformat", "iso8601")} | {name: UNITS[name] for name in names}
        return 200, place | {"utc_offset_seconds": 0, "timezone": "GMT", "hourly_units": units, "hourly": hourly}

    def met_norway(self, params: dict[str, str], headers: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        """/weatherapi/locationforecast/2.0/complete: hourly for 56 hours, then six-hourly."""
        decimals = [len(params[name].partition(".")[2]) for name in ("lat", "lon")]
        if not headers.get("user-agent", "").startswith("khetdoot") or max(decimals) > 4:
            return 403, {"error": "forbidden"}, {}
        stamp = format_datetime(self.now.replace(minute=0, second=0), usegmt=True)
        extra = {"Last-Modified": stamp, "Expires": format_datetime(self.now + timedelta(minutes=31), usegmt=True)}
        if headers.get("if-modified-since") == stamp:
            return 304, None, extra
        start = self.now.replace(minute=0, second=0, microsecond=0)
        hours = [start + HOUR * index for index in range(56)]
        later = start + HOUR * 56
        later += HOUR * (-later.hour % 6)
        hours += [later + 6 * HOUR * index for index in range(30)]
        series = [self.met_step(hour, 6 if hour >= later else 1) for hour in hours]
        units = {"air_temperature": "celsius", "wind_speed": "m/s", "precipitation_amount": "mm"}
        return 200, {"type": "Feature", "properties": {"meta": {"units": units}, "timeseries": series}}, extra

    def met_step(self, hour: datetime, length: int) -> dict[str, Any]:
        """One step, with the rain of the hours after it."""
        rain = sum(self.sky.rain.get(hour + HOUR * number, 0.0) for number in range(1, length + 1))
        details = {
            "air_temperature": self.sky.at("temperature_2m", hour),
            "relative_humidity": self.sky.at("relative_humidity_2m", hour),
            "dew_point_temperature": self.sky.at("dew_point_2m", hour),
            "wind_speed": round(self.sky.wind / 3.6, 2),
            "cloud_area_fraction": 40.0,
        }
        period = {"summary": {"symbol_code": "cloudy"}, "details": {"precipitation_amount": rain}}
        data = {"instant": {"details": details}, f"next_{length}_hours": period}
        return {"time": hour.strftime("%Y-%m-%dT%H:%M:%SZ"), "data": data}

    def prices(self, table: str, params: dict[str, str]) -> tuple[int, Any]:
        """/resource/<id> of data.gov.in: today's table has names in lower case, that of the past in capitals."""
        if not params.get("api-key"):
            return 403, {"error": "Key not authorised"}
        wanted = {
            name[8:-1].removesuffix(".keyword").lower(): value
            for name, value in params.items()
            if name.startswith("filters[")
        }
        found = [
            record
            for record in self.records
            if ("state" in record) == table.startswith("9ef84268")
            and all({k.lower(): v for k, v in record.items()}.get(k) == v for k, v in wanted.items())
        ]
        limit = int(params.get("limit", "10"))
        return 200, {"status": "ok", "total": len(found), "count": min(len(found), limit), "records": found[:limit]}

    def answer(self, path: str, params: dict[str, str], headers: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        """Status, JSON and further headers."""
        if path == "/v1/forecast":
            return *self.open_meteo(params, archive=False), {}
        if path == "/v1/archive":
            return *self.open_meteo(params, archive=True), {}
        if path == "/v1/search":
            return 200, {"results": self.found} if self.found else {"generationtime_ms": 0.5}, {}
        if path.startswith("/weatherapi/"):
            return self.met_norway(params, headers)
        if path.startswith("/resource/"):
            return *self.prices(path.removeprefix("/resource/"), params), {}
        return 404, {"error": "no such page"}, {}


SERVICES = {
    "/v1/forecast": "forecast",
    "/v1/archive": "archive",
    "/v1/search": "search",
    "/weatherapi/locationforecast/2.0/complete": "met",
}


class Handler(BaseHTTPRequestHandler):
    """The HTTP side; `server.services` is the WeatherServer."""

    protocol_version = "HTTP/1.1"
    server: Quiet

    def do_GET(self) -> None:
        services = self.server.services
        parts = urlsplit(self.path)
        params = {name: values[0] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        service = SERVICES.get(parts.path, "prices")
        with services.lock:
            services.counts[service] += 1
            services.requests.append((service, params, headers))
        time.sleep(services.delay_seconds)
        fault = services.next_fault(service)
        if fault is Fault.DOWN:
            self.close_connection = True
            return
        self.send(*services.answer(parts.path, params, headers), fault)

    def send(self, status: int, data: Any, extra: dict[str, str], fault: Fault | None) -> None:
        if fault in (Fault.BUSY, Fault.BROKEN):
            status, data = (429, {"error": True}) if fault is Fault.BUSY else (500, {"error": True})
            extra = {"Retry-After": "120"}
        body = b"" if status == 304 else json.dumps(data).encode()
        if fault is Fault.UNITS:
            body = body.replace(b'"mm"', b'"inch"')
        elif fault is Fault.PAGE:
            body = b"<html>Please log in</html>"
        elif fault is Fault.HALF:
            body = body[: len(body) // 2]
        self.send_response(status)
        for name, value in extra.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.write(body, slow=fault is Fault.SLOW)
        except OSError:
            self.close_connection = True  # the client has given up

    def write(self, body: bytes, *, slow: bool) -> None:
        for at in range(0, len(body), 16 if slow else len(body) or 1):
            self.wfile.write(body[at : at + (16 if slow else len(body))])
            if slow:
                self.wfile.flush()
                time.sleep(self.server.services.drip_seconds)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


class Quiet(ThreadingHTTPServer):
    """A server that says nothing of clients that hang up, and does not wait for slow answers at the end."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, services: WeatherServer) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.services = services

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients hang up: that is what is tested."""


@contextmanager
def weather_server(now: datetime) -> Iterator[WeatherServer]:
    """A running server on a free port."""
    server = WeatherServer(now)
    with Quiet(server) as http:
        server.url = f"http://127.0.0.1:{http.server_port}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()
