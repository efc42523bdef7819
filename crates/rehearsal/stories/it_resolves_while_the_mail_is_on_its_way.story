story: a message that was on its way when the alert ended arrives, and so does the word that it is over
date: 2026-11-03
zone: Europe/Berlin
company: default

01:00 ntfy takes 8s
02:00 prometheus: api "5xx high" severity=critical
02:00:03 prometheus: resolved api "5xx high" severity=critical
02:10 (quiet)
