"""Chromium, driven by playwright-core in a Node process that lives as long as the tests."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.processes import until
from tests.services import IN_A_BROWSER, find_chromium, find_node, install_scripts


class BrowserFailed(AssertionError):
    """A step in the browser did not come about; holds what the browser said."""


class Browser:
    """One Chromium. Every page has a window of its own, without memory of the others."""

    def __init__(self) -> None:
        node, chromium = find_node(), find_chromium()
        assert node is not None, "no node on this machine"
        assert chromium is not None, "no chromium on this machine"
        install_scripts(IN_A_BROWSER)
        self._process = subprocess.Popen(
            [str(node), "driver.mjs"],
            cwd=IN_A_BROWSER,
            env={**os.environ, "CHROMIUM": str(chromium)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._number = 0

    def do(self, step: str, **what: Any) -> Any:
        """One step; what it came to. Raises BrowserFailed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._number += 1
        self._process.stdin.write(json.dumps({"id": self._number, "do": step, **what}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise BrowserFailed(f"the browser is gone (code {self._process.wait(10)})")
        answer = json.loads(line)
        if "error" in answer:
            raise BrowserFailed(f"{step} {what}: {answer['error']}")
        return answer["value"]

    def open(self, url: str, *, dark: bool = False, width: int = 900, stopped: bool = False) -> Page:
        """A page at this address; with ``stopped`` its clock runs on, and can be moved by the test."""
        return Page(self, self.do("open", url=url, dark=dark, width=width, stopped=stopped))

    def stop(self) -> None:
        self._process.communicate(timeout=20)


class Page:
    """An open page."""

    def __init__(self, browser: Browser, number: int) -> None:
        self._browser, self._number = browser, number

    def _do(self, step: str, **what: Any) -> Any:
        return self._browser.do(step, page=self._number, **what)

    def evaluate(self, code: str) -> Any:
        """The value of an expression in the page."""
        return self._do("evaluate", code=code)

    def until(self, code: str) -> Any:
        """The value of an expression once it is true, true for an element. Raises TookTooLong after twenty seconds."""
        plain = f"((found) => found && typeof found === 'object' && !Array.isArray(found) ? true : found)({code})"
        return until(lambda: self.evaluate(plain), 20, code)

    def notification(self) -> tuple[str, str]:
        """Level and text of the one form notification, as soon as there is one."""
        shown = self.until("form.ui.formNotifications && form.ui.formNotifications.length && form.ui.formNotifications")
        assert len(shown) == 1
        return shown[0]["level"], shown[0]["message"]

    def advance(self, seconds: float) -> None:
        self._do("advance", seconds=seconds)

    def press(self, key: str) -> None:
        self._do("press", key=key)

    def aria(self, frame: str = "") -> str:
        """What a screen reader finds."""
        return str(self._do("aria", frame=frame))

    def picture(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._do("picture", path=str(path))

    def requests(self, holding: str) -> list[str]:
        """Method and address of what the page asked for so far, where the address holds this text."""
        return [f"{one['method']} {one['url']}" for one in self._do("requests") if holding in one["url"]]

    def asks(self, holding: str, times: int) -> None:
        """Wait until the page has asked for such an address this often, and not more often."""
        until(lambda: len(self.requests(holding)) >= times, 20, f"{times} requests of {holding}")
        assert len(self.requests(holding)) == times

    def said(self) -> list[str]:
        """What went to the console, and errors nobody caught."""
        return list(self._do("said"))

    def close(self) -> None:
        self._do("close")
