story: a snooze holds for as long as it says, whatever the time-out of acknowledgements, and then pages again
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: api "5xx high" severity=critical
02:01 ben snoozes for 2h
03:30 (quiet, past the time-out of an acknowledgement)
04:01 (two hours later)
04:02 ben acknowledges
04:10 prometheus: resolved api "5xx high" severity=critical
04:20 (quiet)
