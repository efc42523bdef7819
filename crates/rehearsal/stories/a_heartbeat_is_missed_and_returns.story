story: a check that does not call in becomes an alert, and its return resolves it
date: 2026-11-03
zone: Europe/Berlin
company: default

01:00 heartbeat backup calls
02:00 heartbeat backup calls
03:04 (an hour, and its grace, are not over)
03:05 (now they are)
03:06 dai acknowledges
03:40 heartbeat backup calls
04:10 heartbeat backup calls
04:20 (quiet)
