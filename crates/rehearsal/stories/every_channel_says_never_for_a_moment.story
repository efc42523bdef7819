story: when every channel says never for a moment the page runs through its steps at once, but not through its rounds
date: 2026-11-03
zone: Europe/Berlin
company: default

01:00 everything fails for ever: 401 who are you?
02:00 prometheus: api "5xx high" severity=critical
02:05 everything works
02:11 (the second round)
02:12 ben acknowledges
02:20 (quiet)
