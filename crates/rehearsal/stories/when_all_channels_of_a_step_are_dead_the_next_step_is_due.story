story: when a step has no way left to anybody, the page goes on at once
date: 2026-11-03
zone: Europe/Berlin
company: default

01:00 everything to ben fails for ever: unreachable
02:00 prometheus: api "5xx high" severity=critical
02:01 (ana has it, at two, not at five past)
02:02 ana acknowledges
02:10 (quiet)
