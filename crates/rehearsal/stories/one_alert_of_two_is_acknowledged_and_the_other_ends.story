story: a page calls for as long as somebody must look; when what is left is taken, it stops
date: 2026-11-03
zone: Europe/Berlin
company: default
documents:
<<<
kind: route
name: everything
spec: { order: 1000, group_by: [service] }
>>>

02:00 prometheus: api "5xx high" severity=critical
02:00 prometheus: api "Queue long" severity=critical
02:01 ana acknowledges "5xx high"
02:02 prometheus: resolved api "Queue long" severity=critical
02:10 (nobody need be called)
