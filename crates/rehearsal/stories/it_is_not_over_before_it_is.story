story: the end asks for what should be so; what is not so takes a reason, and a restore must be checked
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: api "5xx high" severity=critical
02:01 ben acknowledges
02:03 ben declares "Payments fail" SEV3 from alert
02:04 ben takes command
02:05 ben begins recovery
02:06 ben ends recovery
02:07 ben resolves the incident
02:08 ben ends recovery: the backup was read back / checked
02:09 prometheus: resolved api "5xx high" severity=critical
02:10 ben mitigates
02:11 ben resolves the incident
02:12 ben closes the incident
02:13 ben tells inside 20m: and another thing
