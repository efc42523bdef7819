story: a group of low urgency that waits for the morning wakes somebody when something in it is urgent
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: api "5xx high" severity=warning instance=web-1
02:30 prometheus: api "5xx high" severity=critical instance=web-2
02:31 ben acknowledges
09:00 (nothing more by mail in the morning)
