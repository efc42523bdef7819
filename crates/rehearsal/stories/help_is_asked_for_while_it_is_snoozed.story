story: whoever asks for the next step ends the snooze
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: api "5xx high" severity=critical
02:01 ben snoozes for 4h
02:30 ana escalates
02:31 ana acknowledges
02:40 prometheus: resolved api "5xx high" severity=critical
03:00 (quiet)
