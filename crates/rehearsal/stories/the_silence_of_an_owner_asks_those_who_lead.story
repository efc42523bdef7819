story: whoever was proposed as owner and says nothing is reminded, and from the second week on so are those who lead; the issue elsewhere changes nothing of that
date: 2026-11-03
zone: Europe/Berlin
company: default
documents:
<<<
kind: tracker
name: shop
spec: { title: Issues of the shop, system: { github: { repository: example/shop } } }
>>>

09:00 ana declares "Payments fail" SEV3 services=api
09:30 ana resolves the incident: the queue is empty again
10:00 ana proposes item "Limit the queue to 1000" for ben due=5d: a test with 1001 is refused
10:01 ana tracks item "Limit the queue to 1000" in shop
2026-11-08 10:01 (on the day)
2026-11-15 10:01 (a week late: ana leads the team)
2026-11-15 11:00 the tracker closes "Limit the queue to 1000"
2026-11-23 10:01 (quiet)
