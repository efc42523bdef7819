story: a provider that says later is asked again, more and more patiently; the escalation does not wait for it
date: 2026-11-03
zone: Europe/Berlin
company: default

01:00 everything fails: connection refused
02:00 prometheus: api "5xx high" severity=critical
02:20 everything works
02:30 (what is due still arrives)
02:31 carla acknowledges
03:00 (quiet)
