story: when a channel says never, the person's next contact is due at once
date: 2026-11-03
zone: Europe/Berlin
company: default

01:00 ntfy to ben fails for ever: 404 no such topic
02:00 prometheus: api "5xx high" severity=critical
02:01 (he has it by mail already)
02:02 ben acknowledges
02:10 (quiet)
