story: a heartbeat that one node missed returns to a node whose clock is behind
date: 2026-11-03
zone: Europe/Berlin
nodes: a 4m ahead, b
company: default

01:00 @b heartbeat backup calls
02:01 (by the clock of a it is missed)
02:02 @b heartbeat backup calls
02:20 (quiet)
