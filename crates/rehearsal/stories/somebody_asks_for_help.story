story: escalating by hand tells the next step at once, even of a page that is acknowledged; after the last comes the first
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: api "5xx high" severity=critical
02:01 ben acknowledges
02:02 ben escalates
02:03 ana acknowledges
02:04 ana escalates
02:05 ana escalates
02:06 ben acknowledges
02:10 (quiet)
