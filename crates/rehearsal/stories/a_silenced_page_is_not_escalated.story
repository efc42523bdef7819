story: a page that somebody has, of what is silenced meanwhile, calls nobody when it is escalated
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: api "5xx high" severity=critical
02:01 ben acknowledges "5xx high"
02:02 ana silences service=api for 1h: a known fault
02:03 ben escalates page 1
02:04 ana ends the silence
02:05 ben escalates page 1
