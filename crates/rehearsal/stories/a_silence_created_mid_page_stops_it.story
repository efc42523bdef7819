story: a silence that is created while a page calls stops it; ended by hand, the page comes back
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: api "5xx high" severity=critical
02:01 ana silences service=api for 1h: known, we deploy
02:20 (nobody is called)
02:25 ana ends the silence
02:40 (it calls again)
