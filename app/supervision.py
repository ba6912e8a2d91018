"""supervisord's plugin, named in supervisord.conf: a program that keeps dying ends it all, and all programs stop together."""

import time
from collections import defaultdict, deque
from typing import Any

from supervisor import events
from supervisor.states import SupervisorStates

DEATHS, WITHIN = 5, 300  # as many deaths of one program in so many seconds are too many

lost: list[str] = []
"""The programs that would not live."""


class Watch:
    """Subscribes to what happens to the programs; the methods have underscores since supervisord publishes the others."""

    def __init__(self, supervisord: Any) -> None:
        self._supervisord = supervisord
        self._deaths: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=DEATHS))
        events.subscribe(events.ProcessStateFatalEvent, self._gave_up)
        events.subscribe(events.ProcessStateExitedEvent, self._died)
        events.subscribe(events.SupervisorStoppingEvent, self._stop_together)

    def _gave_up(self, event: Any) -> None:
        """It would not even start."""
        if self._supervisord.options.mood == SupervisorStates.RUNNING:
            self._end(event.process.config.name)

    def _died(self, event: Any) -> None:
        """It ran for a while, and died."""
        name = event.process.config.name
        deaths = self._deaths[name]
        deaths.append(time.monotonic())
        if len(deaths) == DEATHS and deaths[-1] - deaths[0] < WITHIN:
            self._end(name)

    def _end(self, name: str) -> None:
        self._supervisord.options.logger.critical(f"{name} keeps dying: stopping everything")
        lost.append(name)
        self._supervisord.options.mood = SupervisorStates.SHUTDOWN

    def _stop_together(self, event: Any) -> None:
        """supervisord by itself waits for each before it tells the next; the relay, its first, stays until the last line."""
        for group in sorted(self._supervisord.process_groups.values())[1:]:
            group.stop_all()
