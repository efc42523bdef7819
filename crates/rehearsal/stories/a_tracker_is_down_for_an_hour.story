story: the tracker is down for an hour: it is asked less and less often, and once it works nothing was lost, and nothing is there twice
date: 2026-11-03
zone: Europe/Berlin
company: default
nodes: a, b 10s ahead
documents:
<<<
kind: tracker
name: shop
spec: { title: Issues of the shop, system: { github: { repository: example/shop } } }
>>>

09:00 ana declares "Payments fail" SEV3 services=api
09:30 ana resolves the incident: they work
10:00 ana proposes item "Limit the queue" for ben: a test with 1001 is refused
10:01 ana proposes item "Add a graph" for ben: it shows the queue
10:02 ben tracks item "Limit the queue" in shop
10:05 the tracker is down
10:06 ben tracks item "Add a graph" in shop
10:07 ben finishes item "Limit the queue": merged
10:40 node a restarts
11:05 the tracker works
11:06 the tracker tells its issues
12:10 the tracker tells its issues
