story: a silence for tonight begins by itself, and stops what calls then
date: 2026-11-03
zone: Europe/Berlin
company: default

01:00 ana silences service=ledger from 02:02 until 02:30: migration
02:00 prometheus: ledger "Locks" severity=critical
02:02 (it begins)
02:30 (it ends, and the alert still fires)
02:31 prometheus: resolved ledger "Locks" severity=critical
02:40 (quiet)
