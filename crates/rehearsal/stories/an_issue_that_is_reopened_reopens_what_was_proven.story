story: an issue that is reopened elsewhere reopens also what was proven here; done here again, the issue follows, and hears nothing of its own change
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
09:30 ana resolves the incident: they work
10:00 ana proposes item "Limit the queue to 1000" for ben: a test with 1001 is refused
10:01 ben accepts item "Limit the queue to 1000"
10:02 ben tracks item "Limit the queue to 1000" in shop
10:05 ben finishes item "Limit the queue to 1000": merged
10:06 dai confirms item "Limit the queue to 1000": I put in 1001
10:07 the tracker tells its issues
10:30 the tracker reopens "Limit the queue to 1000"
10:31 the tracker calls about "Limit the queue to 1000"
10:40 ben finishes item "Limit the queue to 1000": merged once more
11:50 the tracker tells its issues
