story: a page that nobody answered can be taken late while its alerts fire; once they are over it cannot
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: db "Disk full" severity=critical
02:25 (nobody answered)
02:30 carla acknowledges
02:40 prometheus: resolved db "Disk full" severity=critical
03:00 prometheus: db "Slow" severity=critical
03:25 prometheus: resolved db "Slow" severity=critical
03:30 carla acknowledges page 2
03:31 dai escalates page 2
06:00 (quiet)
