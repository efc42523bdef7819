story: when the answer of a provider is lost the message is sent again, marked as a repeat
date: 2026-11-03
zone: Europe/Berlin
company: default

01:00 ntfy to ben times out
02:00 prometheus: api "5xx high" severity=critical
02:00:12 ntfy to ben works
02:00:30 (he has it twice, and the second says so)
02:01 ben acknowledges
02:10 (quiet)
