story: a storm of five hundred alerts is one page
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: db "Disk full" x500 instance=db-{n} severity=critical
02:01 prometheus: db "Disk full" x500 instance=db-{n} severity=critical
02:02 carla acknowledges
02:20 prometheus: resolved db "Disk full" x499 instance=db-{n} severity=critical
02:21 (one is left)
02:22 prometheus: resolved db "Disk full" instance=db-500 severity=critical
02:30 (quiet)
