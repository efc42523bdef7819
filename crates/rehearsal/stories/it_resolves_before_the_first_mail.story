story: what resolves before its mail was due never mails; who was told is told that it is over
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: api "5xx high" severity=critical
02:01 prometheus: resolved api "5xx high" severity=critical
02:10 (no mail at two past)
